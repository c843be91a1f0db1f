//! Where an entity is: what a world knows for sure, and what it has heard of others.

use alloc::boxed::Box;
use core::fmt;

use crate::config::WorldConfig;
use crate::entities::Entities;
use crate::entity::Entity;
use crate::error::EntityError;
use crate::system::{MissingResource, SystemAccess, SystemContext, SystemParam};

/// Where an entity is, as one world knows it: see
/// [`World::locate`](crate::world::World::locate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// In this world, for sure.
    Here,
    /// Nowhere any more, for sure: no id is ever given twice.
    Dead,
    /// Not in this world, for sure. Where else is a hint: while the worlds tick on other
    /// threads, the entity may have moved on.
    Elsewhere(Whereabouts),
}

/// Where an entity was when it was last heard of. With a coordinator at rest, or ticked by
/// hand, its [`locate`](crate::world::World::locate) says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whereabouts {
    /// In the world with this id.
    At(u16),
    /// It was sent to the world with this id: it is on its way, or there by now.
    SentTo(u16),
    /// It was sent to an array whose members share an inbox; this is the id of the first.
    /// The one that takes it in is not known yet.
    SentToArray(u16),
    /// It has not left the world that it was born in, which has this id: it is there, or
    /// has died there.
    AtHome(u16),
    /// It has died.
    Dead,
    /// Nothing is known: it is of another coordinator, was taken out by hand, or this
    /// world is on its own.
    Unknown,
}

impl Whereabouts {
    /// The world to ask next, if one is known.
    pub const fn world(self) -> Option<u16> {
        match self {
            Self::At(world) | Self::SentTo(world) | Self::AtHome(world) => Some(world),
            Self::SentToArray(_) | Self::Dead | Self::Unknown => None,
        }
    }
}

impl fmt::Display for Whereabouts {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(world) => write!(f, "in world {world}"),
            Self::SentTo(world) => write!(f, "sent to world {world}"),
            Self::SentToArray(world) => write!(f, "sent to the array from world {world} on"),
            Self::AtHome(world) => write!(f, "in world {world}, where it was born, or dead"),
            Self::Dead => f.write_str("dead"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for Location {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("here"),
            Self::Dead => f.write_str("dead"),
            Self::Elsewhere(hint) => write!(f, "elsewhere: {hint}, when last heard of"),
        }
    }
}

/// What the worlds of a coordinator tell each other of their entities' moves. The
/// coordinator gives it to its worlds.
pub trait Directory: Send + Sync {
    /// Where the entity was when it was last heard of.
    fn whereabouts(&self, entity: Entity) -> Whereabouts;

    /// The entity was put into the world with this id by hand.
    fn put_in(&self, entity: Entity, world: u16);

    /// As [`put_in`](Self::put_in), for many.
    fn put_all_in(&self, entities: &[Entity], world: u16);
}

/// A world's directory, if it has one.
pub(crate) type WorldDirectory = Option<Box<dyn Directory>>;

/// Says where entities are: [`World::locate`](crate::world::World::locate) as a parameter
/// of systems, to which it is no obstacle to run at the same time as others.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// use static_ecs::location::{Location, Whereabouts};
/// # #[derive(Component)] struct Job(u64);
/// # #[derive(Component)] struct Follows(Entity);
/// # #[world_config(components(Job, Follows))] struct Base;
/// # #[world_config(base = Base, source, routing(default_target = Work))] struct Source;
/// # #[world_config(base = Base)] struct Work;
/// # coordinator!(type Pair = (Source, Work));
/// fn watch(locator: Locator, follows: Query<Base, &Follows>) {
///     for Follows(entity) in follows.iter() {
///         match locator.locate(*entity) {
///             Location::Here => println!("{entity} is here"),
///             Location::Dead => println!("{entity} is dead"),
///             Location::Elsewhere(hint) => println!("{entity} is elsewhere: {hint}"),
///         }
///     }
/// }
///
/// let mut pair = Pair::new();
/// pair.add_system::<Source, _>(watch);
/// let source = pair.world_mut::<Source>();
/// let job = source.spawn(Job(1))?;
/// source.spawn(Follows(job))?;
/// source.complete(job)?;
/// pair.start()?;
/// pair.tick()?;
/// let work = Pair::id_of::<Work>();
/// let hint = Location::Elsewhere(Whereabouts::SentTo(work));
/// assert_eq!(pair.world::<Source>().locate(job), hint);
/// assert_eq!(pair.world::<Work>().locate(job), Location::Here);
/// assert_eq!(pair.locate(job), Whereabouts::At(work)); // By hand, this is no hint.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Locator<'w> {
    entities: &'w Entities,
    directory: Option<&'w dyn Directory>,
}

impl<'w> Locator<'w> {
    pub(crate) fn new(entities: &'w Entities, directory: &'w WorldDirectory) -> Self {
        Self { entities, directory: directory.as_deref() }
    }

    /// Where the entity is: see [`World::locate`](crate::world::World::locate).
    pub fn locate(&self, entity: Entity) -> Location {
        match self.entities.find(entity) {
            Ok(_) => Location::Here,
            Err(EntityError::Dead(_)) => Location::Dead,
            Err(EntityError::NotHere(_)) => self.elsewhere(entity),
        }
    }

    fn elsewhere(&self, entity: Entity) -> Location {
        let Some(directory) = self.directory else {
            return Location::Elsewhere(Whereabouts::Unknown);
        };
        match directory.whereabouts(entity) {
            Whereabouts::Dead => Location::Dead,
            // It was taken out of here by hand.
            Whereabouts::AtHome(_) if entity.origin() == self.entities.origin() => {
                Location::Elsewhere(Whereabouts::Unknown)
            }
            hint => Location::Elsewhere(hint),
        }
    }

    /// The id of the world that asks; `None` for a world on its own.
    pub(crate) fn world(&self) -> Option<u16> {
        self.entities.origin().checked_sub(1)
    }
}

impl fmt::Debug for Locator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locator").field("world", &self.world()).finish_non_exhaustive()
    }
}

// SAFETY: it is read where entities are, which nobody changes who has not all of the
// world, and the directory, which is shared by threads as it is.
unsafe impl<W: WorldConfig> SystemParam<W> for Locator<'_> {
    type State = ();
    type Item<'w, 's> = Locator<'w>;
    const ACCESS: SystemAccess = SystemAccess { shares: true, ..SystemAccess::NONE };

    fn state() {}

    unsafe fn get<'w>(
        (): &mut (),
        context: SystemContext<'w, W>,
    ) -> Result<Locator<'w>, MissingResource> {
        // SAFETY: nobody has all of the world.
        Ok(unsafe { context.world() }.locator())
    }
}
