//! The components of the cases, as plain numbers with their starting values.
//! Each side wraps them in types of its own.
//!
//! Entity `n` of `0..Size::entities` starts with `transform(n)` .. `velocity(n)`;
//! numbers alone, in the order that the case's digest has them, are `lane(n, 0)`,
//! `lane(n, 1)` and so on. Groups follow one another: in `frag` entity `n` has the
//! letter `n / 20`, in `schedule_*` entity `n` is of the group `n / 10_000` (of
//! 40,000), in `archetypes` it has the set of tags `n % archetypes`.

use crate::order::shuffle;

/// The four components of `insert_*`, `iter_*` and `heavy_par`.
pub type Mat4 = [[f32; 4]; 4];
pub type Vec3 = [f32; 3];

/// The transform that entity `n` starts with: invertible, and different for each.
pub fn transform(n: usize) -> Mat4 {
    let tilt = 0.001 * (n % 1000) as f32;
    [[1.0, tilt, 0.0, 0.0], [-tilt, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
}

pub fn position(n: usize) -> Vec3 {
    [n as f32, 1.0, 0.0]
}

pub fn rotation(n: usize) -> Vec3 {
    [0.0, (n % 7) as f32, 1.0]
}

pub fn velocity(n: usize) -> Vec3 {
    [1.0, 0.5, (n % 3) as f32]
}

/// The `lane`-th of several components of one number each.
pub fn lane(n: usize, lane: usize) -> f32 {
    ((n * 31 + lane * 7) % 1000) as f32
}

/// The `which`-th (0 or 1) pair of numbers in `growth`.
pub fn pair(n: usize, which: usize) -> [f32; 2] {
    [n as f32, which as f32]
}

/// `transform * at`, of a point.
#[inline]
pub fn apply(transform: &Mat4, at: Vec3) -> Vec3 {
    let [x, y, z] = at;
    core::array::from_fn(|row| {
        let [a, b, c, d] = transform[row];
        a * x + b * y + c * z + d
    })
}

/// The inverse by cofactors, from the twelve 2 x 2 minors of the upper and the
/// lower two rows.
#[inline]
pub fn invert(m: &Mat4) -> Mat4 {
    let upper = |i: usize, j: usize| m[0][i] * m[1][j] - m[0][j] * m[1][i];
    let lower = |i: usize, j: usize| m[2][i] * m[3][j] - m[2][j] * m[3][i];
    let (s0, s1, s2) = (upper(0, 1), upper(0, 2), upper(0, 3));
    let (s3, s4, s5) = (upper(1, 2), upper(1, 3), upper(2, 3));
    let (c0, c1, c2) = (lower(0, 1), lower(0, 2), lower(0, 3));
    let (c3, c4, c5) = (lower(1, 2), lower(1, 3), lower(2, 3));
    let scale = 1.0 / (s0 * c5 - s1 * c4 + s2 * c3 + s3 * c2 - s4 * c1 + s5 * c0);
    // Column `j` of the inverse comes from the row paired with row `j`, and the
    // minors of the other pair of rows.
    let column = |row: &[f32; 4], [k0, k1, k2, k3, k4, k5]: [f32; 6], sign: f32| {
        let sign = sign * scale;
        [
            (row[1] * k5 - row[2] * k4 + row[3] * k3) * sign,
            (-row[0] * k5 + row[2] * k2 - row[3] * k1) * sign,
            (row[0] * k4 - row[1] * k2 + row[3] * k0) * sign,
            (-row[0] * k3 + row[1] * k1 - row[2] * k0) * sign,
        ]
    };
    let (below, above) = ([c0, c1, c2, c3, c4, c5], [s0, s1, s2, s3, s4, s5]);
    let columns = [
        column(&m[1], below, 1.0),
        column(&m[0], below, -1.0),
        column(&m[3], above, 1.0),
        column(&m[2], above, -1.0),
    ];
    core::array::from_fn(|row| core::array::from_fn(|column| columns[column][row]))
}

/// `0..n` in an order that looks random and is always the same.
pub fn shuffled(n: usize) -> Vec<usize> {
    shuffle(n, 0)
}

/// A random half of `0..n`, another for each `round`, in random order.
pub fn half(n: usize, round: u32) -> Vec<usize> {
    let mut all = shuffle(n, u64::from(round) + 1);
    all.truncate(n / 2);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let m = [
            [2.0, 0.5, 1.0, 3.0],
            [0.0, 1.5, -1.0, 2.0],
            [4.0, 1.0, 0.5, 0.0],
            [1.0, 2.0, 0.0, 1.0],
        ];
        let inverse = invert(&m);
        for (row, line) in m.iter().enumerate() {
            let product: [f32; 4] =
                core::array::from_fn(|column| (0..4).map(|k| line[k] * inverse[k][column]).sum());
            for (column, sum) in product.into_iter().enumerate() {
                let expected = if row == column { 1.0 } else { 0.0 };
                assert!((sum - expected).abs() < 1e-5, "{row} {column}");
            }
        }
    }

    #[test]
    fn halves_differ_and_hold_each_place_once() {
        let (first, second) = (half(1000, 0), half(1000, 1));
        assert_ne!(first, second);
        let mut sorted = first;
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 500);
        assert_eq!(shuffled(10), shuffled(10));
    }
}
