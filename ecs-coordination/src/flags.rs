//! What a world's thread and whoever stops it tell each other about the world.
//!
//! # Protocol
//!
//! Each flag is set once and stays set. Whoever stops asks, the world's thread answers:
//!
//! | asked | answer | what the answer says |
//! |---|---|---|
//! | `close`: take in nothing new, finish what is begun | `closed` | the driver knows, and `quiet` tells of what it has yet to finish |
//! | `halt`: tick no more | `halted` | what the last tick sent is in the lanes |
//!
//! A world that is asked to halt was asked to close before, and sees that too.
// Public to the loom models only.
#![allow(unreachable_pub)]

use crate::pending::Pending;
use crate::quiet::{Quiet, at_rest};
use crate::sync::{AtomicBool, Ordering};

/// The flags of one world.
#[derive(Debug, Default)]
pub struct Flags {
    /// Told: whether there is anything to do.
    pub quiet: Quiet,
    close: AtomicBool,
    closed: AtomicBool,
    halt: AtomicBool,
    halted: AtomicBool,
    failed: AtomicBool,
}

impl Flags {
    /// Asks the world to take in nothing new, and to finish what is begun.
    pub fn ask_to_close(&self) {
        // ORDERING: release, with the acquire in `must_close`: what was done before the
        // stop is seen by the world that closes.
        self.close.store(true, Ordering::Release);
    }

    /// Whether the world was asked to close.
    pub fn must_close(&self) -> bool {
        // ORDERING: acquire, with the release in `ask_to_close`.
        self.close.load(Ordering::Acquire)
    }

    /// The world was asked to close, and its driver knows.
    pub fn tell_closed(&self) {
        // There may be something to finish now: the next tick tells.
        self.quiet.taking();
        // ORDERING: release, with the acquire in `are_quiet`: who sees it sees `quiet`
        // as of now or later.
        self.closed.store(true, Ordering::Release);
    }

    /// Asks the world to tick no more.
    pub fn ask_to_halt(&self) {
        // ORDERING: release, with the acquire in `is_halted`: a world that halts has
        // seen all closes that came before.
        self.halt.store(true, Ordering::Release);
    }

    /// Whether the world was asked to tick no more.
    pub fn is_halted(&self) -> bool {
        // ORDERING: acquire, with the release in `ask_to_halt`.
        self.halt.load(Ordering::Acquire)
    }

    /// The world ticks no more.
    pub fn tell_halted(&self) {
        // ORDERING: release, with the acquire in `has_halted`.
        self.halted.store(true, Ordering::Release);
    }

    /// Whether the world ticks no more, for who then looks at what it sent.
    pub fn has_halted(&self) -> bool {
        // ORDERING: acquire, with the release in `tell_halted`: what the world sent in
        // its last tick is pending now.
        self.halted.load(Ordering::Acquire)
    }

    /// The world has failed; what is on its way to it is not waited for.
    pub fn tell_failed(&self) {
        // ORDERING: relaxed: see `are_quiet`.
        self.failed.store(true, Ordering::Relaxed);
    }
}

/// Whether none of these worlds does anything or has anything to do, now that they are
/// closed. Each stands with what is on its way to it.
pub fn are_quiet<'a, L>(worlds: impl Iterator<Item = (&'a Flags, L)> + Clone) -> bool
where
    L: Iterator<Item = &'a Pending>,
{
    // ORDERING: acquire, with the release in `tell_closed`.
    if !worlds.clone().all(|(flags, _)| flags.closed.load(Ordering::Acquire)) {
        return false;
    }
    // ORDERING: relaxed: a failed world takes nothing from its lanes.
    let open = worlds.clone().filter(|(flags, _)| !flags.failed.load(Ordering::Relaxed));
    at_rest(worlds.map(|(flags, _)| &flags.quiet), open.flat_map(|(_, lanes)| lanes))
}
