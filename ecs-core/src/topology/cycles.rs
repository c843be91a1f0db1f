//! The worlds that lie on cycles together: strongly connected components, by
//! Kosaraju's algorithm (Aho, Hopcroft, Ullman, Data Structures and Algorithms,
//! 6.7).

use super::{Topology, WorldBits};
use crate::config::MAX_WORLDS;

/// Which worlds lie on cycles together.
#[derive(Clone, Copy, Debug)]
pub struct Cycles {
    component: [u16; MAX_WORLDS],
    count: usize,
}

impl Cycles {
    /// Edges into worlds of `ignored` don't count.
    #[inline]
    pub(super) const fn new(topology: &Topology<'_>, ignored: WorldBits) -> Self {
        let total = topology.total();
        let mut successors = [WorldBits::EMPTY; MAX_WORLDS];
        let mut predecessors = [WorldBits::EMPTY; MAX_WORLDS];
        let mut from = 0;
        while from < total {
            successors[from] = topology.successors(from).and_not(ignored);
            let mut rest = successors[from];
            while let Some(to) = rest.first() {
                predecessors[to] = predecessors[to].with(from);
                rest = rest.without(to);
            }
            from += 1;
        }

        // Worlds in the order in which a walk along the edges leaves them.
        let mut order = Walk::new(total);
        let mut world = 0;
        while world < total {
            order.from(world, &successors);
            world += 1;
        }
        // Against the edges, from the last one left: each walk is a component,
        // and what sends to it has been seen before.
        let mut walk = Walk::new(total);
        let mut out = Self { component: [0; MAX_WORLDS], count: 0 };
        let mut index = total;
        while index > 0 {
            index -= 1;
            let before = walk.left_count;
            walk.from(order.left[index] as usize, &predecessors);
            let mut place = before;
            while place < walk.left_count {
                out.component[walk.left[place] as usize] = out.count as u16;
                place += 1;
            }
            if walk.left_count > before {
                out.count += 1;
            }
        }
        out
    }

    /// The number of components.
    #[inline]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The component of a world. Edges lead to the same component or to one with
    /// a higher number.
    #[inline]
    pub const fn component_of(&self, world: usize) -> usize {
        self.component[world] as usize
    }

    /// Whether two worlds lie on a cycle together; each does with itself.
    #[inline]
    pub const fn same(&self, a: usize, b: usize) -> bool {
        self.component[a] == self.component[b]
    }
}

/// A walk in depth that leaves each world once.
struct Walk {
    unseen: WorldBits,
    left: [u16; MAX_WORLDS],
    left_count: usize,
}

impl Walk {
    #[inline]
    const fn new(total: usize) -> Self {
        Self { unseen: WorldBits::range(0, total), left: [0; MAX_WORLDS], left_count: 0 }
    }

    /// Walks to all unseen worlds that `start` leads to.
    #[inline]
    const fn from(&mut self, start: usize, next: &[WorldBits; MAX_WORLDS]) {
        if !self.unseen.has(start) {
            return;
        }
        let mut stack = [0; MAX_WORLDS];
        let mut depth = 1;
        stack[0] = start;
        self.unseen = self.unseen.without(start);
        while depth > 0 {
            let world = stack[depth - 1];
            if let Some(to) = next[world].and(self.unseen).first() {
                self.unseen = self.unseen.without(to);
                stack[depth] = to;
                depth += 1;
            } else {
                depth -= 1;
                self.left[self.left_count] = world as u16;
                self.left_count += 1;
            }
        }
    }
}
