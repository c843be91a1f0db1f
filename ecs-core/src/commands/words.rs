//! The memory of commands, whatever world they are for: compiled once.

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::chain::Chains;
use crate::kept::kept;

/// A word of a buffer: a part of a command's head, or of its payload.
pub(super) type Word = MaybeUninit<u64>;

/// Commands from `first` on, each a head and its payload, in whole words; `count` of them are
/// still to be made. Neither is aligned: they are read and written as a whole, never borrowed in
/// place.
pub(super) struct Words {
    pub(super) capacity: usize,
    pub(super) count: usize,
    words: Vec<Word>,
    pub(super) first: usize,
    pub(super) chains: Chains,
}

kept! {
    /// As a part of a buffer.
    pub(super) struct KeptWords(Words);
}

// SAFETY: a buffer that is shared says how much is in it, no more.
unsafe impl Sync for KeptWords {}

impl Words {
    pub(super) const fn new(capacity: usize) -> Self {
        Self { capacity, count: 0, words: Vec::new(), first: 0, chains: Chains::new() }
    }

    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>() + self.chains.bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The words from this one on, to read.
    #[inline]
    pub(super) fn at(&self, at: usize) -> *const Word {
        self.words.as_ptr().wrapping_add(at)
    }

    /// The words from this one on, to write.
    #[inline]
    pub(super) fn at_mut(&mut self, at: usize) -> *mut Word {
        self.words.as_mut_ptr().wrapping_add(at)
    }

    /// Room for one more command, behind the others.
    #[inline]
    pub(super) fn grow(&mut self, words: usize) -> *mut Word {
        if self.first > self.words.len() / 2 || self.words.capacity() - self.words.len() < words {
            self.make_room(words);
        }
        let at = self.words.len();
        // SAFETY: there is room, and words may be uninitialized.
        unsafe { self.words.set_len(at + words) };
        self.at_mut(at)
    }

    #[cold]
    fn make_room(&mut self, words: usize) {
        // Commands that were made give up their memory once they are most of it,
        // so that a buffer which is never quite empty does not grow.
        if self.first > self.words.len() / 2 {
            self.words.drain(..self.first);
            self.first = 0;
        }
        self.words.reserve(words);
    }

    /// Puts the words from one on to `first` aside, payloads and all: nobody reads them where
    /// they were any more.
    pub(super) fn set_aside(&self, from: usize, aside: &mut Vec<Word>) {
        aside.extend_from_slice(&self.words[from..self.first]);
    }

    /// Puts what was set aside, so many commands, before those that are left.
    pub(super) fn put_back(&mut self, aside: &mut Vec<Word>, count: usize) {
        self.words.splice(..self.first, aside.drain(..));
        self.first = 0;
        self.count += count;
    }

    /// Moves the commands of another buffer behind these, however many they are.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.words.extend_from_slice(&other.words[other.first..]);
        self.count += core::mem::take(&mut other.count);
        other.clear();
    }

    /// Forgets all commands, which were dropped.
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.first = 0;
    }
}
