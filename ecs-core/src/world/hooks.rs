//! What a user wants to be told of entities that leave and come.

use alloc::boxed::Box;

use super::{Departure, World};
use crate::config::WorldConfig;
use crate::entity::Entity;

type DepartHook<W> = Box<dyn FnMut(&World<W>, Entity, Departure) + Send>;
type ArriveHook<W> = Box<dyn FnMut(&mut World<W>, Entity) + Send>;

pub(super) struct Hooks<W: WorldConfig> {
    depart: Option<DepartHook<W>>,
    arrive: Option<ArriveHook<W>>,
}

impl<W: WorldConfig> Hooks<W> {
    fn depart(&mut self) -> &mut Option<DepartHook<W>> {
        &mut self.depart
    }

    fn arrive(&mut self) -> &mut Option<ArriveHook<W>> {
        &mut self.arrive
    }
}

/// A hook that runs is out of its world, so that it can be given the world. It
/// goes back also when it panics, unless another has taken its place.
struct Lent<'w, W: WorldConfig, H> {
    world: &'w mut World<W>,
    hook: Option<H>,
    place: fn(&mut Hooks<W>) -> &mut Option<H>,
}

impl<'w, W: WorldConfig, H> Lent<'w, W, H> {
    fn of(world: &'w mut World<W>, place: fn(&mut Hooks<W>) -> &mut Option<H>) -> Self {
        let hook = world.hooks_if_any().and_then(|hooks| place(hooks).take());
        Self { world, hook, place }
    }
}

impl<W: WorldConfig, H> Drop for Lent<'_, W, H> {
    fn drop(&mut self) {
        if let Some(hook) = self.hook.take() {
            (self.place)(self.world.hooks_mut()).get_or_insert(hook);
        }
    }
}

impl<W: WorldConfig> World<W> {
    /// Calls `hook` before an entity leaves for another world, with where it
    /// goes and how. A later hook replaces an earlier one.
    pub fn on_depart(&mut self, hook: impl FnMut(&World<W>, Entity, Departure) + Send + 'static) {
        self.hooks_mut().depart = Some(Box::new(hook));
    }

    /// Calls `hook` after an entity has come from another world; not for those
    /// that come in while the hook runs. A later hook replaces an earlier one.
    pub fn on_arrive(&mut self, hook: impl FnMut(&mut World<W>, Entity) + Send + 'static) {
        self.hooks_mut().arrive = Some(Box::new(hook));
    }

    fn hooks_mut(&mut self) -> &mut Hooks<W> {
        // SAFETY: nothing else is put in.
        unsafe { self.hooks.get_or_insert(|| Hooks { depart: None, arrive: None }) }
    }

    fn hooks_if_any(&mut self) -> Option<&mut Hooks<W>> {
        // SAFETY: as above.
        unsafe { self.hooks.get_mut() }
    }

    fn hooks(&self) -> Option<&Hooks<W>> {
        // SAFETY: as above.
        unsafe { self.hooks.get() }
    }

    pub(super) fn has_depart_hook(&self) -> bool {
        self.hooks().is_some_and(|hooks| hooks.depart.is_some())
    }

    pub(super) fn has_arrive_hook(&self) -> bool {
        self.hooks().is_some_and(|hooks| hooks.arrive.is_some())
    }

    pub(super) fn tell_departing(&mut self, entities: &[Entity], departure: Departure) {
        let mut lent = Lent::of(self, Hooks::depart);
        if let Some(hook) = &mut lent.hook {
            for &entity in entities {
                hook(lent.world, entity, departure);
            }
        }
    }

    pub(super) fn tell_arrived(&mut self, entities: &[Entity]) {
        let mut lent = Lent::of(self, Hooks::arrive);
        if let Some(hook) = &mut lent.hook {
            for &entity in entities {
                hook(lent.world, entity);
            }
        }
    }
}
