//! Commands are made, in worlds of one type.

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::Applied;
use super::chain::{END, MADE};
use super::kinds::Outcome;
use super::words::{Word, Words};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::Refusal;
use crate::world::{Change, World};

/// Makes all commands.
///
/// # Safety
/// As [`Pass`](super::kinds::Pass) says, for worlds of this type.
pub(super) unsafe fn pass<W: WorldConfig>(
    words: &mut Words,
    world: NonNull<()>,
    applied: &mut Applied,
    go_on: &mut dyn FnMut(&mut Words) -> bool,
) -> Option<Refusal> {
    // SAFETY: the caller gives the world, of this type.
    let world = unsafe { world.cast::<World<W>>().as_mut() };
    let mut refused = None;
    let mut change = Change::new();
    // A closed world may refuse one of them and take the next.
    if !W::DESC.closed {
        words.link();
    }
    let mut turn = Turn { words, aside: Vec::new(), count: 0 };
    while turn.words.count > 0 {
        turn.words.pass_made();
        if make_chain(turn.words, world, &mut change, applied) {
            continue;
        }
        let (at, before) = (turn.words.first, turn.words.count);
        // SAFETY: the commands are for worlds of this type.
        match unsafe { turn.words.next(Some(NonNull::from(&mut *world).cast())) } {
            Outcome::Made => applied.made += 1,
            Outcome::Missed => applied.missed += 1,
            Outcome::Refused(why) if why.may_pass() => {
                turn.words.set_aside(at, &mut turn.aside);
                turn.count += 1;
                refused.get_or_insert(why);
            }
            Outcome::Refused(why) => {
                (turn.words.first, turn.words.count) = (at, before);
                if !go_on(turn.words) {
                    refused = Some(why);
                    break;
                }
            }
        }
    }
    refused
}

/// One pass over the commands. Its end, a panic's too, puts those that stepped
/// aside before those that are left.
struct Turn<'a> {
    words: &'a mut Words,
    aside: Vec<Word>,
    count: usize,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.words.put_back(&self.aside, self.count);
    }
}

/// Makes the change, also of what was gathered before a drop panicked, unless that leads to no
/// archetype.
struct Made<'a, W: WorldConfig>(&'a mut World<W>, Entity, &'a mut Change<W::Schema>);

impl<W: WorldConfig> Drop for Made<'_, W> {
    fn drop(&mut self) {
        let Self(world, entity, change) = self;
        if world.table_for_change(change.mask()).is_some() {
            world.make_change(*entity, change);
        }
    }
}

/// Makes the chain whose first command is at `first`. `false`, with nothing done,
/// if there is none, or its commands must be made one by one.
fn make_chain<W: WorldConfig>(
    words: &mut Words,
    world: &mut World<W>,
    change: &mut Change<W::Schema>,
    applied: &mut Applied,
) -> bool {
    let mut at = words.first;
    // SAFETY: a command that waits starts at `first`.
    let head = unsafe { words.head(at) };
    let Some(entity) = head.entity.filter(|_| head.next < MADE) else { return false };
    let Some(old) = world.mask_of(entity) else { return false };
    if world.table_for_change(words.outcome(old)).is_none() {
        return false;
    }
    change.begin(old);
    let made = Made(world, entity, change);
    words.first += head.size();
    loop {
        let part = words.part(at);
        // SAFETY: the links of a chain lead to heads.
        let next = unsafe {
            let next = words.head(at).next;
            words.set_next(at, MADE);
            next
        };
        words.count -= 1;
        // SAFETY: a command's payload is behind its head, and is the command's. It is
        // not used again: the command counts as made. The change is of the world's schema.
        match unsafe { (part.make)(words.payload(at), NonNull::from(&mut *made.2).cast()) } {
            Outcome::Made => applied.made += 1,
            _ => applied.missed += 1,
        }
        if next == END {
            return true;
        }
        at = next as usize;
    }
}
