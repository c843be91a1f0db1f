//! The memory of commands, whatever world they are for: compiled once.

use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::chain::{Chains, MADE};
use super::kinds::{Kind, Outcome, Pass};
use crate::entity::Entity;
use crate::kept::kept;

/// A word of a buffer: a part of a command's head, or of its payload.
pub(super) type Word = MaybeUninit<u64>;

/// Stands before each payload.
pub(super) struct Head {
    pub(super) kind: &'static Kind,
    /// Whom it is about; `None` for what is not about one entity.
    pub(super) entity: Option<Entity>,
    /// The payload's size.
    pub(super) words: u32,
    /// Where, in words, the next command of its chain is, or `END` or `MADE`.
    pub(super) next: u32,
}

pub(super) const fn words(bytes: usize) -> usize {
    bytes.div_ceil(size_of::<u64>())
}

/// The size of a head.
const HEAD: usize = words(size_of::<Head>());

impl Head {
    /// The size of the whole command.
    pub(super) fn size(&self) -> usize {
        HEAD + self.words as usize
    }
}

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

    /// Adds a command to the others, and answers where its payload belongs.
    #[inline]
    pub(super) fn push(&mut self, head: Head) -> *mut u8 {
        let words = head.size();
        if self.first > self.words.len() / 2 || self.words.capacity() - self.words.len() < words {
            self.make_room(words);
        }
        let at = self.words.len();
        self.count += 1;
        // SAFETY: there is room, and words may be uninitialized.
        unsafe {
            self.words.set_len(at + words);
            let place = self.words.as_mut_ptr().add(at);
            place.cast::<Head>().write_unaligned(head);
            place.add(HEAD).cast()
        }
    }

    /// The head that starts at a word.
    ///
    /// # Safety
    /// A head starts there.
    #[inline]
    pub(super) unsafe fn head(&self, at: usize) -> Head {
        // SAFETY: the caller promises a head.
        unsafe { self.words.as_ptr().add(at).cast::<Head>().read_unaligned() }
    }

    /// Changes where the chain goes on after the command that starts at a word.
    ///
    /// # Safety
    /// As [`head`](Self::head).
    #[inline]
    pub(super) unsafe fn set_next(&mut self, at: usize, next: u32) {
        // SAFETY: the caller promises a head.
        unsafe {
            let head = self.words.as_mut_ptr().add(at).cast::<Head>();
            (&raw mut (*head).next).write_unaligned(next);
        }
    }

    /// The payload of the command that starts at a word.
    ///
    /// # Safety
    /// As [`head`](Self::head).
    #[inline]
    pub(super) unsafe fn payload(&mut self, at: usize) -> *mut u8 {
        // SAFETY: the caller promises a head, behind which the payload is.
        unsafe { self.words.as_mut_ptr().add(at + HEAD).cast() }
    }

    /// How to make the commands that wait, if some do.
    pub(super) fn pass(&mut self) -> Option<Pass> {
        if self.count == 0 {
            self.clear();
            return None;
        }
        // SAFETY: while commands wait, one starts at `first`, or one that was made.
        Some(unsafe { self.head(self.first) }.kind.pass)
    }

    /// Steps over commands that were made as parts of chains.
    #[inline]
    pub(super) fn pass_made(&mut self) {
        // SAFETY: as above.
        while let head = unsafe { self.head(self.first) }
            && head.next == MADE
        {
            self.first += head.size();
        }
    }

    /// Steps over the next command and runs it, or drops it where there is no world. There
    /// must be one, at `first`.
    ///
    /// # Safety
    /// The commands are for a world of this type.
    #[inline]
    pub(super) unsafe fn next(&mut self, world: Option<NonNull<()>>) -> Outcome {
        debug_assert!(self.count > 0);
        let first = self.first;
        // SAFETY: a command that was not run yet starts at `first`.
        let (head, payload) = unsafe { (self.head(first), self.payload(first)) };
        // Before it runs, so that a panic does not run it again.
        self.first += head.size();
        self.count -= 1;
        // SAFETY: the payload is the command's; the buffer has stepped over it.
        unsafe { (head.kind.run)(payload, world) }
    }

    /// Drops the next command. `false` if there is none.
    pub(super) fn skip(&mut self) -> bool {
        if self.count == 0 {
            return false;
        }
        self.pass_made();
        // SAFETY: without a world, it is of no type.
        unsafe { self.next(None) };
        true
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
    pub(super) fn put_back(&mut self, aside: &[Word], count: usize) {
        // Into the room of those that were made: nothing is allocated while a panic passes.
        let start = self.first - aside.len();
        self.words[start..self.first].copy_from_slice(aside);
        self.words.drain(..start);
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

impl Drop for Words {
    fn drop(&mut self) {
        /// Drops the rest also when a payload's drop panics.
        struct Rest<'a>(&'a mut Words);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                while self.0.skip() {}
            }
        }
        let rest = Rest(self);
        while rest.0.skip() {}
    }
}
