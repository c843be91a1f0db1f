//! The rules of a topology, checked where a coordinator is declared.
//!
//! They run in the compiler alone: each is `inline`, and so no code of it is in the library.

mod blocking;

use super::{Destination, MAX_GROUPS, Topology, WorldBits, target};
use crate::config::{ArchetypeDesc, MAX_CAPACITY, MAX_WORLDS, OnFull, Target};
use crate::members::Group;
use crate::schema::Mask;
use crate::text::{Text, equal, last_segment};

use blocking::blocking;

/// What is wrong with a topology, if anything is.
#[derive(Debug)]
pub struct Verdict(Option<Fault>);

#[derive(Debug)]
struct Fault {
    text: Text,
    /// Whose it is; none if it is of several.
    group: Option<usize>,
}

impl Verdict {
    /// Checks every rule, unless a world is not as it was meant to be. The first fault counts.
    #[inline]
    pub const fn new(groups: &[Group]) -> Self {
        let mut group = 0;
        while group < groups.len() {
            if groups[group].desc.mistaken {
                return Self(None);
            }
            group += 1;
        }
        Self(fault(groups))
    }

    /// Stops the build for a fault of the member that is this group.
    ///
    /// # Panics
    /// At compile time, with a text that names the worlds.
    #[track_caller]
    #[inline]
    pub const fn of_member(&self, group: usize) {
        match &self.0 {
            Some(Fault { text, group: Some(at) }) if *at == group => panic!("{}", text.as_str()),
            _ => {}
        }
    }

    /// Stops the build for a fault of several members.
    ///
    /// # Panics
    /// As [`of_member`](Self::of_member).
    #[track_caller]
    #[inline]
    pub const fn of_several(&self) {
        if let Some(Fault { text, group: None }) = &self.0 {
            panic!("{}", text.as_str())
        }
    }
}

/// Checks every rule, for worlds that nobody shows the compiler one by one.
///
/// # Panics
/// At compile time, with a text that names the worlds.
#[track_caller]
#[inline]
pub const fn check(groups: &[Group]) {
    if let Some(Fault { text, .. }) = &Verdict::new(groups).0 {
        panic!("{}", text.as_str())
    }
}

/// The first of these that there is.
macro_rules! first {
    ($($fault:expr),+ $(,)?) => {
        $(if let Some(fault) = $fault {
            return Some(fault);
        })+
    };
}

#[inline]
const fn fault(groups: &[Group]) -> Option<Fault> {
    first!(send(groups), schema(groups), count(groups), once(groups));
    let topology = Topology::new(groups);
    first!(
        ids(&topology),
        room(groups),
        queues(groups),
        targets(&topology),
        inboxes(&topology),
        reached(&topology),
        blocking(&topology),
        closed(&topology),
    );
    None
}

/// A fault of one member.
#[inline]
const fn of(group: usize, text: Text) -> Option<Fault> {
    Some(Fault { text, group: Some(group) })
}

/// A fault of several members.
#[inline]
const fn of_several(text: Text) -> Option<Fault> {
    Some(Fault { text, group: None })
}

/// Each component may move to another thread.
#[inline]
const fn send(groups: &[Group]) -> Option<Fault> {
    let mut group = 0;
    while group < groups.len() {
        let components = groups[group].components;
        let mut index = 0;
        while index < components.len() {
            if !components[index].send {
                return of(
                    group,
                    Text::new()
                        .str("component `")
                        .str(components[index].name)
                        .str("` of `")
                        .str(last_segment(groups[group].desc.schema))
                        .str("` is not `Send`, so `")
                        .str(groups[group].desc.name)
                        .str("` can't join a coordinator: make it `Send` or take it out"),
                );
            }
            index += 1;
        }
        group += 1;
    }
    None
}

