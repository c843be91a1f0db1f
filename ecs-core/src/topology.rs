//! Which worlds of a coordinator reach which.
//!
//! Worlds are counted through all groups: the flat index of a world is its
//! place in that order. All members of a group name the same targets, so the
//! edges are kept by group; only the neighbours inside an array differ from
//! member to member. Everything here runs at compile time as well.

mod cycles;
mod rules;
#[cfg(test)]
mod tests;

pub use cycles::Cycles;
pub use rules::{Verdict, check};

use crate::config::{MAX_WORLDS, Neighbours, Target};
use crate::members::Group;
use crate::text::equal;

/// The most members of a coordinator's tuple.
pub const MAX_GROUPS: usize = 16;

const WORDS: usize = MAX_WORLDS / 64;

/// A set of worlds by flat index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldBits([u64; WORDS]);

impl WorldBits {
    /// No world.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// The worlds from `start` up to and without `end`.
    #[inline]
    pub const fn range(start: usize, end: usize) -> Self {
        let mut bits = Self::EMPTY;
        let mut word = 0;
        while word < WORDS {
            bits.0[word] = below(end, word) & !below(start, word);
            word += 1;
        }
        bits
    }

    /// With this world.
    #[inline]
    pub const fn with(mut self, world: usize) -> Self {
        self.0[world / 64] |= 1 << (world % 64);
        self
    }

    /// Without this world.
    #[inline]
    pub const fn without(mut self, world: usize) -> Self {
        self.0[world / 64] &= !(1 << (world % 64));
        self
    }

    /// The worlds of either set.
    #[inline]
    pub const fn or(mut self, other: Self) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.0[word] |= other.0[word];
            word += 1;
        }
        self
    }

    /// The worlds of both sets.
    #[inline]
    pub const fn and(mut self, other: Self) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.0[word] &= other.0[word];
            word += 1;
        }
        self
    }

    /// The worlds that are not in the other set.
    #[inline]
    pub const fn and_not(mut self, other: Self) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.0[word] &= !other.0[word];
            word += 1;
        }
        self
    }

    /// Whether the world is in the set.
    #[inline]
    pub const fn has(&self, world: usize) -> bool {
        world < MAX_WORLDS && self.0[world / 64] >> (world % 64) & 1 == 1
    }

    /// How many worlds.
    #[inline]
    pub const fn number(&self) -> usize {
        let (mut number, mut word) = (0, 0);
        while word < WORDS {
            number += self.0[word].count_ones() as usize;
            word += 1;
        }
        number
    }

    /// The lowest world.
    #[inline]
    pub const fn first(&self) -> Option<usize> {
        let mut word = 0;
        while word < WORDS {
            if self.0[word] != 0 {
                return Some(word * 64 + self.0[word].trailing_zeros() as usize);
            }
            word += 1;
        }
        None
    }

    /// Each world moved up by `places`.
    #[inline]
    const fn shifted(self, places: usize) -> Self {
        let (words, bits) = (places / 64, places % 64);
        let mut out = Self::EMPTY;
        let mut word = words;
        while word < WORDS {
            out.0[word] = self.0[word - words] << bits;
            if bits > 0 && word > words {
                out.0[word] |= self.0[word - words - 1] >> (64 - bits);
            }
            word += 1;
        }
        out
    }
}

impl Iterator for WorldBits {
    type Item = usize;

    /// Takes the lowest world out.
    fn next(&mut self) -> Option<usize> {
        let world = self.first()?;
        *self = self.without(world);
        Some(world)
    }
}

/// The bits of a word that stand for worlds below `end`.
#[inline]
const fn below(end: usize, word: usize) -> u64 {
    if end <= word * 64 {
        0
    } else if end - word * 64 >= 64 {
        u64::MAX
    } else {
        (1 << (end - word * 64)) - 1
    }
}

/// What a [`Target`] leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One world, by its flat index.
    World(usize),
    /// The array that is this group: a route means its shared inbox, a further
    /// target each member.
    Array(usize),
}

