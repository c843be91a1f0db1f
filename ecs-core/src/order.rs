//! Sorting, compiled once.
//!
//! The sort of the standard library is thousands of lines of machine code, made anew for each
//! type and closure: in a method of a world, for each world of a program.

use alloc::vec::Vec;

/// The places of the keys, from the least key to the greatest; equal ones stay in order.
pub(crate) fn ascending(keys: Vec<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    if !keys.is_sorted() {
        order.sort_by_key(|&place| keys[place]);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_stay_in_order() {
        assert_eq!(ascending(alloc::vec![3, 1, 3, 0, 1]), [3, 1, 4, 0, 2]);
        assert_eq!(ascending(alloc::vec![1, 1, 2]), [0, 1, 2]);
    }
}
