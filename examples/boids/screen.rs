//! The terminal: drawn in place, keys as they are pressed, and put back as it was, however
//! the program ends.

use std::io::{self, Write, stdout};
use std::panic;
use std::sync::Once;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{cursor, execute, queue};

use crate::vector::Vec2;

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Fly(Vec2),
    Dive,
    Pause,
    End,
}

/// The terminal, while it is ours.
pub(crate) struct Screen {
    /// Of one picture, kept for the next.
    text: String,
}

impl Screen {
    /// Takes the terminal over, until this is dropped.
    pub(crate) fn open() -> io::Result<Self> {
        // A panic's message is for the terminal as it was.
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                restore();
                before(info);
            }));
        });
        let screen = Self { text: String::new() };
        terminal::enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, cursor::Hide, Clear(ClearType::All))?;
        Ok(screen)
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> io::Result<(usize, usize)> {
        let (columns, rows) = terminal::size()?;
        Ok((columns.into(), rows.into()))
    }

    /// Waits up to so long for a key.
    pub(crate) fn key(&self, patience: Duration) -> io::Result<Option<Key>> {
        if !event::poll(patience)? {
            return Ok(None);
        }
        Ok(match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => meaning(key),
            _ => None,
        })
    }

    /// Shows what `write` writes, at once: whoever looks sees no half of a picture.
    pub(crate) fn show(&mut self, write: impl FnOnce(&mut String)) -> io::Result<()> {
        self.text.clear();
        write(&mut self.text);
        let mut out = stdout().lock();
        queue!(out, BeginSynchronizedUpdate, cursor::MoveTo(0, 0))?;
        out.write_all(self.text.as_bytes())?;
        queue!(out, Clear(ClearType::UntilNewLine), EndSynchronizedUpdate)?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Once: what a panic's message says comes after it. Where this fails there is nobody left
/// to tell.
fn restore() {
    if !terminal::is_raw_mode_enabled().unwrap_or(true) {
        return;
    }
    let _ = execute!(stdout(), cursor::Show, LeaveAlternateScreen);
    let _ = terminal::disable_raw_mode();
}

fn meaning(key: KeyEvent) -> Option<Key> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Key::End);
    }
    Some(match key.code {
        KeyCode::Left | KeyCode::Char('a' | 'h') => Key::Fly(Vec2::new(-1.0, 0.0)),
        KeyCode::Right | KeyCode::Char('d' | 'l') => Key::Fly(Vec2::new(1.0, 0.0)),
        KeyCode::Up | KeyCode::Char('w' | 'k') => Key::Fly(Vec2::new(0.0, 1.0)),
        KeyCode::Down | KeyCode::Char('s' | 'j') => Key::Fly(Vec2::new(0.0, -1.0)),
        KeyCode::Char(' ') => Key::Dive,
        KeyCode::Char('p') => Key::Pause,
        KeyCode::Char('q') | KeyCode::Esc => Key::End,
        _ => return None,
    })
}