/// The worlds of a coordinator and the edges between them.
#[derive(Clone, Copy, Debug)]
pub struct Topology<'a> {
    groups: &'a [Group],
    /// The flat index of each group's first world, and the number of worlds.
    starts: [usize; MAX_GROUPS + 1],
    /// The worlds that the members of each group name one by one.
    direct: [WorldBits; MAX_GROUPS],
    /// The arrays that the members of each group route to, a bit each.
    shared: [u16; MAX_GROUPS],
}

impl<'a> Topology<'a> {
    /// Finds the edges. A target that is nowhere makes none; [`check`] refuses it.
    ///
    /// # Panics
    /// With more than [`MAX_GROUPS`] groups or [`MAX_WORLDS`] worlds.
    #[inline]
    pub const fn new(groups: &'a [Group]) -> Self {
        assert!(groups.len() <= MAX_GROUPS, "a coordinator has at most 16 members");
        let mut starts = [0; MAX_GROUPS + 1];
        let mut group = 0;
        while group < MAX_GROUPS {
            let count = if group < groups.len() { groups[group].count } else { 0 };
            starts[group + 1] = starts[group] + count;
            group += 1;
        }
        assert!(starts[MAX_GROUPS] <= MAX_WORLDS, "a coordinator has at most 256 worlds");
        let direct = [WorldBits::EMPTY; MAX_GROUPS];
        let mut topology = Self { groups, starts, direct, shared: [0; MAX_GROUPS] };
        let mut from = 0;
        while from < groups.len() {
            let mut index = 0;
            while let Some(target) = target(&groups[from], index) {
                match topology.resolve(target) {
                    Some(Destination::World(to)) => {
                        topology.direct[from] = topology.direct[from].with(to);
                    }
                    // From inside, the array's own name is no edge.
                    Some(Destination::Array(to)) if to != from => {
                        if is_route(&groups[from], index) {
                            topology.shared[from] |= 1 << to;
                        } else {
                            // For markers, which name members.
                            let members = WorldBits::range(starts[to], starts[to + 1]);
                            topology.direct[from] = topology.direct[from].or(members);
                        }
                    }
                    _ => {}
                }
                index += 1;
            }
            from += 1;
        }
        topology
    }

