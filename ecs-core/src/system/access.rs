//! What systems use, as constants, and where two of them would be in each other's way.

use crate::event::EventInfo;
use crate::query::{Access, Fault};
use crate::schema::{ComponentInfo, Mask};
use crate::text::{Text, equal, last_segment};

/// What a system, or one of its parameters, may use of its world.
#[derive(Clone, Copy, Debug)]
pub struct SystemAccess {
    /// The components.
    pub components: Access,
    /// What each entity has whose components are used.
    pub with: Mask,
    /// What none of them has.
    pub without: Mask,
    /// The events.
    pub events: EventUse,
    /// The resource, of a parameter that is one.
    pub resource: Option<ResourceUse>,
    /// Whether the world is looked at in any way.
    pub shares: bool,
    /// Whether all of the world is used, so that nobody else can use it.
    pub alone: bool,
    /// Whether commands are written.
    pub commands: bool,
    /// What it is made of.
    pub parts: &'static [&'static SystemAccess],
}

/// How events are used, by their bits.
#[derive(Clone, Copy, Debug)]
pub struct EventUse {
    /// Those that are read.
    pub read: Mask,
    /// Those that are sent.
    pub write: Mask,
    /// All of the schema, if any is used.
    pub known: &'static [EventInfo],
}

impl EventUse {
    /// Nothing.
    pub const NONE: Self = Self { read: 0, write: 0, known: &[] };

    #[inline]
    const fn and(self, other: Self) -> Self {
        let known = if self.known.is_empty() { other.known } else { self.known };
        Self { read: self.read | other.read, write: self.write | other.write, known }
    }

    #[inline]
    const fn clash(&self, other: &Self) -> Option<Clash> {
        let both = self.write & (other.read | other.write) | other.write & self.read;
        match both {
            0 => None,
            _ => Some(Clash::Event(self.known[both.trailing_zeros() as usize].name)),
        }
    }

    /// The names of the events of a mask.
    pub(crate) fn names(&self, mask: Mask) -> impl Iterator<Item = &'static str> {
        crate::memory::bits(mask).map(|index| self.known[index].name)
    }
}

/// How a parameter uses a resource.
#[derive(Clone, Copy, Debug)]
pub struct ResourceUse {
    /// The resource's path.
    pub name: &'static str,
    /// Whether it is written.
    pub write: bool,
}

