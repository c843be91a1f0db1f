//! A hash of 64 bits that is the same on each machine and in each run.

use core::hash::Hasher;

/// 2^64 divided by the golden ratio, which no pattern of bits in use is near to.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
/// What each step adds, so that no state repeats itself.
const STEP: u64 = 0xD6E8_FEB8_6659_FD93;

/// Multiplies and folds the halves of the product together: each bit of the factors
/// reaches all bits of the answer (the step of wyhash, by Wang Yi).
#[inline(always)]
const fn fold(one: u64, other: u64) -> u64 {
    let product = one as u128 * other as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The hasher of `World::state_hash`.
///
/// A number is one step of the hash, whatever its size, and so is `usize`, so that
/// machines with 32 and 64 bits agree. Bytes are taken 16 at a time, in the order of
/// little-endian machines, then how many they were. It is made to notice that two
/// worlds differ, not to withstand those who want them to seem alike.
#[derive(Clone, Debug)]
pub struct StateHasher(u64);

impl StateHasher {
    /// With nothing hashed yet.
    pub const fn new() -> Self {
        Self(STEP)
    }

    #[inline(always)]
    fn mix(&mut self, low: u64, high: u64) {
        self.0 = fold(self.0 ^ low, MULTIPLIER ^ high).wrapping_add(STEP);
    }
}

impl Default for StateHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher for StateHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        for &pair in pairs {
            let pair = u128::from_le_bytes(pair);
            self.mix(pair as u64, (pair >> 64) as u64);
        }
        if !rest.is_empty() {
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            let last = u128::from_le_bytes(last);
            self.mix(last as u64, (last >> 64) as u64);
        }
        self.mix(bytes.len() as u64, 0);
    }

    #[inline(always)]
    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value), 0);
    }

    #[inline(always)]
    fn write_u16(&mut self, value: u16) {
        self.mix(u64::from(value), 0);
    }

    #[inline(always)]
    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value), 0);
    }

    #[inline(always)]
    fn write_u64(&mut self, value: u64) {
        self.mix(value, 0);
    }

    #[inline(always)]
    fn write_u128(&mut self, value: u128) {
        self.mix(value as u64, (value >> 64) as u64);
    }

    #[inline(always)]
    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64, 0);
    }

    #[inline(always)]
    fn write_isize(&mut self, value: isize) {
        self.mix(value as i64 as u64, 0);
    }

    #[inline(always)]
    fn finish(&self) -> u64 {
        fold(self.0, MULTIPLIER)
    }
}

#[cfg(test)]
mod tests {
    use core::hash::Hash;

    use super::*;

    fn of(value: impl Hash) -> u64 {
        let mut hasher = StateHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    /// A change of these numbers is a change of the algorithm, which players of two
    /// versions of a game would take for a difference of their worlds.
    #[test]
    fn the_algorithm_stays_as_it_is() {
        let mut hasher = StateHasher::new();
        assert_eq!(hasher.finish(), 0xC9D8_74CA_57D9_E055);
        hasher.write(b"seventeen letters");
        assert_eq!(hasher.finish(), 0x64AE_D0B5_A496_B424);
        assert_eq!(of(1_u32), 0x9525_D1EB_683E_4EC3);
    }

    #[test]
    fn each_bit_of_each_byte_counts() {
        let zeros = [0_u8; 40];
        for len in 0..zeros.len() {
            let plain = of(&zeros[..len]);
            assert_ne!(plain, of(&zeros[..len + 1]), "one zero more than {len}");
            for bit in 0..len * 8 {
                let mut bytes = zeros;
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(plain, of(&bytes[..len]), "bit {bit} of {len} bytes");
            }
        }
    }

    #[test]
    fn numbers_count_and_their_sizes_do_not() {
        assert_eq!(of(7_u8), of(7_usize));
        assert_eq!(of(-7_isize), of(-7_i64));
        assert_ne!(of(7), of(8));
        assert_ne!(of((7, 8)), of((8, 7)));
    }
}
