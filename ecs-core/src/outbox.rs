//! Which entities want to leave a world.

use alloc::vec::Vec;

use crate::entities::{Entities, NONE};
use crate::entity::Entity;
use crate::kept::kept;

/// Marks an entity to go to another world at the end of the tick.
///
/// Inserted, removed and filtered by like a component, but kept in the world's
/// outbox: it has no index in the schema, and inserting it moves nothing.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Message(String);
/// # #[world_config(components(Message))] struct Base;
/// #[world_config(base = Base, source, targets(Archive))]
/// struct Inbox;
/// #[world_config(base = Base)]
/// struct Archive;
/// coordinator!(type Mail = (Inbox, Archive));
///
/// let mut mail = Mail::new();
/// mail.start()?;
/// let archive = Mail::id_of::<Archive>();
/// let inbox = mail.world_mut::<Inbox>();
/// let message = inbox.spawn(Message("hello".to_owned()))?;
/// inbox.insert(message, TransferMarker { priority: true, ..TransferMarker::to(archive) })?;
/// assert_eq!(inbox.view_filtered::<Entity, With<TransferMarker>>().count(), 1);
/// mail.tick()?;
/// assert!(mail.world::<Archive>().contains(message));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferMarker {
    /// The id of the world to go to.
    pub target_world: u16,
    /// Goes before unprioritised entities.
    pub priority: bool,
    /// `false`: a copy goes, with an id of its own, and the entity stays.
    pub destroy_on_transfer: bool,
}

impl TransferMarker {
    /// To the world with this id, by move, without priority.
    pub fn to(target_world: impl TargetId) -> Self {
        Self { target_world: target_world.get(), priority: false, destroy_on_transfer: true }
    }
}

/// The id of a world to go to: a `u16`, which a coordinator has for each of its worlds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the id of a world",
    label = "an id is a `u16`",
    note = "the coordinator `Server` has that of its world `Audit` as `Server::id_of::<Audit>()`"
)]
pub trait TargetId {
    /// The id.
    fn get(self) -> u16;
}

impl TargetId for u16 {
    fn get(self) -> u16 {
        self
    }
}

impl From<u16> for TransferMarker {
    /// As [`to`](Self::to).
    fn from(target_world: u16) -> Self {
        Self::to(target_world)
    }
}

/// Why an entity is in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Goes where its marker says.
    Marked(TransferMarker),
    /// Goes where routing says.
    Completed,
    /// Goes with all its descendants where the marker says, together or not at all.
    Tree(TransferMarker),
}

impl Request {
    /// Whether the entity itself goes, and no copy of it.
    pub(crate) const fn moves(&self) -> bool {
        match self {
            Self::Marked(marker) | Self::Tree(marker) => marker.destroy_on_transfer,
            Self::Completed => true,
        }
    }
}

/// An entity in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The entity.
    pub entity: Entity,
    /// Why it is there.
    pub request: Request,
}

/// Parcels in the order in which they were put. An entity's slot holds the
/// place of its parcel; one that was taken out leaves a gap until the next
/// dispatch.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    parcels: Vec<Option<Parcel>>,
    gaps: usize,
    /// Tables that leave as a whole, each once, in order.
    swept: Vec<(u32, Request)>,
}

kept! {
    /// As a part of a world.
    pub(crate) struct KeptOutbox(Outbox);
}

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.parcels.len() - self.gaps
    }

    /// In order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter().flatten()
    }

    /// Why an entity that is here wants to leave, if it does.
    #[inline]
    pub(crate) fn request(&self, entities: &Entities, entity: Entity) -> Option<Request> {
        if self.parcels.is_empty() {
            return None;
        }
        let parcel = self.parcels.get(entities.outbox(entity) as usize)?.as_ref();
        parcel.map(|parcel| parcel.request)
    }

    /// Puts an entity that is here; a marker, of its tree too, replaces what was asked before, a
    /// completion leaves a marker in force.
    pub(crate) fn put(&mut self, entities: &mut Entities, parcel: Parcel) {
        let place = entities.outbox(parcel.entity);
        if place == NONE {
            // Removed and put again and again within a tick: gaps don't pile up.
            if self.gaps > 64 && self.gaps > self.parcels.len() / 2 {
                self.compact(entities);
            }
            let place = u32::try_from(self.parcels.len()).expect("fewer than 2^32 residents");
            entities.set_outbox(parcel.entity, place);
            self.parcels.push(Some(parcel));
        } else if matches!(parcel.request, Request::Marked(_) | Request::Tree(_)) {
            self.parcels[place as usize] = Some(parcel);
        }
    }

    /// Takes out an entity that is here; answers why it was there, if it was.
    #[inline]
    pub(crate) fn take(&mut self, entities: &mut Entities, entity: Entity) -> Option<Request> {
        if self.parcels.is_empty() {
            return None;
        }
        let parcel = self.parcels.get_mut(entities.outbox(entity) as usize)?.take()?;
        entities.set_outbox(entity, NONE);
        self.gaps += 1;
        if self.gaps == self.parcels.len() {
            self.parcels.clear();
            self.gaps = 0;
        }
        Some(parcel.request)
    }

    /// Puts a table; a marker replaces what was asked before, a completion leaves a marker in
    /// force.
    pub(crate) fn sweep(&mut self, table: u32, request: Request) {
        match self.swept.iter_mut().find(|(swept, _)| *swept == table) {
            Some(swept) if request != Request::Completed => swept.1 = request,
            Some(_) => {}
            None => self.swept.push((table, request)),
        }
    }

    /// The tables that leave as a whole.
    pub(crate) fn swept(&self) -> &[(u32, Request)] {
        &self.swept
    }

    /// Takes out the table that was put last.
    pub(crate) fn pop_swept(&mut self) -> Option<(u32, Request)> {
        self.swept.pop()
    }

    fn compact(&mut self, entities: &mut Entities) {
        self.parcels.retain(Option::is_some);
        self.gaps = 0;
        for (place, parcel) in self.parcels.iter().flatten().enumerate() {
            entities.set_outbox(parcel.entity, place as u32);
        }
    }

    /// Moves all parcels to `out`; their entities are in the outbox no more.
    pub(crate) fn drain_into(&mut self, entities: &mut Entities, out: &mut Vec<Parcel>) {
        for parcel in self.parcels.drain(..).flatten() {
            entities.set_outbox(parcel.entity, NONE);
            out.push(parcel);
        }
        self.gaps = 0;
    }
}