/// What two systems, or two parameters of one, can't use at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// All of the world.
    World,
    /// The component with this index.
    Component(usize),
    /// The event with this name.
    Event(&'static str),
    /// The resource with this path.
    Resource(&'static str),
    /// The commands of one system.
    Commands,
}

impl SystemAccess {
    /// Nothing.
    pub const NONE: Self = Self {
        components: Access::NONE,
        with: 0,
        without: 0,
        events: EventUse::NONE,
        resource: None,
        shares: false,
        alone: false,
        commands: false,
        parts: &[],
    };

    /// All of the world, and commands.
    pub const ALONE: Self = Self { shares: true, alone: true, commands: true, ..Self::NONE };

    /// These components, of entities that have all of `with` and none of `without`.
    #[inline]
    pub const fn of_components(components: Access, with: Mask, without: Mask) -> Self {
        Self { components, with, without, shares: true, ..Self::NONE }
    }

    /// This resource.
    #[inline]
    pub const fn of_resource(name: &'static str, write: bool) -> Self {
        Self { resource: Some(ResourceUse { name, write }), shares: true, ..Self::NONE }
    }

    /// These events.
    #[inline]
    pub const fn of_events(events: EventUse) -> Self {
        Self { events, shares: true, ..Self::NONE }
    }

    /// All of these at once.
    #[inline]
    pub const fn of_parts(parts: &'static [&'static Self]) -> Self {
        let mut whole = Self { parts, ..Self::NONE };
        let mut index = 0;
        while index < parts.len() {
            let part = parts[index];
            whole.components = whole.components.and(part.components);
            whole.events = whole.events.and(part.events);
            whole.shares |= part.shares;
            whole.alone |= part.alone;
            whole.commands |= part.commands;
            index += 1;
        }
        whole
    }

    /// Whether something of the world is written.
    #[inline]
    pub const fn writes(&self) -> bool {
        if self.alone || self.components.write != 0 || self.events.write != 0 {
            return true;
        }
        if let Some(ResourceUse { write: true, .. }) = self.resource {
            return true;
        }
        let mut index = 0;
        while index < self.parts.len() {
            if self.parts[index].writes() {
                return true;
            }
            index += 1;
        }
        false
    }

    /// What can't be used by both at once, commands aside.
    #[inline]
    pub const fn clash(&self, other: &Self) -> Option<Clash> {
        if (self.alone && other.shares) || (other.alone && self.shares) {
            return Some(Clash::World);
        }
        if let Some(clash) = self.component_clash(other) {
            return Some(clash);
        }
        if let Some(clash) = self.events.clash(&other.events) {
            return Some(clash);
        }
        self.resource_clash(other)
    }

    #[inline]
    const fn component_clash(&self, other: &Self) -> Option<Clash> {
        let (a, b) = (self.components, other.components);
        let both = a.write & (b.read | b.write) | b.write & a.read;
        let disjoint = (self.with & other.without) | (self.without & other.with) != 0;
        if both == 0 || disjoint {
            return None;
        }
        // Of several queries, two may be of other entities.
        let (whole, parts) = if self.parts.is_empty() { (self, other) } else { (other, self) };
        if parts.parts.is_empty() {
            return Some(Clash::Component(both.trailing_zeros() as usize));
        }
        let mut index = 0;
        while index < parts.parts.len() {
            if let Some(clash) = whole.component_clash(parts.parts[index]) {
                return Some(clash);
            }
            index += 1;
        }
        None
    }

    #[inline]
    const fn resource_clash(&self, other: &Self) -> Option<Clash> {
        if let Some(resource) = self.resource
            && other.clashes_with_resource(resource)
        {
            return Some(Clash::Resource(resource.name));
        }
        let mut index = 0;
        while index < self.parts.len() {
            if let Some(clash) = self.parts[index].resource_clash(other) {
                return Some(clash);
            }
            index += 1;
        }
        None
    }

    #[inline]
    const fn clashes_with_resource(&self, used: ResourceUse) -> bool {
        if let Some(own) = self.resource
            && (own.write || used.write)
            && equal(own.name, used.name)
        {
            return true;
        }
        let mut index = 0;
        while index < self.parts.len() {
            if self.parts[index].clashes_with_resource(used) {
                return true;
            }
            index += 1;
        }
        false
    }

    /// What two of the parts can't use at once, or one part can't by itself.
    #[inline]
    pub const fn own_clash(&self) -> Option<Clash> {
        let mut index = 0;
        while index < self.parts.len() {
            let part = self.parts[index];
            if let Some(clash) = part.own_clash() {
                return Some(clash);
            }
            let mut other = index + 1;
            while other < self.parts.len() {
                let other_part = self.parts[other];
                if let Some(clash) = part.clash(other_part) {
                    return Some(clash);
                }
                if part.commands && other_part.commands {
                    return Some(Clash::Commands);
                }
                other += 1;
            }
            index += 1;
        }
        None
    }

    /// Why one of the queries can't be asked by itself.
    #[inline]
    const fn fault(&self) -> Option<Fault> {
        if self.parts.is_empty() {
            return self.components.fault;
        }
        let mut fault = None;
        let mut index = 0;
        while index < self.parts.len() {
            fault = Fault::either(fault, self.parts[index].fault());
            index += 1;
        }
        fault
    }

    /// Calls `each` with every resource that is used.
    pub fn for_each_resource(&self, each: &mut impl FnMut(ResourceUse)) {
        self.resource.into_iter().for_each(&mut *each);
        for part in self.parts {
            part.for_each_resource(each);
        }
    }
}

/// Fails to compile where [`IntoSystem::CHECKED`](super::IntoSystem::CHECKED) says so.
#[inline]
pub(super) const fn assert_sound(access: &SystemAccess, components: &[ComponentInfo]) {
    Fault::assert_none(access.fault(), components);
    let Some(clash) = access.own_clash() else { return };
    let text = Text::new().str("two parameters of this system use ");
    let text = match clash {
        Clash::World => text.str(
            "the world, one of them all of it: take `&mut World` alone, or ask for what you need",
        ),
        Clash::Component(index) => text
            .str("component `")
            .str(components[index].name)
            .str("`, at least one of them to write it: ask for it in one query, or for other entities in each, by `With` and `Without` of a component that is not sparse"),
        Clash::Event(name) => text
            .str("event `")
            .str(name)
            .str("`, at least one of them to send it: ask for one writer alone, or read and send in two systems"),
        Clash::Resource(name) => text
            .str("resource `")
            .str(last_segment(name))
            .str("`, at least one of them to write it: ask for it once"),
        Clash::Commands => text.str("its commands: ask for them once"),
    };
    panic!("{}", text.as_str())
}

/// The names of the components of a mask.
pub(crate) fn names(
    components: &'static [ComponentInfo],
    mask: Mask,
) -> impl Iterator<Item = &'static str> {
    crate::memory::bits(mask).map(|index| components[index].name)
}
