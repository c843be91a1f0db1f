//! The game in a terminal: steps at a fixed rate, pictures as often as they are seen.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use static_ecs::prelude::*;

use crate::canvas::{Canvas, draw};
use crate::hawk::{Orders, Score};
use crate::screen::{Key, Screen};
use crate::sky::Sky;

/// The time between two pictures.
const PICTURE: Duration = Duration::from_millis(33);

/// Plays so many ticks, or until a person ends it.
pub(crate) fn play(
    mut sky: World<Sky>,
    mut ticking: Schedule<Sky>,
    mut steps: FixedSteps,
    ticks: u64,
) -> Result<(), Box<dyn Error>> {
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    // ORDERING: relaxed: nothing is read that was written before it.
    ctrlc::set_handler(move || {
        end.store(true, Ordering::Relaxed);
        // Where the terminal is gone, the wait for a key never ends.
        std::thread::sleep(Duration::from_secs(1));
        std::process::exit(1);
    })?;

    sky.insert_resource(Canvas::default());
    let mut drawing = Schedule::new();
    drawing.add(draw).in_phase(Phase::RENDER);

    let mut screen = Screen::open()?;
    let (mut done, mut paused, mut tick) = (0, false, Duration::ZERO);
    let mut last = Instant::now();
    // ORDERING: relaxed: as above.
    while done < ticks && !ended.load(Ordering::Relaxed) {
        let now = Instant::now();
        let passed = now - std::mem::replace(&mut last, now);
        if !paused {
            let due = u64::from(steps.advance(passed)).min(ticks - done);
            for _ in 0..due {
                let start = Instant::now();
                ticking.tick(&mut sky, steps.step())?;
                tick = start.elapsed();
            }
            done += due;
        }

        let (columns, rows) = screen.size()?;
        if let Some(canvas) = sky.resource_mut::<Canvas>() {
            canvas.clear(columns, rows.saturating_sub(1));
            canvas.ahead = steps.behind().as_secs_f32();
        }
        drawing.run(&mut sky)?;
        let line = status(&sky, (ticks - done).div_ceil(60), tick, &steps);
        screen.show(|text| {
            if let Some(canvas) = sky.resource::<Canvas>() {
                canvas.write(text);
            }
            let _ = write!(text, "\r\n{line:.columns$}");
        })?;

        while let Some(rest) = PICTURE.checked_sub(now.elapsed()) {
            let Some(key) = screen.key(rest)? else { continue };
            let Some(orders) = sky.resource_mut::<Orders>() else { break };
            match key {
                Key::Fly(direction) => (orders.direction, orders.by_hand) = (direction, true),
                Key::Dive => (orders.dive, orders.by_hand) = (true, true),
                Key::Pause => paused = !paused,
                Key::End => done = ticks,
            }
        }
    }
    drop(screen);
    let Score(caught) = sky.resource().copied().unwrap_or_default();
    println!("the hawk caught {caught} boids");
    Ok(())
}

fn status(sky: &World<Sky>, left: u64, tick: Duration, steps: &FixedSteps) -> String {
    let Score(caught) = sky.resource().copied().unwrap_or_default();
    let milliseconds = tick.as_secs_f32() * 1000.0;
    let mut line = format!(
        " caught {caught} │ {left} s left │ {milliseconds:.1} ms a tick │ arrows steer, space dives, p pauses, q ends"
    );
    if steps.dropped() > 0 {
        let _ = write!(line, " │ {} ticks dropped", steps.dropped());
    }
    line
}