/// All worlds have one schema.
#[inline]
const fn schema(groups: &[Group]) -> Option<Fault> {
    let mut group = 1;
    while group < groups.len() {
        let (first, other) = (&groups[0].desc, &groups[group].desc);
        if !equal(first.schema, other.schema) {
            return of(
                group,
                Text::new()
                    .str("`")
                    .str(first.name)
                    .str("` has the schema `")
                    .str(last_segment(first.schema))
                    .str("` and `")
                    .str(other.name)
                    .str("` the schema `")
                    .str(last_segment(other.schema))
                    .str("`: give all worlds of a coordinator one `base`"),
            );
        }
        group += 1;
    }
    None
}

/// There are worlds, and not too many.
#[inline]
const fn count(groups: &[Group]) -> Option<Fault> {
    let mut total: usize = 0;
    let mut group = 0;
    while group < groups.len() {
        if groups[group].count == 0 {
            let name = groups[group].desc.name;
            return of(
                group,
                Text::new()
                    .str("the array of `")
                    .str(name)
                    .str("` has no worlds: write `[")
                    .str(name)
                    .str("; 1]` or leave it out"),
            );
        }
        total = total.saturating_add(groups[group].count);
        group += 1;
    }
    if total > MAX_WORLDS {
        return of_several(
            Text::new()
                .str("this coordinator has ")
                .number(total)
                .str(" worlds, and the limit is ")
                .number(MAX_WORLDS)
                .str(": take ")
                .number(total - MAX_WORLDS)
                .str(" out"),
        );
    }
    if groups.len() > MAX_GROUPS {
        return of_several(
            Text::new().str("a coordinator has at most 16 members: write like worlds as an array"),
        );
    }
    None
}

/// Each world type stands once: a route to it has one meaning.
#[inline]
const fn once(groups: &[Group]) -> Option<Fault> {
    let mut a = 0;
    while a < groups.len() {
        let mut b = a + 1;
        while b < groups.len() {
            if equal(groups[a].desc.path, groups[b].desc.path) {
                let name = groups[a].desc.name;
                return of(
                    b,
                    Text::new()
                        .str("`")
                        .str(name)
                        .str("` is in this coordinator twice: write `[")
                        .str(name)
                        .str("; ")
                        .number(groups[a].count.saturating_add(groups[b].count))
                        .str("]`, or declare a second world with `base = ")
                        .str(name)
                        .str("`"),
                );
            }
            b += 1;
        }
        a += 1;
    }
    None
}

/// Ids are below the number of worlds, and each is one world's.
#[inline]
const fn ids(topology: &Topology<'_>) -> Option<Fault> {
    let total = topology.total();
    let mut world = 0;
    while world < total {
        let (group, member) = topology.locate(world);
        let id = topology.first_id(group) + member;
        if id >= total {
            let text = named(Text::new(), topology, world).str(" has id ").number(id);
            let text = if total == 1 {
                text.str(", but the id of a single world is 0")
            } else {
                text.str(", but the ids of ")
                    .number(total)
                    .str(" worlds are 0 to ")
                    .number(total - 1)
            };
            return of(group, text.str(": write a lower `world_id`"));
        }
        world += 1;
    }
    let mut group = 0;
    while group < topology.groups.len() {
        let mut other = 0;
        while other < group {
            let (a, b) = (topology.first_id(other), topology.first_id(group));
            let id = if a > b { a } else { b };
            if id < a + topology.groups[other].count && id < b + topology.groups[group].count {
                let (first, second) = (&topology.groups[other], &topology.groups[group]);
                let text = named(Text::new(), topology, topology.flat(other, id - a));
                let text = match (first.desc.id, second.desc.id) {
                    (None, Some(_)) | (Some(_), None) => {
                        let text = by(text.str(" has id ").number(id), first).str(", and ");
                        by(named(text, topology, topology.flat(group, id - b)), second)
                    }
                    _ => named(text.str(" and "), topology, topology.flat(group, id - b))
                        .str(" both have id ")
                        .number(id),
                };
                return of_several(text.str(": give each world a `world_id` of its own"));
            }
            other += 1;
        }
        group += 1;
    }
    None
}

/// What gave the worlds of a group their ids.
#[inline]
const fn by(text: Text, group: &Group) -> Text {
    text.str(match group.desc.id {
        Some(_) => " by its `world_id`",
        None => " by its place",
    })
}

