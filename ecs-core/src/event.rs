//! What happened in a world, told to whoever reads it. This file: what is declared of
//! events.

mod channel;
mod post;
mod ring;
mod store;

use core::fmt;
use core::marker::PhantomData;

use crate::schema::{Mask, Schema};

pub(crate) use channel::{Channel, target_of};
pub(crate) use post::Targets;
pub use post::{MAX_FORWARDS, MAX_WAITS, Parcel};
pub use ring::{EventCounts, EventCursor, EventIter, Events};
pub use store::EventStore;

/// The most event types that one schema can hold.
pub const MAX_EVENTS: usize = Mask::BITS as usize;

/// The most events of one type in a world, if the schema says nothing.
pub const DEFAULT_CAPACITY: u32 = 1024;

/// The most events of one type that a world is made for.
pub const MAX_CAPACITY: u32 = 1 << 24;

/// Something that happened. Implemented with `#[derive(Event)]`.
///
/// A world keeps the events of a type in the order in which they were sent. Any number
/// of readers look at them, each with a [cursor](EventCursor) of its own, until the end
/// of the run of the schedule after the one in which they were sent: a system that reads
/// in each run sees each of them once, whether it runs before or after the one that
/// sends.
///
/// An event owns its data and may go to another thread. It is moved, and dropped
/// exactly once.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Health(i32);
/// #[derive(Event)]
/// struct Damage { target: Entity, amount: i32 }
///
/// #[derive(Event)]
/// struct Died(Entity);
///
/// #[world_config(
///     components(Health),
///     events(Damage, Died(capacity = 64, on_full = drop_oldest)),
/// )]
/// struct Arena;
///
/// let mut arena = World::<Arena>::new();
/// let hero = arena.spawn(Health(5))?;
/// arena.send(Damage { target: hero, amount: 7 })?;
///
/// let mut cursor = EventCursor::new();
/// let hits: i32 = arena.events::<Damage>().read(&mut cursor).map(|damage| damage.amount).sum();
/// assert_eq!(hits, 7);
/// assert_eq!(arena.events::<Damage>().read(&mut cursor).count(), 0); // each of them once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "put `#[derive(Event)]` on `{Self}` and list it in the `events(...)` of its `#[world_config]`"
)]
pub trait Event: Send + Sized + 'static {}

/// What happens to an event of which a world holds as many as the schema allows:
/// `events(Damage(on_full = drop_oldest))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Overflow {
    /// It is handed back to the one who sends it.
    #[default]
    Refuse,
    /// The oldest is dropped and counted; readers learn that they missed it.
    DropOldest,
}

/// As it is written in an attribute.
impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Overflow::Refuse => "refuse",
            Overflow::DropOldest => "drop_oldest",
        })
    }
}

/// What a schema declares of one event type.
#[derive(Clone, Copy, Debug)]
pub struct EventInfo {
    /// The event's name as written in the schema.
    pub name: &'static str,
    /// The most events of this type in a world; as many again may wait to leave it for
    /// one other world, be on their way to it, and wait in it for the entity that they are
    /// to.
    pub capacity: u32,
    /// What happens to one more.
    pub overflow: Overflow,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Size in bytes on its way to another world, with whom it is to.
    pub parcel_size: usize,
}

impl EventInfo {
    /// Describes `E`. It need be no event: that it is none is told where it is listed, and so
    /// once.
    ///
    /// # Panics
    /// If the capacity is 0 or above 2^24: in a constant, when it is compiled.
    #[doc(hidden)]
    pub const fn new<E>(name: &'static str, capacity: u32, overflow: Overflow) -> Self {
        assert!(capacity > 0, "an event's `capacity` is at least 1: raise it");
        assert!(capacity <= MAX_CAPACITY, "an event's `capacity` is at most 2^24: lower it");
        Self {
            name,
            capacity,
            overflow,
            size: size_of::<E>(),
            align: align_of::<E>(),
            parcel_size: size_of::<Parcel<E>>(),
        }
    }
}

/// The schema has the event `E`.
///
/// # Safety
/// `INDEX` is `E`'s place in [`Schema::EVENTS`], and no other event's.
#[diagnostic::on_unimplemented(
    message = "event `{E}` is not in the schema `{Self}`",
    label = "not an event of `{Self}`",
    note = "list `{E}` in the `events(...)` of `{Self}`'s `#[world_config]`: a type with `#[derive(Event)]`"
)]
pub unsafe trait HasEvent<E: Event>: Schema {
    /// The event's index.
    const INDEX: usize;
}

/// The event is in the schema `S`: [`HasEvent`], said of the event. What is sent is known by its
/// value, and the compiler looks at that before it asks whether the schema has it; of the schema
/// it would ask first, and name no event, or the one that is listed.
///
/// # Safety
/// `INDEX` is the event's place in [`Schema::EVENTS`], and no other event's.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` is not in the schema `{S}`",
    label = "not an event of `{S}`",
    note = "list `{Self}` in the `events(...)` of `{S}`'s `#[world_config]`: a type with `#[derive(Event)]`"
)]
pub unsafe trait EventOf<S: Schema>: Event {
    /// The event's index.
    const INDEX: usize;
    /// The event's bit.
    const BIT: Mask = 1 << Self::INDEX;
    /// What is declared of it.
    const INFO: EventInfo = S::EVENTS[Self::INDEX];
}

// Or the compiler would tell of what is no event twice.
#[diagnostic::do_not_recommend]
// SAFETY: the schema promises the same.
unsafe impl<S: HasEvent<E>, E: Event> EventOf<S> for E {
    const INDEX: usize = <S as HasEvent<E>>::INDEX;
}

/// Shows an event of a schema to a visitor.
///
/// With [`NoEvent`] in scope, it shows none where the type is no event: the compiler complains
/// of that where it is listed, and so once.
#[doc(hidden)]
#[derive(Debug)]
pub struct Shown<S, E>(PhantomData<(S, E)>);

impl<S: HasEvent<E>, E: Event> Shown<S, E> {
    /// Shows the event.
    pub fn to<V: EventVisitor<S>>(visitor: &mut V) {
        visitor.event::<E>();
    }
}

/// What [`Shown`] does with a type that is no event.
#[doc(hidden)]
pub trait NoEvent {
    /// Shows nothing.
    fn to<V>(_: &mut V) {}
}
impl<S, E> NoEvent for Shown<S, E> {}

/// Is shown each event type of a schema in order.
pub trait EventVisitor<S: Schema> {
    /// An event type.
    fn event<E: Event>(&mut self)
    where
        S: HasEvent<E>;
}
