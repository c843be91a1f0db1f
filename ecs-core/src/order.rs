//! Sorting, compiled once.
//!
//! The sort of the standard library is thousands of lines of machine code, made anew for each
//! type and closure: in a method of a world, for each world of a program.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

/// The places of the keys, from the least key to the greatest; equal ones stay in order.
pub(crate) fn ascending(keys: Vec<usize>) -> Vec<usize> {
    // The code of a heap is a tenth of that of a sort.
    let keyed: BinaryHeap<(usize, usize)> = keys.into_iter().zip(0..).collect();
    keyed.into_sorted_vec().into_iter().map(|(_, place)| place).collect()
}

/// Two places whose values change places.
pub(crate) type Swap = (usize, usize);

/// The swaps, one after the other, that put values in this order of their places.
pub(crate) fn swaps(order: &[usize]) -> Vec<Swap> {
    let mut swaps = Vec::new();
    for (to, &place) in order.iter().enumerate() {
        // The values of places that are done went to where theirs came from.
        let mut from = place;
        while from < to {
            from = order[from];
        }
        if from != to {
            swaps.push((to, from));
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_stay_in_order() {
        assert_eq!(ascending(alloc::vec![3, 1, 3, 0, 1]), [3, 1, 4, 0, 2]);
        assert_eq!(ascending(alloc::vec![1, 1, 2]), [0, 1, 2]);
    }

    #[test]
    fn swaps_lead_to_any_order() {
        // All orders of five, counted in the factorial system.
        for number in 0..120 {
            let (mut left, mut order, mut rest) = (alloc::vec![0, 1, 2, 3, 4], Vec::new(), number);
            while !left.is_empty() {
                order.push(left.remove(rest % left.len()));
                rest /= left.len() + 1;
            }
            let mut values = [0, 1, 2, 3, 4];
            swaps(&order).iter().for_each(|&(one, other)| values.swap(one, other));
            assert_eq!(values.as_slice(), order);
        }
    }
}
