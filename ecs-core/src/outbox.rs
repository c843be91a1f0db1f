//! Which entities want to leave a world.

use alloc::vec::Vec;

use crate::entities::{Entities, NONE};
use crate::entity::Entity;

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
/// let archive = mail.id_of::<Archive>();
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
    pub const fn to(target_world: u16) -> Self {
        Self { target_world, priority: false, destroy_on_transfer: true }
    }
}

/// Why an entity is in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Goes where its marker says.
    Marked(TransferMarker),
    /// Goes where routing says.
    Completed,
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
}

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.parcels.len() - self.gaps
    }

    /// In order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter().flatten()
    }

    /// The parcel at the place that a slot holds.
    pub(crate) fn get(&self, place: u32) -> Option<&Parcel> {
        self.parcels.get(place as usize)?.as_ref()
    }

    /// Puts an entity that is here; a marker replaces what was asked before, a
    /// completion leaves a marker in force.
    pub(crate) fn put(&mut self, entities: &mut Entities, parcel: Parcel) {
        let slot = entities.slot_mut(parcel.entity);
        if slot.outbox == NONE {
            // Removed and put again and again within a tick: gaps don't pile up.
            if self.gaps > 64 && self.gaps > self.parcels.len() / 2 {
                self.compact(entities);
            }
            entities.slot_mut(parcel.entity).outbox =
                u32::try_from(self.parcels.len()).expect("fewer than 2^32 residents");
            self.parcels.push(Some(parcel));
        } else if matches!(parcel.request, Request::Marked(_)) {
            self.parcels[slot.outbox as usize] = Some(parcel);
        }
    }

    /// Takes out the parcel at the place that an entity's slot held.
    pub(crate) fn take(&mut self, place: u32) -> Option<Parcel> {
        let parcel = self.parcels.get_mut(place as usize)?.take();
        self.gaps += usize::from(parcel.is_some());
        if self.gaps == self.parcels.len() {
            self.parcels.clear();
            self.gaps = 0;
        }
        parcel
    }

    fn compact(&mut self, entities: &mut Entities) {
        self.parcels.retain(Option::is_some);
        self.gaps = 0;
        for (place, parcel) in self.parcels.iter().flatten().enumerate() {
            entities.slot_mut(parcel.entity).outbox = place as u32;
        }
    }

    /// Moves all parcels to `out`; their entities are in the outbox no more.
    pub(crate) fn drain_into(&mut self, entities: &mut Entities, out: &mut Vec<Parcel>) {
        for parcel in self.parcels.drain(..).flatten() {
            entities.slot_mut(parcel.entity).outbox = NONE;
            out.push(parcel);
        }
        self.gaps = 0;
    }
}
