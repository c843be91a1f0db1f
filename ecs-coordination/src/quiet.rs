//! Whether worlds have nothing left to do: what a stop waits for.
//!
//! # Protocol
//!
//! Each world tells by two variables, written by its thread alone:
//!
//! - `quiet`: the last tick found nothing to do, and nothing waits in the world;
//!   cleared as soon as the world takes an entity, *before* the entity's room in
//!   the lane is given back (see [`Pending`]);
//! - `activity`: ticks that did something.
//!
//! An entity that is not at rest is thus, at any moment, in the `Pending` of its
//! lane, or in a world that is not `quiet`, or both.
//!
//! **Never quiet too early.** [`at_rest`] looks at all worlds, then at all lanes,
//! then at all worlds again. Say that an entity is on its way all the time.
//! - It is in a lane while that lane is looked at: the look sees it, for whoever
//!   sent it did so before it turned quiet, which the first look has seen.
//! - It was in a lane, and was taken before that lane was looked at: the look
//!   reads the count from the receiver's release or later, so the second look
//!   sees the cleared `quiet`, or a later one, and with that a greater
//!   `activity`.
//! - It was in a world during the look at the lanes: that world had cleared
//!   `quiet` before it gave back the room; if the first look had seen that, it
//!   had ended; else the entity was still in the lane then, which is the case
//!   before.
//!
//! What a world begins by itself, with nothing on its way to it, is not waited
//! for: nobody can know of it.
// Public to the loom models only.
#![allow(unreachable_pub)]

use crossbeam_utils::CachePadded;

use crate::pending::Pending;
use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// What a world tells of itself.
#[derive(Debug, Default)]
pub struct Quiet {
    told: CachePadded<Told>,
}

#[derive(Debug, Default)]
struct Told {
    quiet: AtomicBool,
    activity: AtomicUsize,
}

impl Quiet {
    /// The world has taken entities out of a lane and gives their room back next.
    pub fn taking(&self) {
        // ORDERING: relaxed. The release of the room publishes it.
        self.told.quiet.store(false, Ordering::Relaxed);
    }

    /// A tick has ended: it did something, and nothing waits now.
    pub fn ticked(&self, busy: bool, quiet: bool) {
        // ORDERING: relaxed. Who sees it cleared concludes nothing; who sees the count
        // below sees the clearing by that.
        if !quiet {
            self.told.quiet.store(false, Ordering::Relaxed);
        }
        // ORDERING: release in both, with the acquires in `look`. Who sees the world
        // quiet sees what it sent before. `quiet` is cleared before the activity is
        // counted, and set after: who sees the count sees the clearing, and who sees
        // `quiet` set again sees the count.
        if busy {
            self.told.activity.fetch_add(1, Ordering::Release);
        }
        if quiet {
            self.told.quiet.store(true, Ordering::Release);
        }
    }

    /// The activity so far, if the world is quiet.
    fn look(&self) -> Option<usize> {
        // ORDERING: acquire, with the releases in `ticked`.
        let quiet = self.told.quiet.load(Ordering::Acquire);
        quiet.then(|| self.told.activity.load(Ordering::Acquire))
    }
}

/// Whether no world does anything or has anything to do, and nothing is in the
/// lanes that lead to them.
pub fn at_rest<'a>(
    worlds: impl Iterator<Item = &'a Quiet> + Clone,
    mut lanes: impl Iterator<Item = &'a Pending>,
) -> bool {
    let look = || worlds.clone().map(Quiet::look).collect::<Option<Vec<usize>>>();
    let Some(first) = look() else { return false };
    lanes.all(Pending::settled) && look() == Some(first)
}
