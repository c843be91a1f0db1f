//! What can be done with a coordinator by hand: transfers, the ends of edges, and what is counted.

use ecs_core::members::WorldSet;
use ecs_core::transfer::EntityTransfer;

use crate::coordinator::WorldCoordinator;
use crate::endpoint::Endpoint;
use crate::error::{QueueError, QueueErrorKind};
use crate::problem::Problem;
use crate::stats::{CoordinatorStats, StatsReader};

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// An empty transfer between the worlds with these ids.
    pub fn create_transfer(source: u16, target: u16) -> EntityTransfer<Worlds::Schema> {
        EntityTransfer::new(source, target)
    }

    /// Sends one entity from the world with id `source` to that with id `target`.
    ///
    /// # Errors
    /// If there is no room, no edge or no such world, or both are the same: the
    /// transfer is handed back.
    pub fn queue_transfer(
        &mut self,
        source: u16,
        target: u16,
        transfer: EntityTransfer<Worlds::Schema>,
    ) -> Result<(), QueueError<EntityTransfer<Worlds::Schema>>> {
        if source as usize >= self.len() {
            return Err(QueueError::new(QueueErrorKind::UnknownWorld(source), transfer));
        }
        self.endpoint_mut(source).queue_transfer(target, transfer)
    }

    /// Takes one entity that has arrived at the world with id `world`, fair over
    /// sources, priority first. It keeps its id, which
    /// [`World::insert_transfer`](ecs_core::world::World::insert_transfer) takes over.
    pub fn pop_transfer_for(&mut self, world: u16) -> Option<EntityTransfer<Worlds::Schema>> {
        self.check_id(world)?;
        self.endpoint_mut(world).pop_transfer()
    }

    /// Takes up to `max` entities that have arrived at the world with id `world`
    /// to `out`. Answers how many.
    pub fn pop_transfer_batch_for(
        &mut self,
        world: u16,
        out: &mut Vec<EntityTransfer<Worlds::Schema>>,
        max: usize,
    ) -> usize {
        match self.check_id(world) {
            Some(()) => self.endpoint_mut(world).pop_transfer_batch(out, max),
            None => 0,
        }
    }

    /// Entities that are on their way to the world with id `world`, or to the
    /// array it is in.
    pub fn pending_transfers_for(&self, world: u16) -> usize {
        match self.check_id(world) {
            Some(()) => self.endpoint(world).pending_transfers(),
            None => 0,
        }
    }

    pub(crate) fn check_id(&self, world: u16) -> Option<()> {
        ((world as usize) < self.len()).then_some(())
    }

    /// The ends of the edges of the world with this id.
    ///
    /// # Panics
    /// If there is no such world.
    pub fn endpoint(&self, world: u16) -> &Endpoint<Worlds::Schema> {
        self.crew.node(world as usize).endpoint()
    }

    /// As [`endpoint`](Self::endpoint), to send and receive.
    ///
    /// # Panics
    /// If there is no such world.
    pub fn endpoint_mut(&mut self, world: u16) -> &mut Endpoint<Worlds::Schema> {
        self.crew.node_mut(world as usize).endpoint_mut()
    }

    /// What has been counted since the start or the last reset.
    pub fn stats(&self) -> CoordinatorStats {
        self.stats.read()
    }

    /// Counts from here on.
    pub fn reset_stats(&mut self) {
        self.stats.reset();
    }

    /// Reads the statistics from any thread, while worlds run. Each world has
    /// one as a resource.
    pub fn stats_reader(&self) -> StatsReader {
        self.stats.clone()
    }

    /// Problems in the declared topology that have come up, each once.
    pub fn problems(&mut self) -> Vec<Problem> {
        self.crew.nodes_mut().flat_map(|node| node.endpoint_mut().drain_problems()).collect()
    }

    /// Gives back memory that nobody needs now: that of [`World::shrink`](ecs_core::world::World::shrink) in each world, and
    /// the empty blocks and lists that edges keep for the next batch.
    pub fn shrink(&mut self) {
        self.crew.nodes_mut().for_each(|node| node.shrink());
    }
}
