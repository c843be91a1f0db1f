//! Orders that look random and are the same in each run.

/// `0..n`, by Fisher and Yates with xorshift; another for each `seed`.
pub fn shuffle(n: usize, seed: u64) -> Vec<usize> {
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ seed.wrapping_mul(0xD129_0DDB_53C4_3E49);
    let mut all: Vec<usize> = (0..n).collect();
    for left in (1..n).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // The high half of the product: the state's upper bits, scaled to `0..=left`.
        let other = ((state >> 32) * (left as u64 + 1)) >> 32;
        all.swap(left, other as usize);
    }
    all
}
