//! What worlds that have stopped could not finish, taken out by hand.

use ecs_core::config::WorldConfig;
use ecs_core::members::WorldSet;
use ecs_core::outbox::{Parcel, Request};
use ecs_core::schema::Schema;
use ecs_core::transfer::EntityTransfer;
use ecs_core::world::World;

use crate::coordinator::WorldCoordinator;
use crate::endpoint::Endpoint;
use crate::outlet::PRIORITY;
use crate::plan::key_of;
use crate::trees::plan_tree;

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// Takes out, one by one, the entities that are on their way from one world to another:
    /// those in queues, then those in spills, then those that asked to leave their world and
    /// have not left. For after a stop that did not finish before its deadline; what is not
    /// taken stays where it is, and goes on when the worlds run again.
    ///
    /// Each comes with its components, its id and its priority, and names the world that it
    /// came from and the one that it was going to: of an array that works through one queue,
    /// its first member, or the one that has it in hand. Of one edge and priority, the oldest
    /// come first. A tree comes entity by entity, each with its relations. `on_depart` is not
    /// told.
    ///
    /// Entities that asked to leave and can't, because there is no edge, no route, or the
    /// target is closed to them, stay in their worlds, as do those that asked for a copy to
    /// leave.
    ///
    /// To drop one, call `World::end_transfer` of any world: its id is free again then. What is
    /// taken is accounted for: what was in a queue or a spill counts as received, the rest as
    /// departed.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Component)] struct Job(u64);
    /// # #[world_config(components(Job), max_entities = 1000)] struct Base;
    /// #[world_config(base = Base, role = accept, routing(default_target = Work))]
    /// struct Door;
    /// #[world_config(base = Base, max_entities = 4, transfer_queue(capacity = 8, batch_size = 4))]
    /// struct Work;
    /// coordinator!(type Shop = (Door, Work));
    ///
    /// let mut shop = Shop::new();
    /// let door = shop.world_mut::<Door>();
    /// for number in 0..20 {
    ///     let job = door.spawn(Job(number))?;
    ///     door.complete(job)?;
    /// }
    /// // `Work` is full with 4, and 8 wait in its queue.
    /// let running = shop.run(Placement::PerWorld)?;
    /// while running.stats().received() < 4 {
    ///     std::thread::yield_now();
    /// }
    /// let mut stopped = running.stop_within(Duration::from_millis(50));
    /// assert!(!stopped.drained);
    /// let mut left: Vec<u64> = stopped
    ///     .coordinator
    ///     .take_unfinished()
    ///     .map(|mut transfer| transfer.unpack::<Job>().map_or(0, |job| job.0))
    ///     .collect();
    /// left.sort_unstable();
    /// assert!(left.iter().copied().eq(4..20));
    /// assert_eq!(stopped.coordinator.world::<Work>().len(), 4);
    /// assert!(stopped.coordinator.conservation().holds());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_unfinished(&mut self) -> impl Iterator<Item = EntityTransfer<Worlds::Schema>> {
        let worlds = self.len();
        let (mut at, mut asked) = (0, None);
        std::iter::from_fn(move || {
            loop {
                let (part, world) = (at / worlds, at % worlds);
                let node = self.crew.node_mut(world);
                let found = match part {
                    0 => node.endpoint_mut().pop_transfer(),
                    1 => node.endpoint_mut().pop_spilled(),
                    2 => {
                        let asked = asked.get_or_insert_with(|| node.leaving().into_iter());
                        asked.find_map(|parcel| node.take_leaving(parcel))
                    }
                    _ => return None,
                };
                if found.is_some() {
                    return found;
                }
                (at, asked) = (at + 1, None);
            }
        })
    }
}

/// Who asked to leave a world, in the order in which they would go: trees, of which each
/// member is named, before the rest. Some may be named twice. All stay in the outbox.
pub(crate) fn leaving<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
) -> Vec<Parcel> {
    while let Some((table, request)) = world.pop_swept() {
        world.ask_each(table, request);
    }
    let (mut parcels, mut leaving) = (Vec::new(), Vec::new());
    world.drain_outbox(&mut parcels);
    for &parcel in &parcels {
        world.put_back(parcel);
        if const { W::Schema::RELATIONS != 0 }
            && let Request::Tree(marker) = parcel.request
            && plan_tree(world, endpoint, parcel.entity, marker, 0).is_some()
            && let Ok(members) = world.tree(parcel.entity)
        {
            let request = Request::Marked(marker);
            leaving.extend(members.into_iter().map(|entity| Parcel { entity, request }));
        }
    }
    // Of a tree that can't go, nobody goes but by a request of its own.
    leaving
        .extend(parcels.into_iter().filter(|parcel| !matches!(parcel.request, Request::Tree(_))));
    leaving
}

/// Takes one of [`leaving`] out of the world; `None` if it is not here or can't go.
pub(crate) fn take_leaving<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    parcel: Parcel,
) -> Option<EntityTransfer<W::Schema>> {
    let key = key_of(world, endpoint, &parcel, None).filter(|key| !key.copy)?;
    let target = endpoint.outlets[key.outlet as usize].target_id();
    let transfer = world.take(parcel.entity).ok()?;
    let priority = usize::from(key.lane) == PRIORITY;
    Some(transfer.between(endpoint.id, target).with_priority(priority))
}
