//! Copies of entities, on their way to other worlds.

use core::fmt;

use super::{Departure, DepartureKind, World};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{EntityError, Refusal};
use crate::memory::bits;
use crate::schema::{ComponentInfo, Mask, Schema};
use crate::transfer::{EntityTransfer, TransferFlags, clone_row};

impl<W: WorldConfig> World<W> {
    /// Copies an entity; the copy has an id of its own, made here, and no relations.
    ///
    /// # Errors
    /// If the entity is not here, or one of its components is not `Clone`.
    pub fn copy(&mut self, entity: Entity) -> Result<EntityTransfer<W::Schema>, CopyError> {
        let place = self.entities.find(entity)?;
        let mask = self.row_mask(place, Mask::MAX) & !W::Schema::LINKED;
        let table = self.tables.get(place.table);
        // SAFETY: the row holds a value of each component of its mask.
        let row =
            unsafe { clone_row::<W::Schema>(mask, |index| table.cell(index, place.row as usize)) };
        let Some(row) = row else { return Err(not_clone(W::Schema::COMPONENTS, mask)) };
        let copy = self.entities.create();
        self.counts.spawned += 1;
        self.counts.departed += 1;
        let flags =
            TransferFlags { destroy_on_arrive: false, priority: false, full_transfer: true };
        Ok(EntityTransfer::from_row(row, Some(copy), flags).between(self.id_or_0(), 0))
    }

    /// Copies an entity for a batch, as [`copy`](Self::copy), and tells the hook.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    pub fn depart_copy(
        &mut self,
        entity: Entity,
        target: u16,
    ) -> Result<EntityTransfer<W::Schema>, CopyError> {
        let copy = self.copy(entity)?;
        self.tell_departing(&[entity], Departure { target, kind: DepartureKind::Copied });
        Ok(copy)
    }
}

/// Names the first component of `mask` that is not `Clone`.
#[cold]
#[inline]
pub(super) fn not_clone(components: &[ComponentInfo], mask: Mask) -> CopyError {
    let mut infos = bits(mask).map(|index| &components[index]);
    CopyError::NotClone(infos.find(|info| info.clone.is_none()).map_or("", |info| info.name))
}

/// An entity can't be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyError {
    /// The entity can't be reached.
    Entity(EntityError),
    /// This component of it is not `Clone`.
    NotClone(&'static str),
    /// The world does not take the clone.
    Refused(Refusal),
}

impl From<Refusal> for CopyError {
    fn from(why: Refusal) -> Self {
        Self::Refused(why)
    }
}

impl From<EntityError> for CopyError {
    fn from(error: EntityError) -> Self {
        Self::Entity(error)
    }
}

impl fmt::Display for CopyError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(error) => error.fmt(f),
            Self::Refused(why) => why.fmt(f),
            Self::NotClone(name) => {
                write!(
                    f,
                    "component `{name}` is not `Clone`, so its entity can't be copied: derive it, or move the entity"
                )
            }
        }
    }
}
impl core::error::Error for CopyError {}