/// Each world can hold an entity.
#[inline]
const fn room(groups: &[Group]) -> Option<Fault> {
    let mut group = 0;
    while group < groups.len() {
        let desc = &groups[group].desc;
        if desc.max_entities == 0 {
            return of(
                group,
                Text::new()
                    .str("`")
                    .str(desc.name)
                    .str("` has a `max_entities` of 0, so nothing can be in it: write at least 1"),
            );
        }
        group += 1;
    }
    None
}

/// Queues have a size that works.
#[inline]
const fn queues(groups: &[Group]) -> Option<Fault> {
    let mut group = 0;
    while group < groups.len() {
        let name = groups[group].desc.name;
        let queue = groups[group].desc.queue;
        let text = Text::new().str("`").str(name).str("` has a ");
        if queue.capacity == 0 {
            return of(group, text.str("queue capacity of 0: write a power of two, such as 4096"));
        }
        if queue.capacity > MAX_CAPACITY {
            return of(
                group,
                text.str("queue capacity of ")
                    .number(queue.capacity as usize)
                    .str(", more than 16_777_216: write a lower power of two"),
            );
        }
        if !queue.capacity.is_power_of_two() {
            let lower = 1 << (31 - queue.capacity.leading_zeros());
            return of(
                group,
                text.str("queue capacity of ")
                    .number(queue.capacity as usize)
                    .str(", which is no power of two: write ")
                    .number(lower)
                    .str(" or ")
                    .number(lower * 2),
            );
        }
        if queue.batch_size == 0 {
            return of(group, text.str("batch size of 0: write a number of entities, such as 64"));
        }
        if queue.batch_size > queue.capacity {
            return of(
                group,
                text.str("batch size of ")
                    .number(queue.batch_size as usize)
                    .str(", more than its queue's capacity of ")
                    .number(queue.capacity as usize)
                    .str(": write a `batch_size` of at most the `capacity`"),
            );
        }
        if let OnFull::Spill(0) = queue.on_full {
            return of(group, text.str("spill of 0, which holds nothing: write `retain`"));
        }
        group += 1;
    }
    None
}

/// Targets are in the coordinator, and no world is its own.
#[inline]
const fn targets(topology: &Topology<'_>) -> Option<Fault> {
    let groups = topology.groups;
    let mut group = 0;
    while group < groups.len() {
        let desc = &groups[group].desc;
        let name = desc.name;
        let mut index = 0;
        while let Some(target) = target(&groups[group], index) {
            match topology.resolve(target) {
                None => {
                    let text = Text::new().str("`").str(name).str("` sends to ");
                    return of(group, match target {
                        Target::World(path) => text
                            .str("`")
                            .str(last_segment(path))
                            .str("`, which is not in this coordinator: add it, or take it out of `")
                            .str(name)
                            .str("`"),
                        Target::Id(id) => text
                            .str("the world with id ")
                            .number(id as usize)
                            .str(", but the ids here are 0 to ")
                            .number(topology.total() - 1)
                            .str(": write one of these, or the world's type"),
                    });
                }
                // Other targets that lead back come from a base, where they
                // are meant for the others: they make no edge.
                Some(Destination::World(to))
                    if (desc.itself || index == 0 && desc.routing.default.is_some())
                        && groups[group].count == 1
                        && to == topology.flat(group, 0) =>
                {
                    return of(
                        group,
                        Text::new().str("`").str(name).str("` sends to itself: name another world"),
                    );
                }
                _ => {}
            }
            index += 1;
        }
        group += 1;
    }
    None
}

/// An array that is routed to shares an inbox, which has many receivers.
#[inline]
const fn inboxes(topology: &Topology<'_>) -> Option<Fault> {
    let groups = topology.groups;
    let mut group = 0;
    while group < groups.len() {
        if groups[group].desc.queue.spsc
            && let Some(from) = topology.shared_by(group)
        {
            let name = groups[group].desc.name;
            return of(
                group,
                Text::new()
                    .str("`")
                    .str(groups[from].desc.name)
                    .str("` routes to the array of `")
                    .str(name)
                    .str("`, so its members share an inbox: write `spsc = false` in `")
                    .str(name)
                    .str("`, or name one member by its id"),
            );
        }
        group += 1;
    }
    None
}

