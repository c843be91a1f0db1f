//! Who lost a tracked component: a bounded log for each, which anybody reads at their own
//! pace.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use crate::entity::Entity;
use crate::kept::kept;
use crate::memory::bits;
use crate::schema::Mask;

/// The most removals of one component that a world remembers, unless
/// [`World::set_removed_limit`](crate::world::World::set_removed_limit) says otherwise.
pub const DEFAULT_REMOVED: usize = 1 << 16;

/// The removals of one component, the last of all that ever were.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entities: VecDeque<Entity>,
    /// How many were forgotten.
    forgotten: u64,
}

impl Log {
    fn end(&self) -> u64 {
        self.forgotten + self.entities.len() as u64
    }

    #[inline]
    fn forget_down_to(&mut self, limit: usize) {
        let over = self.entities.len().saturating_sub(limit);
        self.entities.drain(..over);
        self.forgotten += over as u64;
    }
}

/// The logs of a world.
#[derive(Debug)]
pub(crate) struct Logs {
    /// By component; none until something is removed.
    logs: Vec<Log>,
    limit: usize,
}

kept! {
    /// As a part of a world.
    pub(crate) struct KeptLogs(Logs);
}

impl Logs {
    pub(crate) const fn new() -> Self {
        Self { logs: Vec::new(), limit: DEFAULT_REMOVED }
    }

    pub(crate) fn of(&self, component: usize) -> Option<&Log> {
        self.logs.get(component)
    }

    /// An entity lost the components of the mask, of a schema with so many.
    #[inline]
    pub(crate) fn add(&mut self, entity: Entity, mask: Mask, components: usize) {
        if self.logs.is_empty() {
            self.logs.resize_with(components, Log::default);
        }
        for component in bits(mask) {
            let log = &mut self.logs[component];
            // Before it grows: what is bounded takes no memory beyond that.
            log.forget_down_to(self.limit.saturating_sub(1));
            log.entities.push_back(entity);
        }
    }

    #[inline]
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(1);
        for log in &mut self.logs {
            log.forget_down_to(self.limit);
            log.entities.shrink_to(self.limit);
        }
    }
}

/// How far somebody has read which entities lost their `C`. By default, nothing of it.
pub struct RemovedReader<C> {
    next: u64,
    lost: u64,
    component: PhantomData<fn() -> C>,
}

impl<C> Default for RemovedReader<C> {
    fn default() -> Self {
        Self { next: 0, lost: 0, component: PhantomData }
    }
}

impl<C> fmt::Debug for RemovedReader<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemovedReader")
            .field("next", &self.next)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

/// The entities that lost their `C`, or were despawned with it, since the one who asks
/// last read. A parameter of systems; elsewhere, [`World::removed`](crate::world::World::removed).
///
/// One that left for another world is not among them, nor a value that another replaced.
/// An entity may have a `C` again by now. Commands about one entity that are made at once
/// remove each component once.
///
/// `C` is declared with `#[component(track)]`, or else this does not compile.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component)]
/// #[component(track)]
/// struct Seated;
/// # #[world_config(components(Seated))] struct Base;
///
/// fn clear_tables(mut left: Removed<Seated>) {
///     for guest in left.read() {
///         println!("{guest} is gone");
///     }
/// }
///
/// # let mut world = World::<Base>::new();
/// let mut schedule = Schedule::new();
/// schedule.add(clear_tables);
/// let guest = world.spawn(Seated)?;
/// world.despawn(guest)?;
/// schedule.run(&mut world)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Removed<'w, 's, C> {
    log: Option<&'w Log>,
    reader: &'s mut RemovedReader<C>,
}

impl<'w, 's, C> Removed<'w, 's, C> {
    pub(crate) fn new(log: Option<&'w Log>, reader: &'s mut RemovedReader<C>) -> Self {
        // Less than before in another world.
        reader.next = reader.next.min(log.map_or(0, Log::end));
        if let Some(log) = log {
            let lost = log.forgotten.saturating_sub(reader.next);
            reader.lost += lost;
            reader.next += lost;
        }
        Self { log, reader }
    }

    /// The entities, the oldest first; each once for each removal. They count as read,
    /// also where the iterator is not used up.
    pub fn read(&mut self) -> impl ExactSizeIterator<Item = Entity> + use<'w, C> {
        let unread = self.len();
        self.reader.next += unread as u64;
        let entities = self.log.map(|log| log.entities.range(log.entities.len() - unread..));
        entities.unwrap_or_default().copied()
    }

    /// How many there are to read.
    pub fn len(&self) -> usize {
        self.log.map_or(0, |log| (log.end() - self.reader.next) as usize)
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many this reader never saw, because the world had forgotten them before.
    pub fn lost(&self) -> u64 {
        self.reader.lost
    }
}

impl<C> fmt::Debug for Removed<'_, '_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Removed").field("len", &self.len()).finish_non_exhaustive()
    }
}
