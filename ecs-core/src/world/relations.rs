//! Entities are related to each other.

use super::World;
use super::observe::Operation;
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{EntityError, Refusal, Refused};
use crate::relation::{RelateError, Relation, Sources, relation};
use crate::schema::{Contains, Mask};

impl<W: WorldConfig> World<W> {
    /// Relates `source` to `target`, in place of whom it is related to by `R`. Answers
    /// who that was. `source` is the last of the target's sources then; if it was among
    /// them already, nothing changes.
    ///
    /// # Errors
    /// If one of the two is not here, or they are one; by [`ChildOf`], if `target` is a
    /// descendant of `source`. Nothing has changed then.
    ///
    /// [`ChildOf`]: crate::relation::ChildOf
    pub fn relate<R: Relation>(
        &mut self,
        source: Entity,
        target: Entity,
    ) -> Result<Option<Entity>, RelateError>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        let index = <W::Schema as Contains<R>>::INDEX;
        let old = self.check_relate(source, target, index)?;
        if old != Some(target) {
            self.relate_checked(source, target, index, old);
            self.settle(1 << index);
        }
        Ok(old)
    }

    /// Whether the two can be related; answers whom `source` is related to.
    pub(super) fn check_relate(
        &self,
        source: Entity,
        target: Entity,
        index: usize,
    ) -> Result<Option<Entity>, RelateError> {
        let place = self.entities.find(source)?;
        self.entities.find(target)?;
        if source == target {
            return Err(RelateError::Itself(source));
        }
        if relation::<W::Schema>(index).tree && self.is_above(source, target, index) {
            return Err(RelateError::Cycle { child: source, parent: target });
        }
        Ok(self.target_at(place, index))
    }

    /// Relates two that were checked and are not related. The operation goes on: what
    /// observers write down could part them, or make a circle, before it ends.
    pub(super) fn relate_checked(
        &mut self,
        source: Entity,
        target: Entity,
        index: usize,
        old: Option<Entity>,
    ) {
        let Ok(place) = self.entities.find(source) else { return };
        if let Some(old) = old {
            self.unlist_source(source, index, old);
        }
        self.set_target(place, index, target);
        self.list_source(source, index, target);
        self.after_insert(source, 1 << index, Mask::from(old.is_some()) << index);
    }

    /// Takes the relation `R` of `source` away. Answers whom it was related to.
    ///
    /// # Errors
    /// If `source` is not here.
    pub fn unrelate<R: Relation>(&mut self, source: Entity) -> Result<Option<Entity>, EntityError>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        let index = <W::Schema as Contains<R>>::INDEX;
        let place = self.entities.find(source)?;
        let target = self.target_at(place, index);
        if let Some(target) = target {
            self.before_remove(source, 1 << index);
            self.unlist_source(source, index, target);
            self.clear_target(place, index);
            self.settle(1 << index);
        }
        Ok(target)
    }

    /// Whom `source` is related to by `R`; `None` also if it is not here. The target may
    /// be in another world, if one of the two has left alone, or dead, if it died there.
    pub fn target_of<R: Relation>(&self, source: Entity) -> Option<Entity>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        self.target(source, <W::Schema as Contains<R>>::INDEX)
    }

    /// The sources of `target` by `R`, in order; empty also if it is not here. All are
    /// here.
    pub fn sources_of<R: Relation>(&self, target: Entity) -> &[Entity]
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        let place = self.entities.find(target);
        let list =
            place.ok().and_then(|place| self.list_at(place, <W::Schema as Contains<R>>::INDEX));
        list.map_or(&[], |list| list)
    }

    /// Makes an entity with the components of `bundle` that is related to `target`.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn), and if `target` is not here: the bundle is handed back.
    pub fn spawn_related<R: Relation, B: Bundle<W::Schema>>(
        &mut self,
        target: Entity,
        bundle: B,
    ) -> Result<Entity, Refused<B>>
    where
        W::Schema: Contains<R> + Contains<Sources<R>>,
    {
        const { assert_distinct::<W::Schema, B>() };
        if let Err(error) = self.entities.find(target) {
            return Err(Refused::new(bundle, Refusal::Entity(error)));
        }
        let mut world = Operation::begin(self);
        let source = world.spawn(bundle)?;
        world.relate_checked(source, target, <W::Schema as Contains<R>>::INDEX, None);
        drop(world);
        self.settle(B::MASK | <W::Schema as Contains<R>>::BIT);
        Ok(source)
    }
}
