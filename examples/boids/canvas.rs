//! The sky as text: eight dots in each character, coloured by where those in it fly.

use std::fmt::Write;

use static_ecs::prelude::*;

use crate::hawk::Hawk;
use crate::sky::{Boid, Bounds, Position, Sky, Velocity};
use crate::vector::Vec2;

/// In dots, of one character.
const WIDTH: usize = 2;
const HEIGHT: usize = 4;
/// The first of Unicode's braille patterns, with no dot, and the bits of the others' dots,
/// by row and column.
const BRAILLE: u32 = 0x2800;
const DOTS: [[u8; WIDTH]; HEIGHT] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Colours of a terminal with 256, around the compass from east over north.
const COMPASS: [u8; 12] = [203, 215, 221, 155, 119, 122, 117, 75, 69, 99, 171, 205];

#[derive(Clone, Copy, Default)]
struct Character {
    dots: u8,
    /// The sum of the velocities in it.
    velocity: Vec2,
}

/// A resource: what is drawn on, and with which the memory for it is kept.
#[derive(Default, Resource)]
pub(crate) struct Canvas {
    columns: usize,
    rows: usize,
    characters: Vec<Character>,
    hawk: Option<(usize, char)>,
    /// How far flyers have come since the last tick, in seconds.
    pub(crate) ahead: f32,
}

impl Canvas {
    /// Begins a picture of so many characters.
    pub(crate) fn clear(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns.max(1), rows.max(1));
        self.characters.clear();
        self.characters.resize(self.columns * self.rows, Character::default());
        self.hawk = None;
    }

    /// The character at a place, and which dot of it.
    fn place(&self, at: Vec2, Bounds(corner): Bounds) -> (usize, u8) {
        let dot = |along: f32, dots: usize| ((along * dots as f32) as usize).min(dots - 1);
        let x = dot(at.x / corner.x, self.columns * WIDTH);
        // Up in the sky is the first row.
        let y = dot(1.0 - at.y / corner.y, self.rows * HEIGHT);
        (y / HEIGHT * self.columns + x / WIDTH, DOTS[y % HEIGHT][x % WIDTH])
    }

    /// Writes the picture, row by row, with the codes of a terminal.
    pub(crate) fn write(&self, text: &mut String) {
        let mut colour = None;
        for (index, character) in self.characters.iter().enumerate() {
            if index > 0 && index % self.columns == 0 {
                text.push_str("\r\n");
            }
            let (sign, wanted) = match self.hawk {
                Some((at, sign)) if at == index => (sign, 231),
                _ => (braille(character.dots), compass(character.velocity)),
            };
            // An empty character has no colour.
            if sign != braille(0) && colour != Some(wanted) {
                colour = Some(wanted);
                let _ = write!(text, "\x1b[38;5;{wanted}m");
            }
            text.push(sign);
        }
        text.push_str("\x1b[0m");
    }
}

fn braille(dots: u8) -> char {
    char::from_u32(BRAILLE + u32::from(dots)).unwrap_or(' ')
}

/// The share of a turn, from east over north.
fn turn(direction: Vec2) -> f32 {
    (direction.y.atan2(direction.x) / std::f32::consts::TAU).rem_euclid(1.0)
}

fn compass(velocity: Vec2) -> u8 {
    COMPASS[(turn(velocity) * COMPASS.len() as f32) as usize % COMPASS.len()]
}

/// Draws all flyers where they are by now.
pub(crate) fn draw(
    boids: Query<Sky, (&Position, &Velocity), With<Boid>>,
    hawks: Query<Sky, (&Position, &Velocity), With<Hawk>>,
    bounds: Res<Bounds>,
    mut canvas: ResMut<Canvas>,
) {
    let ahead = canvas.ahead;
    let now = |position: &Position, velocity: &Velocity| position.0 + velocity.0 * ahead;
    boids.iter().for_each(|(position, velocity)| {
        let (index, dot) = canvas.place(now(position, velocity), *bounds);
        let character = &mut canvas.characters[index];
        character.dots |= dot;
        character.velocity += velocity.0;
    });
    for (position, velocity) in &hawks {
        const ARROWS: [char; 8] = ['▶', '◥', '▲', '◤', '◀', '◣', '▼', '◢'];
        let (index, _) = canvas.place(now(position, velocity), *bounds);
        let eighth = (turn(velocity.0) * 8.0).round() as usize % ARROWS.len();
        canvas.hawk = Some((index, ARROWS[eighth]));
    }
}