/// Each world is reached, or is a source.
#[inline]
const fn reached(topology: &Topology<'_>) -> Option<Fault> {
    let total = topology.total();
    if total == 1 {
        return None;
    }
    let mut reached = WorldBits::EMPTY;
    let mut world = 0;
    while world < total {
        reached = reached.or(topology.successors(world));
        world += 1;
    }
    let mut unreached = WorldBits::range(0, total).and_not(reached);
    while let Some(world) = unreached.first() {
        let (group, _) = topology.locate(world);
        let desc = &topology.groups[group].desc;
        if !(desc.source || desc.role.is_source()) {
            return of(
                group,
                named(Text::new().str("nothing reaches "), topology, world)
                    .str(": send to it, or write `source` if entities originate there"),
            );
        }
        unreached = unreached.without(world);
    }
    None
}

/// What an open world sends to a closed one is declared there.
#[inline]
const fn closed(topology: &Topology<'_>) -> Option<Fault> {
    let groups = topology.groups;
    let mut from = 0;
    while from < groups.len() {
        // All members send to the same groups, apart from their own.
        let reached = topology.successors(topology.flat(from, 0));
        let mut to = 0;
        while to < groups.len() {
            if to != from
                && groups[to].desc.closed
                && reached.and(topology.members(to)).first().is_some()
            {
                first!(declared(&groups[from], &groups[to], to));
            }
            to += 1;
        }
        from += 1;
    }
    None
}

/// A fault of the closed group `to`, whose place is `at`.
#[inline]
const fn declared(from: &Group, to: &Group, at: usize) -> Option<Fault> {
    let text = Text::new()
        .str("`")
        .str(from.desc.name)
        .str("` sends to the closed world `")
        .str(to.desc.name);
    let archetypes = from.desc.archetypes;
    if archetypes.is_empty() && !from.desc.closed {
        return of_several(text.str("` and declares no archetypes: declare in both what is sent"));
    }
    let mut index = 0;
    while index < archetypes.len() {
        if !has(to.desc.archetypes, archetypes[index].mask) {
            let text = text.str("`, which has no archetype `").str(archetypes[index].name).str("(");
            return of(
                at,
                components(text, from, archetypes[index].mask)
                    .str(")`: declare it in `")
                    .str(to.desc.name)
                    .str("`"),
            );
        }
        index += 1;
    }
    None
}

/// Whether an archetype with exactly these components is declared.
#[inline]
const fn has(archetypes: &[ArchetypeDesc], mask: Mask) -> bool {
    let mut index = 0;
    while index < archetypes.len() {
        if archetypes[index].mask == mask {
            return true;
        }
        index += 1;
    }
    false
}

/// The components of the mask, with commas.
#[inline]
const fn components(mut text: Text, group: &Group, mut mask: Mask) -> Text {
    while mask != 0 {
        text = text.str(group.components[mask.trailing_zeros() as usize].name);
        mask &= mask - 1;
        if mask != 0 {
            text = text.str(", ");
        }
    }
    text
}

/// The name of a world in backquotes.
#[inline]
const fn named(text: Text, topology: &Topology<'_>, world: usize) -> Text {
    plain(text.str("`"), topology, world).str("`")
}

/// The name of a world; of a member of an array, with its place.
#[inline]
const fn plain(text: Text, topology: &Topology<'_>, world: usize) -> Text {
    let (group, member) = topology.locate(world);
    let text = text.str(topology.groups[group].desc.name);
    if topology.groups[group].array { text.str("[").number(member).str("]") } else { text }
}

/// The most bytes of what [`plain`] writes.
#[inline]
const fn name_room(topology: &Topology<'_>, world: usize) -> usize {
    let (group, _) = topology.locate(world);
    topology.groups[group].desc.name.len() + "[255] -> ".len()
}
