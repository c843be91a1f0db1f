//! Events to entities: where they go next, and those that wait here for their entity.
//!
//! # Protocol
//!
//! An event to an entity that is not here goes the shortest way over edges to the world
//! that the entity was last heard of in. Where it comes through, it is in the [`Post`]
//! until entities have come in, too; then the world looks again where the entity is.
//!
//! - **Here**: the event is one of the world's own from now on.
//! - **Elsewhere**: it goes on. Each time that it is sent after the entity to another
//!   world than before counts: after [`MAX_FORWARDS`] of them it is given up. On the way
//!   to one world, each edge leads nearer; so the number of edges is bounded as well.
//! - **On its way here**, or nobody knows yet which member of an array takes it in: it
//!   waits. So it does while there is no room where it goes. After [`MAX_WAITS`] ticks it
//!   is given up, so that no circle of full queues stands for ever.
//! - **Dead**, or nobody knows where: it is given up. An entity that was taken out by hand
//!   is taken to be on its way to where it was sent last.
//! - **Full**: where as many wait as an event's `capacity`, others of that type wait in
//!   their queues behind them.

use alloc::collections::VecDeque;

use super::Event;
use super::channel::{Channel, EventTarget};
use crate::entity::Entity;
use crate::error::{EntityError, Refusal, Refused};
use crate::location::{Location, Locator, Whereabouts};

/// How often an event follows its entity to another world before it is given up.
pub const MAX_FORWARDS: u8 = 16;
/// For how many ticks of a world an event waits there, for its entity or for room, before
/// it is given up.
pub const MAX_WAITS: u32 = 1 << 16;

/// To whom an event goes.
#[derive(Clone, Copy, Debug)]
struct Address {
    entity: Entity,
    /// The world that it goes to.
    world: u16,
    forwards: u8,
    waits: u32,
}

impl Address {
    fn new(entity: Entity, world: u16) -> Self {
        Self { entity, world, forwards: 0, waits: 0 }
    }
}

/// An event on its way to another world, or to an entity wherever it is: for those who
/// carry events between worlds.
#[derive(Debug)]
pub struct Parcel<E> {
    event: E,
    /// `None` to whoever reads events in the next world.
    address: Option<Address>,
}

impl<E> Parcel<E> {
    /// To nobody in particular: it is told in the next world.
    pub fn to_world(event: E) -> Self {
        Self { event, address: None }
    }

    /// The event.
    pub fn event(&self) -> &E {
        &self.event
    }

    /// The entity that it is to.
    pub fn entity(&self) -> Option<Entity> {
        self.address.map(|address| address.entity)
    }

    /// The event, without whom it is to.
    pub fn into_event(self) -> E {
        self.event
    }

    /// The event, if it is to nobody in particular.
    pub(super) fn open(self) -> Result<E, Letter<E>> {
        match self.address {
            None => Ok(self.event),
            Some(address) => Err(Letter { event: self.event, address }),
        }
    }
}

/// An event to an entity.
pub(super) struct Letter<E> {
    event: E,
    address: Address,
}

impl<E> Letter<E> {
    /// To one that is on its way here, or to one of an array.
    fn new(event: E, entity: Entity) -> Self {
        Self { event, address: Address::new(entity, NOWHERE) }
    }

    /// Ready for the next edge.
    fn into_parcel(self) -> Parcel<E> {
        Parcel { event: self.event, address: Some(Address { waits: 0, ..self.address }) }
    }
}

/// The id of no world.
const NOWHERE: u16 = u16::MAX;

/// The worlds that events can go to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Targets<'a> {
    /// Those that an edge leads to, by id.
    pub(crate) near: &'a [EventTarget],
    /// By world id: the place among `near` where the shortest way begins.
    pub(crate) ways: &'a [Option<u16>],
}

impl Targets<'_> {
    /// The place of a world that an edge leads to.
    pub(super) fn place_of(&self, target: u16) -> Option<usize> {
        self.near.binary_search_by_key(&target, |known| known.id).ok()
    }
}

/// Where an event to an entity goes now.
enum Next {
    /// The entity is here.
    Here,
    Dead,
    /// Nobody knows where it is.
    Unknown,
    /// It is on its way here, or to one of an array.
    Wait,
    /// To the world with this id, the way to which begins at this place.
    Out {
        world: u16,
        place: usize,
    },
    /// No way leads to the world with this id.
    NoWay {
        world: u16,
    },
}

