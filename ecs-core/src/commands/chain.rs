//! Inserts and removals of one entity are found and made together.
//!
//! Before commands are made, one pass over them links each that changes which
//! components an entity has to the next one of the same entity. A chain ends where
//! anything else is done with its entity, and where a closure runs, which may do
//! anything. A chain is made where its first command stands: commands between are
//! about other entities, and don't notice.

use alloc::vec::Vec;

use crate::entity::Entity;
use crate::schema::Mask;

use super::kinds::Part;
use super::words::Words;

/// The last command of its chain, or of none.
pub(super) const END: u32 = u32::MAX;
/// The command was made as a part of its chain.
pub(super) const MADE: u32 = u32::MAX - 1;

/// The last command of each entity's chain, by open addressing: where it starts,
/// in words, or [`END`].
#[derive(Debug)]
pub(super) struct Chains {
    buckets: Vec<u32>,
}

impl Chains {
    pub(super) const fn new() -> Self {
        Self { buckets: Vec::new() }
    }

    pub(super) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<u32>()
    }

    /// Gets ready for `count` entities.
    fn clear(&mut self, count: usize) {
        self.buckets.clear();
        self.buckets.resize((count * 2).next_power_of_two(), END);
    }

    /// The bucket of an entity: that of which `is` is true, else the one to fill.
    /// Commands before `since` are as if they were not there.
    fn bucket(&self, entity: Entity, since: u32, is: impl Fn(u32) -> bool) -> usize {
        // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
        let hash = entity.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let mut bucket = hash as usize & (self.buckets.len() - 1);
        let mut free = None;
        loop {
            match self.buckets[bucket] {
                END => return free.unwrap_or(bucket),
                at if at < since => free = free.or(Some(bucket)),
                at if is(at) => return bucket,
                _ => {}
            }
            bucket = (bucket + 1) & (self.buckets.len() - 1);
        }
    }
}

impl Words {
    /// Links the commands of each entity that can be made at once.
    pub(super) fn link(&mut self) {
        // Else a link can't say where a command starts.
        let links = self.len() < MADE as usize;
        let mut chains = core::mem::replace(&mut self.chains, Chains::new());
        chains.clear(self.count);
        let (mut at, mut left, mut since) = (self.first, self.count, 0);
        while left > 0 {
            // SAFETY: commands follow each other until `count` that wait were seen.
            let head = unsafe { self.head(at) };
            let start = at;
            at += head.size();
            if head.next == MADE {
                continue;
            }
            left -= 1;
            // SAFETY: a head starts here.
            unsafe { self.set_next(start, END) };
            if head.kind.barrier {
                since = at as u32;
            }
            let Some(entity) = head.entity.filter(|_| links) else { continue };
            // SAFETY: the buckets hold where heads start.
            let same = |at: u32| unsafe { self.head(at as usize) }.entity == Some(entity);
            let bucket = chains.bucket(entity, since, same);
            let last = chains.buckets[bucket];
            let follows = last != END && last >= since;
            let is_part = head.kind.part.is_some();
            if follows && is_part {
                // SAFETY: as above.
                unsafe {
                    if self.head(last as usize).kind.part.is_some() {
                        self.set_next(last as usize, start as u32);
                    }
                }
            }
            if follows || is_part {
                chains.buckets[bucket] = start as u32;
            }
        }
        self.chains = chains;
    }

    /// What an entity that has `mask` will have after the chain at `first`.
    #[inline]
    pub(super) fn outcome(&self, mut mask: Mask) -> Mask {
        let mut at = self.first;
        loop {
            let part = self.part(at);
            if mask & part.removes == part.removes {
                mask &= !part.removes;
            }
            mask |= part.inserts;
            // SAFETY: the links of a chain lead to heads.
            let next = unsafe { self.head(at).next };
            if next == END {
                return mask;
            }
            at = next as usize;
        }
    }

    /// What the command of a chain, which starts at a word, does.
    #[inline]
    pub(super) fn part(&self, at: usize) -> &'static Part {
        // SAFETY: the links of a chain lead to heads.
        let kind = unsafe { self.head(at) }.kind;
        kind.part.as_ref().expect("a chain is made of parts")
    }
}
