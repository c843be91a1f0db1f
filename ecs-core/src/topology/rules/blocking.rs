//! The rule that worlds do not wait for each other for ever.

use super::{Fault, name_room, of_several, plain};
use crate::config::{MAX_WORLDS, OnFull};
use crate::text::Text;
use crate::topology::{Topology, WorldBits};

/// The most worlds that are looked at for a shorter cycle than the one that is known: the
/// compiler complains of constants that take it long.
const MAX_LOOKED_AT: usize = 4096;

/// The bytes of a message that are kept for how the naming of a cycle ends.
const ENDING: usize = 96;

/// No cycle of worlds that all wait for room in the next.
#[inline]
pub(super) const fn blocking(topology: &Topology<'_>) -> Option<Fault> {
    let mut blocks = WorldBits::EMPTY;
    let mut group = 0;
    while group < topology.groups.len() {
        if let OnFull::Block(_) = topology.groups[group].desc.queue.on_full {
            blocks = blocks.or(topology.members(group));
        }
        group += 1;
    }
    // A walk in depth: an edge back to its own path closes a cycle.
    let mut path = [0; MAX_WORLDS];
    let mut on_path = WorldBits::EMPTY;
    let mut unseen = blocks;
    while let Some(start) = unseen.first() {
        let mut depth = 1;
        path[0] = start;
        on_path = on_path.with(start);
        unseen = unseen.without(start);
        while depth > 0 {
            let world = path[depth - 1];
            let next = topology.successors(world).and(blocks);
            if let Some(again) = next.and(on_path).first() {
                return cycle(topology, blocks, again);
            }
            if let Some(to) = next.and(unseen).first() {
                path[depth] = to;
                on_path = on_path.with(to);
                unseen = unseen.without(to);
                depth += 1;
            } else {
                on_path = on_path.without(world);
                depth -= 1;
            }
        }
    }
    None
}

/// Refuses the cycle that `world` is on, or a shorter one.
#[inline]
const fn cycle(topology: &Topology<'_>, blocks: WorldBits, world: usize) -> Option<Fault> {
    let mut left = MAX_LOOKED_AT;
    let (mut shortest, mut len) = ([0; MAX_WORLDS], usize::MAX);
    // What goes through a world that was looked at is known.
    let mut others = blocks;
    let mut next = Some(world);
    while let Some(start) = next {
        if let Some(cycle) = shortest_through(topology, others, start, &mut left)
            && cycle.1 < len
        {
            (shortest, len) = cycle;
        }
        others = others.without(start);
        next = if left == 0 || len == 2 { None } else { others.first() };
    }
    let mut text = Text::new().str("these worlds can wait for each other for ever: ");
    let mut index = 0;
    let ending = ENDING + name_room(topology, shortest[0]);
    while index < len && text.room() > name_room(topology, shortest[index]) + ending {
        text = plain(text, topology, shortest[index]).str(" -> ");
        index += 1;
    }
    if index < len {
        text = text.str("(").number(len - index).str(" more) -> ");
    }
    of_several(
        plain(text, topology, shortest[0])
            .str("; write another `on_full` than `block` in one of them"),
    )
}

/// The worlds of a shortest cycle through `start`, from there on, and how many; none if
/// there is none or `left` of them were looked at before it was found.
#[inline]
const fn shortest_through(
    topology: &Topology<'_>,
    worlds: WorldBits,
    start: usize,
    left: &mut usize,
) -> Option<([usize; MAX_WORLDS], usize)> {
    // A walk in breadth, with the way that each world was reached by.
    let mut queue = [0; MAX_WORLDS];
    let mut before = [0; MAX_WORLDS];
    let mut unseen = worlds.without(start);
    queue[0] = start;
    let (mut head, mut tail) = (0, 1);
    while head < tail && *left > 0 {
        *left -= 1;
        let world = queue[head];
        head += 1;
        let next = topology.successors(world).and(worlds);
        if next.has(start) {
            let mut len = 1;
            let mut at = world;
            while at != start {
                at = before[at];
                len += 1;
            }
            let mut cycle = [0; MAX_WORLDS];
            let mut index = len;
            at = world;
            while index > 0 {
                index -= 1;
                cycle[index] = at;
                at = before[at];
            }
            return Some((cycle, len));
        }
        let mut new = next.and(unseen);
        unseen = unseen.and_not(new);
        while let Some(to) = new.first() {
            new = new.without(to);
            before[to] = world;
            queue[tail] = to;
            tail += 1;
        }
    }
    None
}
