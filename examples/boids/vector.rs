//! Two numbers that belong together, and chance that can be repeated.

use std::ops::{Add, AddAssign, Mul, Sub};

use bytemuck::{Pod, Zeroable};
use static_ecs::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Vec2 {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

impl Vec2 {
    pub(crate) const ZERO: Self = Self::new(0.0, 0.0);

    pub(crate) const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub(crate) fn length_squared(self) -> f32 {
        self.x * self.x + self.y * self.y
    }

    pub(crate) fn length(self) -> f32 {
        self.length_squared().sqrt()
    }

    /// In the same direction, or to the right if there is none, between `least` and `most`
    /// long.
    pub(crate) fn clamp_length(self, least: f32, most: f32) -> Self {
        let length = self.length();
        if length == 0.0 {
            return Self::new(least, 0.0);
        }
        self * (length.clamp(least, most) / length)
    }

    pub(crate) fn clamp(self, least: Self, most: Self) -> Self {
        Self::new(self.x.clamp(least.x, most.x), self.y.clamp(least.y, most.y))
    }
}

impl Add for Vec2 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl AddAssign for Vec2 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Vec2 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Vec2 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

/// A resource: the world's own chance (SplitMix64, by Sebastiano Vigna). Systems that ask
/// for it never run side by side, so each draws the same numbers in each run.
#[derive(Debug, Resource)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1, without 1.
    fn fraction(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// Somewhere between two corners.
    pub(crate) fn between(&mut self, from: Vec2, to: Vec2) -> Vec2 {
        let size = to - from;
        from + Vec2::new(size.x * self.fraction(), size.y * self.fraction())
    }
}
