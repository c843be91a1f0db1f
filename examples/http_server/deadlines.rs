//! Which connection's time is over next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use static_ecs::prelude::Entity;

/// Looks at connections at given times.
///
/// A deadline that moves to later leaves its entry where it is: when that comes up, the connection
/// is asked again. So a connection has about one entry, and a request costs none.
#[derive(Default)]
pub(crate) struct Deadlines {
    looks: BinaryHeap<Reverse<(Instant, Entity)>>,
}

/// When a connection's time is over, and when it is next looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Deadline {
    pub(crate) due: Option<Instant>,
    look: Option<Instant>,
}

impl Deadlines {
    /// The connection's deadline has changed.
    pub(crate) fn set(&mut self, entity: Entity, deadline: &mut Deadline) {
        let Some(due) = deadline.due else { return };
        if deadline.look.is_none_or(|look| due < look) {
            deadline.look = Some(due);
            self.looks.push(Reverse((due, entity)));
        }
    }

    /// The next time at which to look.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.looks.peek().map(|Reverse((at, _))| *at)
    }

    /// A connection to look at with [`is_over`](Self::is_over).
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, Entity)> {
        if self.next()? > now {
            return None;
        }
        self.looks.pop().map(|Reverse(look)| look)
    }

    /// Whether the time of a connection that [`pop`](Self::pop) gave is over.
    pub(crate) fn is_over(&mut self, look: (Instant, Entity), deadline: &mut Deadline) -> bool {
        if deadline.look != Some(look.0) {
            return false; // Another entry stands for it.
        }
        deadline.look = None;
        let over = deadline.due.is_some_and(|due| due <= look.0);
        if !over {
            self.set(look.1, deadline);
        }
        over
    }
}