fn next(locator: Locator<'_>, targets: Targets<'_>, entity: Entity) -> Next {
    let hint = match locator.locate(entity) {
        Location::Here => return Next::Here,
        Location::Dead => return Next::Dead,
        Location::Elsewhere(hint) => hint,
    };
    match hint.world() {
        Some(world) if locator.world() == Some(world) => Next::Wait,
        Some(world) => match targets.ways.get(world as usize).copied().flatten() {
            Some(place) => Next::Out { world, place: place as usize },
            None => Next::NoWay { world },
        },
        None if matches!(hint, Whereabouts::SentToArray(_)) => Next::Wait,
        None => Next::Unknown,
    }
}

/// Events to entities that have come here, or wait here for their entity.
pub(super) struct Post<E> {
    letters: VecDeque<Letter<E>>,
    capacity: usize,
}

impl<E> Post<E> {
    pub(super) const fn new(capacity: u32) -> Self {
        Self { letters: VecDeque::new(), capacity: capacity as usize }
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.letters.len() < self.capacity
    }

    /// Puts one in, for which there is room.
    pub(super) fn push(&mut self, letter: Letter<E>) {
        debug_assert!(self.has_room());
        self.letters.push_back(letter);
    }

    pub(super) fn shrink(&mut self) {
        self.letters.shrink_to_fit();
    }
}

impl<E: Event> Channel<E> {
    /// Puts an event in line for an entity, or says why not.
    pub(crate) fn send_to_entity(
        &mut self,
        locator: Locator<'_>,
        targets: Targets<'_>,
        entity: Entity,
        event: E,
    ) -> Result<(), Refused<E>> {
        let why = match next(locator, targets, entity) {
            Next::Here => return self.send(event),
            Next::Wait if self.post.has_room() => {
                self.post.push(Letter::new(event, entity));
                return Ok(());
            }
            Next::Wait => self.full(),
            Next::Out { world, place } => {
                let letter = Letter { event, address: Address::new(entity, world) };
                return self.push_away(targets, place, letter.into_parcel());
            }
            Next::Dead => Refusal::Entity(EntityError::Dead(entity)),
            Next::Unknown => Refusal::Entity(EntityError::NotHere(entity)),
            Next::NoWay { world } => {
                self.note_unreached(world);
                Refusal::NoEdge { target: world }
            }
        };
        Err(Refused::new(event, why))
    }

    /// Looks where those in the post go now, and sends them on, in their order.
    pub(super) fn sort_letters(&mut self, locator: Locator<'_>, targets: Targets<'_>) {
        for _ in 0..self.post.len() {
            let Some(mut letter) = self.post.letters.pop_front() else { return };
            let Address { entity, world: last, .. } = letter.address;
            match next(locator, targets, entity) {
                Next::Here if self.events.has_room() => {
                    // One that has waited here was sent here.
                    match last {
                        NOWHERE => _ = self.events.push(letter.event),
                        _ => self.events.arrive(letter.event),
                    }
                    continue;
                }
                // Room comes with each run.
                Next::Here => {
                    self.post.push(letter);
                    continue;
                }
                Next::Out { world, place } => {
                    letter.address.forwards += u8::from(world != last);
                    letter.address.world = world;
                    if letter.address.forwards > MAX_FORWARDS {
                        self.overdue = true;
                        self.give_up(letter);
                        continue;
                    }
                    if self.has_room_away(place) {
                        let _ = self.push_away(targets, place, letter.into_parcel());
                        continue;
                    }
                }
                Next::Wait => {}
                // In lock-step it may have been queued in the last tick.
                Next::Unknown if letter.address.waits == 0 => {}
                Next::Dead | Next::Unknown => {
                    self.give_up(letter);
                    continue;
                }
                Next::NoWay { world } => {
                    self.tell_unreached(world);
                    self.give_up(letter);
                    continue;
                }
            }
            letter.address.waits += 1;
            if letter.address.waits > MAX_WAITS {
                self.overdue = true;
                self.give_up(letter);
            } else {
                self.post.push(letter);
            }
        }
    }

    fn give_up(&mut self, letter: Letter<E>) {
        self.undelivered += 1;
        // Last, since its drop may panic.
        drop(letter);
    }
}