    /// The groups.
    #[inline]
    pub const fn groups(&self) -> &'a [Group] {
        self.groups
    }

    /// The number of worlds.
    #[inline]
    pub const fn total(&self) -> usize {
        self.starts[MAX_GROUPS]
    }

    /// The flat index of a member of a group.
    #[inline]
    pub const fn flat(&self, group: usize, member: usize) -> usize {
        self.starts[group] + member
    }

    /// The group of a world, and its place there.
    ///
    /// # Panics
    /// If there is no such world.
    #[inline]
    pub const fn locate(&self, world: usize) -> (usize, usize) {
        let mut group = 0;
        while world >= self.starts[group + 1] {
            group += 1;
        }
        (group, world - self.starts[group])
    }

    /// The worlds of a group.
    #[inline]
    pub const fn members(&self, group: usize) -> WorldBits {
        WorldBits::range(self.starts[group], self.starts[group + 1])
    }

    /// The id of the first world of a group: the declared one, else its place
    /// among all worlds.
    #[inline]
    pub const fn first_id(&self, group: usize) -> usize {
        match self.groups[group].desc.id {
            Some(id) => id as usize,
            None => self.starts[group],
        }
    }

    /// The id of a world.
    ///
    /// # Panics
    /// If there is no such world.
    #[inline]
    pub const fn id_of(&self, world: usize) -> u16 {
        let (group, member) = self.locate(world);
        (self.first_id(group) + member) as u16
    }

    /// The world with this id.
    #[inline]
    pub const fn world_of(&self, id: u16) -> Option<usize> {
        let mut group = 0;
        while group < self.groups.len() {
            let first = self.first_id(group);
            let id = id as usize;
            if id >= first && id - first < self.groups[group].count {
                return Some(self.flat(group, id - first));
            }
            group += 1;
        }
        None
    }

    /// What a target leads to; none if it is not in the coordinator.
    #[inline]
    pub const fn resolve(&self, target: Target) -> Option<Destination> {
        let path = match target {
            Target::World(path) => path,
            Target::Id(id) => {
                return match self.world_of(id) {
                    Some(world) => Some(Destination::World(world)),
                    None => None,
                };
            }
        };
        let mut group = 0;
        while group < self.groups.len() {
            if equal(self.groups[group].desc.path, path) {
                return if self.groups[group].array {
                    Some(Destination::Array(group))
                } else {
                    Some(Destination::World(self.starts[group]))
                };
            }
            group += 1;
        }
        None
    }

    /// Whether `from` sends to `to` as one world: named by type or id, or as a
    /// neighbour in their array.
    #[inline]
    pub const fn edge(&self, from: usize, to: usize) -> bool {
        self.one_by_one(from).has(to)
    }

    /// Whether `from` sends to the array that is `group`, through its inbox.
    #[inline]
    pub const fn array_edge(&self, from: usize, group: usize) -> bool {
        let (own, _) = self.locate(from);
        self.shared[own] >> group & 1 == 1
    }

    /// Whether the members of the array that is `group` share an inbox: some
    /// world outside routes to the array.
    #[inline]
    pub const fn shares_inbox(&self, group: usize) -> bool {
        self.shared_by(group).is_some()
    }

    /// The first group that routes to the array that is `group`.
    #[inline]
    const fn shared_by(&self, group: usize) -> Option<usize> {
        let mut from = 0;
        while from < MAX_GROUPS {
            if self.shared[from] >> group & 1 == 1 {
                return Some(from);
            }
            from += 1;
        }
        None
    }

    /// The worlds that `from` sends to as one world each.
    #[inline]
    pub const fn one_by_one(&self, from: usize) -> WorldBits {
        let (group, member) = self.locate(from);
        let own = &self.groups[group];
        let neighbours = if !own.array {
            WorldBits::EMPTY
        } else {
            match own.desc.neighbours {
                Neighbours::All => self.members(group),
                Neighbours::Matrix(rows) => WorldBits(rows[member])
                    .and(WorldBits::range(0, own.count))
                    .shifted(self.starts[group]),
            }
        };
        neighbours.or(self.direct[group]).without(from)
    }

    /// The worlds at which something that `from` sends can arrive.
    #[inline]
    pub const fn successors(&self, from: usize) -> WorldBits {
        let (group, _) = self.locate(from);
        let mut out = self.one_by_one(from);
        let mut to = 0;
        while to < self.groups.len() {
            if self.shared[group] >> to & 1 == 1 {
                out = out.or(self.members(to));
            }
            to += 1;
        }
        out
    }

    /// Which worlds lie on cycles together.
    #[inline]
    pub const fn cycles(&self) -> Cycles {
        Cycles::new(self, WorldBits::EMPTY)
    }

    /// Which worlds lie on cycles together that no source of entities is part
    /// of: what comes back to a source has left the circle.
    #[inline]
    pub const fn circles(&self) -> Cycles {
        let mut sources = WorldBits::EMPTY;
        let mut group = 0;
        while group < self.groups.len() {
            let desc = &self.groups[group].desc;
            if desc.role.is_source() || desc.source {
                sources = sources.or(self.members(group));
            }
            group += 1;
        }
        Cycles::new(self, sources)
    }
}

/// Whether the target with this index is the default, or a route's.
#[inline]
const fn is_route(group: &Group, index: usize) -> bool {
    let routing = group.desc.routing;
    index < routing.routes.len() + routing.default.is_some() as usize
}

/// The target with this index: the default, the routes', then the further ones.
#[inline]
const fn target(group: &Group, index: usize) -> Option<Target> {
    let desc = &group.desc;
    let index = match (desc.routing.default, index) {
        (Some(target), 0) => return Some(target),
        (Some(_), index) => index - 1,
        (None, index) => index,
    };
    let routes = desc.routing.routes;
    if index < routes.len() {
        Some(routes[index].target)
    } else if index - routes.len() < desc.targets.len() {
        Some(desc.targets[index - routes.len()])
    } else {
        None
    }
}
