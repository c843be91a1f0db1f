//! What moves: 40 bytes in four components, and what all sides count of them in the end.

use crate::case::Digest;

pub type Vec3 = [f32; 3];
pub type Vec2 = [f32; 2];

/// One entity, as who has no columns sends it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    pub a: Vec3,
    pub b: Vec3,
    pub c: Vec2,
    pub d: Vec2,
}

/// What an entity is made of, for who sends it as a row.
pub trait Part: Copy + Send + 'static {
    fn nth(n: usize) -> Self;
    fn digest(&self, digest: &mut Digest);
}

impl Part for Row {
    fn nth(n: usize) -> Self {
        row(n)
    }

    fn digest(&self, digest: &mut Digest) {
        digest_row(digest, self);
    }
}

/// Two components of 16 bytes.
#[derive(Clone, Copy)]
pub struct Two {
    pub x: [f32; 4],
    pub y: [f32; 4],
}

impl Part for Two {
    fn nth(n: usize) -> Self {
        Self { x: [n as f32; 4], y: [n as f32; 4] }
    }

    fn digest(&self, digest: &mut Digest) {
        digest.add(&[self.x[0], self.y[3]]);
    }
}

pub fn row(n: usize) -> Row {
    let x = n as f32;
    Row { a: [x, 1.0, 0.0], b: [0.5, x, 2.0], c: [x, 3.0], d: [4.0, (n % 7) as f32] }
}

pub fn digest_row(digest: &mut Digest, row: &Row) {
    let mut lanes = [0.0; 10];
    lanes[..3].copy_from_slice(&row.a);
    lanes[3..6].copy_from_slice(&row.b);
    lanes[6..8].copy_from_slice(&row.c);
    lanes[8..].copy_from_slice(&row.d);
    digest.add(&lanes);
}

/// The four components, under a side's own derives.
macro_rules! components {
    ($($derive:tt)*) => {
        #[derive(Clone, Copy, $($derive)*)]
        pub struct A(pub crate::transfers::parts::Vec3);
        #[derive(Clone, Copy, $($derive)*)]
        pub struct B(pub crate::transfers::parts::Vec3);
        #[derive(Clone, Copy, $($derive)*)]
        pub struct C(pub crate::transfers::parts::Vec2);
        #[derive(Clone, Copy, $($derive)*)]
        pub struct D(pub crate::transfers::parts::Vec2);

        #[allow(dead_code)]
        pub type Bundle = (A, B, C, D);

        #[allow(dead_code)]
        #[inline]
        pub fn bundle(row: &crate::transfers::parts::Row) -> Bundle {
            (A(row.a), B(row.b), C(row.c), D(row.d))
        }

        #[allow(dead_code)]
        #[inline]
        pub fn unbundle((a, b, c, d): Bundle) -> crate::transfers::parts::Row {
            crate::transfers::parts::Row { a: a.0, b: b.0, c: c.0, d: d.0 }
        }
    };
}
pub(crate) use components;

/// What an entity owns beside its number.
pub fn bytes(n: usize) -> Vec<u8> {
    (n as u32).to_le_bytes().repeat(4)
}

pub fn digest_owned(digest: &mut Digest, number: f32, bytes: &[u8]) {
    let sum: u32 = bytes.iter().map(|&byte| u32::from(byte)).sum();
    digest.add(&[number, bytes.len() as f32, sum as f32]);
}
