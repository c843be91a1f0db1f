//! Builds the worlds and the edges between them, ticks them by hand, or runs
//! them on threads.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use ecs_core::config::WorldConfig;
use ecs_core::entity::Entity;
use ecs_core::inspect::WorldReport;
use ecs_core::location::{Location, Whereabouts};
use ecs_core::members::{self, MemberVisitor, WorldSet};
use ecs_core::schedule::{IntoSystem, Schedule};
use ecs_core::schema::Schema;
use ecs_core::system::Checked;
use ecs_core::topology::Topology;
use ecs_core::world::World;

use crate::crew::Crew;
use crate::directory::Shared;
use crate::driver::Driver;
use crate::endpoint::Endpoint;
use crate::error::{Cause, Failure, StartError};
use crate::member::{Activity, Idle, Member, Node};
use crate::net::Backend;
use crate::pace::Pace;
use crate::seated::{Seated, under_its_other_name};
use crate::stats::StatsReader;
use crate::supervise::{Handling, Watch};
use crate::wiring::{Wiring, wire};

/// The worlds of `Worlds`, and the queues between them.
///
/// `Worlds` is a tuple of worlds and arrays of worlds, or an array; the
/// `coordinator!` macro names it and checks its topology. The coordinator makes
/// the worlds, so that the ids of their entities never collide.
///
/// It knows a world by the name and the module of its type: two worlds of one name in two
/// functions of one module are not told apart, and what asks for the wrong one panics.
///
/// It ticks its worlds by hand ([`start`](Self::start), [`tick`](Self::tick)),
/// or hands them to threads ([`run`](Self::run)).
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Job(u64);
/// # #[world_config(components(Job), max_entities = 1000)] struct Base;
/// #[world_config(base = Base, role = accept, routing(default_target = Work))]
/// struct Source;
/// #[world_config(base = Base, role = compute)]
/// struct Work;
/// coordinator!(type Pair = (Source, Work));
///
/// let mut pair = Pair::new();
/// pair.add_system::<Work, _>(|world: &mut World<Work>| {
///     world.query::<&mut Job>().for_each(|job| job.0 *= 2);
/// });
/// let source = pair.world_mut::<Source>();
/// let job = source.spawn(Job(21))?;
/// source.complete(job)?;
///
/// // By hand: each world ticks once.
/// pair.start()?;
/// pair.tick()?;
/// assert_eq!(pair.world::<Work>().get::<Job>(job)?.0, 42);
///
/// // Or on threads, until they are stopped.
/// let stopped = pair.run(Placement::PerWorld)?.stop();
/// assert!(stopped.conservation.holds());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WorldCoordinator<Worlds: WorldSet> {
    /// Seats by world id.
    pub(crate) crew: Crew<Worlds::Schema>,
    pub(crate) backend: Backend,
    pub(crate) stats: StatsReader,
    /// By place: the order in which worlds stop.
    pub(crate) components: Vec<usize>,
    pub(crate) running: bool,
    /// The number of the next tick in lock-step.
    pub(crate) next_step: u64,
    /// How much time such a tick stands for.
    pub(crate) step_time: Duration,
    pub(crate) watch: Option<Watch>,
    /// The cores that threads stay on, in turn; none if they go where they are put.
    pub(crate) cores: Vec<usize>,
    worlds: PhantomData<Worlds>,
}

/// A system that each member of an array can have a clone of.
#[diagnostic::on_unimplemented(
    message = "a system of a coordinator is cloned for each world, and this one holds what is not `Clone`",
    note = "`move` into the closure what it uses, or keep that in a `Local` or in a resource"
)]
pub trait CloneSystem: Clone {}

#[diagnostic::do_not_recommend]
impl<S: Clone> CloneSystem for S {}

/// Puts the nodes in the order of their ids.
fn by_id<S: Schema>(nodes: &mut [Seated<S>]) {
    nodes.sort_by_key(|node| node.endpoint().id());
}

/// Makes the members of a set of worlds.
struct Maker<'a, S: Schema> {
    wiring: &'a mut Wiring<S>,
    nodes: Vec<Seated<S>>,
}

impl<S: Schema> MemberVisitor for Maker<'_, S> {
    fn member<W: WorldConfig>(&mut self, count: usize) {
        for _ in 0..count {
            let endpoint: Endpoint<W::Schema> =
                under_its_other_name(self.wiring.endpoints.remove(0));
            let admission = self.wiring.admissions.remove(0);
            let mut world = World::<W>::with_origin(endpoint.id() + 1);
            world.insert_resource(admission);
            world.set_directory(Shared(endpoint.directory.clone()));
            if let Some(events) = world.event_store_mut() {
                events.set_targets(endpoint.events.targets());
                events.set_ways(endpoint.events.ways());
            }
            self.nodes.push(under_its_other_name(Seated::new(world, endpoint)));
        }
    }
}

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    pub(crate) const CHECKED: () = ecs_core::topology::check(Worlds::GROUPS);

    /// Makes the worlds, empty, and the queues between them.
    pub fn new() -> Self {
        // The same check that `coordinator!` makes, for who names the type by hand.
        let () = Self::CHECKED;
        let mut wiring = wire::<Worlds::Schema>(Worlds::GROUPS);
        let mut maker = Maker { wiring: &mut wiring, nodes: Vec::new() };
        Worlds::visit(&mut maker);
        let mut nodes = maker.nodes;
        by_id(&mut nodes);
        let stats = StatsReader::new(wiring.counters);
        for node in &mut nodes {
            node.share_stats(stats.clone());
        }
        Self {
            crew: Crew::new(nodes),
            backend: Backend::default(),
            stats,
            components: wiring.components,
            running: false,
            next_step: 0,
            step_time: Duration::ZERO,
            watch: None,
            cores: Vec::new(),
            worlds: PhantomData,
        }
    }

    /// How many worlds.
    pub fn len(&self) -> usize {
        self.crew.len()
    }

    /// Whether there are no worlds: never.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The world of type `W`; of an array, its first.
    pub fn world<W: WorldConfig>(&self) -> &World<W> {
        const { Self::assert_member::<W>() };
        &self.member::<W>(0).world
    }

    /// As [`world`](Self::world), to change.
    pub fn world_mut<W: WorldConfig>(&mut self) -> &mut World<W> {
        const { Self::assert_member::<W>() };
        &mut self.member_mut::<W>(0).world
    }

    /// The worlds of type `W`: one, or the members of an array.
    pub fn worlds<W: WorldConfig>(&self) -> impl ExactSizeIterator<Item = &World<W>> {
        const { Self::assert_member::<W>() };
        (0..Self::count::<W>()).map(|index| &self.member::<W>(index).world)
    }

    /// A member of an array of worlds `W`.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn world_at<W: WorldConfig>(&self, index: usize) -> &World<W> {
        const { Self::assert_member::<W>() };
        &self.member::<W>(index).world
    }

    /// As [`world_at`](Self::world_at), to change.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn world_at_mut<W: WorldConfig>(&mut self, index: usize) -> &mut World<W> {
        const { Self::assert_member::<W>() };
        &mut self.member_mut::<W>(index).world
    }

    /// What is in each world, by id, as reports: for tools, and to be printed.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Job(u64);
    /// # #[world_config(components(Job))] struct Base;
    /// # #[world_config(base = Base, source, routing(default_target = Work))] struct Source;
    /// # #[world_config(base = Base)] struct Work;
    /// # coordinator!(type Pair = (Source, Work));
    /// let mut pair = Pair::new();
    /// pair.world_mut::<Source>().spawn(Job(1))?;
    /// let entities: Vec<usize> = pair.inspect().map(|report| report.entities).collect();
    /// assert_eq!(entities, [1, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn inspect(&self) -> impl Iterator<Item = WorldReport> {
        self.crew.nodes().map(|node| node.inspect())
    }

    /// Where an entity is: [`At`](Whereabouts::At) the world that has it, or on its way,
    /// which is [`SentTo`](Whereabouts::SentTo) or
    /// [`SentToArray`](Whereabouts::SentToArray), or dead. Unlike what a world says of
    /// others, this is exact. Of an entity that was taken out by hand, it is where it was
    /// sent last, and [`Unknown`](Whereabouts::Unknown) if it was not sent.
    ///
    /// # Examples
    /// See [`Locator`](ecs_core::location::Locator).
    pub fn locate(&self, entity: Entity) -> Whereabouts {
        let Some(home) =
            entity.origin().checked_sub(1).filter(|home| self.check_id(*home).is_some())
        else {
            return Whereabouts::Unknown;
        };
        let mut worlds = (0..).zip(self.crew.nodes());
        if let Some((id, _)) = worlds.find(|(_, node)| node.locate(entity) == Location::Here) {
            return Whereabouts::At(id);
        }
        let hint = match self.crew.node(home as usize).locate(entity) {
            Location::Elsewhere(hint) => hint,
            _ => return Whereabouts::Dead,
        };
        match hint {
            // Who was there and is not any more has died, or was taken out.
            _ if self.crew.nodes().any(|node| node.has_ended(entity)) => Whereabouts::Dead,
            Whereabouts::At(_) | Whereabouts::AtHome(_) => Whereabouts::Unknown,
            hint => hint,
        }
    }

    /// The bytes that the coordinator takes to know where entities are: 4 for each id that
    /// ever left the world it was born in, in pages of 4 KiB.
    pub fn directory_bytes(&self) -> usize {
        self.endpoint(0).directory.bytes()
    }

    /// The id of the world of type `W`; of an array, of its first. It is a constant, and needs
    /// no coordinator: `Server::id_of::<Audit>()`.
    pub const fn id_of<W: WorldConfig>() -> u16 {
        const { Self::assert_member::<W>() };
        const { Self::first_id::<W>() as u16 }
    }

    /// Adds a system to the world of type `W`, or a clone to each member of an array.
    pub fn add_system<W, M>(&mut self, system: impl IntoSystem<W, M> + CloneSystem) -> &mut Self
    where
        W: WorldConfig,
    {
        const { Self::assert_member::<W>() };
        Checked::<W, M, _>::NEW.of(&system);
        for index in 0..Self::count::<W>() {
            self.member_mut::<W>(index).schedule.add(system.clone());
        }
        self
    }

    /// The systems of the world of type `W`.
    pub fn schedule<W: WorldConfig>(&mut self) -> &mut Schedule<W> {
        const { Self::assert_member::<W>() };
        &mut self.member_mut::<W>(0).schedule
    }

    /// The systems of a member of an array of worlds `W`.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn schedule_at<W: WorldConfig>(&mut self, index: usize) -> &mut Schedule<W> {
        const { Self::assert_member::<W>() };
        &mut self.member_mut::<W>(index).schedule
    }

    /// Gives the world of type `W` its driver; only worlds with the role
    /// `accept`, `io` or `custom` have one. Of an array, the first member is meant.
    pub fn set_driver<W>(&mut self, driver: impl Driver<W> + 'static) -> &mut Self
    where
        W: WorldConfig,
    {
        const { Self::assert_driven::<W>() };
        self.member_mut::<W>(0).driver = Some(Box::new(driver));
        self
    }

    /// Gives a member of an array of worlds `W` its driver.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn set_driver_at<W>(&mut self, index: usize, driver: impl Driver<W> + 'static) -> &mut Self
    where
        W: WorldConfig,
    {
        const { Self::assert_driven::<W>() };
        self.member_mut::<W>(index).driver = Some(Box::new(driver));
        self
    }

    /// Takes in what arrives at the world of type `W` by hand, at the start of
    /// each tick: `intake` has the world and the ends of its edges, with the same
    /// calls as the coordinator's. [`Endpoint::receive`] does what is done by
    /// default. Of an array, the first member is meant.
    pub fn set_intake<W>(
        &mut self,
        intake: impl FnMut(&mut World<W>, &mut Endpoint<W::Schema>) + Send + 'static,
    ) -> &mut Self
    where
        W: WorldConfig,
    {
        const { Self::assert_member::<W>() };
        self.member_mut::<W>(0).intake = Some(Box::new(intake));
        self
    }

    /// As [`set_intake`](Self::set_intake), for a member of an array of worlds `W`.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn set_intake_at<W>(
        &mut self,
        index: usize,
        intake: impl FnMut(&mut World<W>, &mut Endpoint<W::Schema>) + Send + 'static,
    ) -> &mut Self
    where
        W: WorldConfig,
    {
        const { Self::assert_member::<W>() };
        self.member_mut::<W>(index).intake = Some(Box::new(intake));
        self
    }

    /// Says how the drivers' threads wait for the operating system:
    /// [`Auto`](Backend::Auto), unless it is said.
    #[cfg(all(feature = "net", any(unix, windows)))]
    pub fn set_backend(&mut self, backend: Backend) -> &mut Self {
        self.backend = backend;
        self
    }

    /// Says when the worlds of type `W` tick on their threads.
    pub fn set_pace<W: WorldConfig>(&mut self, pace: Pace) -> &mut Self {
        const { Self::assert_member::<W>() };
        for index in 0..Self::count::<W>() {
            self.member_mut::<W>(index).pace = pace;
        }
        self
    }

    /// Says what the threads of worlds of type `W` do when there is nothing to
    /// do; among worlds of one thread, the most wakeful wins.
    pub fn set_idle<W: WorldConfig>(&mut self, idle: Idle) -> &mut Self {
        const { Self::assert_member::<W>() };
        for index in 0..Self::count::<W>() {
            self.member_mut::<W>(index).idle = Some(idle);
        }
        self
    }

    /// Marks the coordinator as running, for worlds that are ticked by hand, and
    /// starts the drivers.
    ///
    /// # Errors
    /// If a driver can't register its sources.
    pub fn start(&mut self) -> Result<(), StartError> {
        // By hand, from whatever thread.
        let backend = match self.backend {
            Backend::Auto => Backend::Readiness,
            chosen => chosen,
        };
        self.crew.prepare(backend).map_err(StartError::Io)?;
        self.crew.start().map_err(StartError::Driver)?;
        self.running = true;
        Ok(())
    }

    /// Marks the coordinator as stopped. Nothing is lost: what is in flight
    /// stays in the queues, see [`drain`](Self::drain).
    pub fn stop(&mut self) {
        self.running = false;
    }

    /// Whether the coordinator was started and not stopped.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Ticks each world once, in order of their ids: it receives, polls its
    /// driver, runs its systems, dispatches.
    ///
    /// # Errors
    /// If a world fails; the others have ticked all the same.
    pub fn tick(&mut self) -> Result<Activity, Failure> {
        let mut all = Activity::default();
        let mut failed = None;
        for seat in 0..self.crew.len() {
            match self.tick_seat(seat) {
                Ok(activity) => all.add(activity),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or(Ok(all), Err)
    }

    /// Ticks the worlds of type `W` once.
    ///
    /// # Errors
    /// If one fails.
    pub fn tick_world<W: WorldConfig>(&mut self) -> Result<Activity, Failure> {
        const { Self::assert_member::<W>() };
        let first = self.seat::<W>(0);
        let mut all = Activity::default();
        for seat in first..first + Self::count::<W>() {
            all.add(self.tick_seat(seat)?);
        }
        Ok(all)
    }

    /// Ticks a member of an array of worlds `W` once.
    ///
    /// # Errors
    /// If it fails.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn tick_world_at<W: WorldConfig>(&mut self, index: usize) -> Result<Activity, Failure> {
        const { Self::assert_member::<W>() };
        let seat = self.seat::<W>(index);
        self.tick_seat(seat)
    }

    fn tick_seat(&mut self, seat: usize) -> Result<Activity, Failure> {
        self.fetch_events(seat)?;
        self.crew.tick(seat)
    }

    /// Fetches what became ready, before the world on a seat ticks.
    pub(crate) fn fetch_events(&mut self, seat: usize) -> Result<(), Failure> {
        self.crew.wait(Some(Duration::ZERO)).map_err(|error| {
            let endpoint = self.crew.node(seat).endpoint();
            let (world, id) = (endpoint.name(), endpoint.id());
            Failure { world, id, cause: Cause::Io(error), handling: Handling::Stopping }
        })
    }

    /// Ticks until no world does anything or waits for anything, or `ticks` are
    /// over. Answers whether all is at rest.
    ///
    /// # Errors
    /// If a world fails.
    pub fn drain(&mut self, ticks: usize) -> Result<bool, Failure> {
        for _ in 0..ticks {
            let busy = self.tick()?.is_busy();
            if !busy && self.crew.nodes().all(Node::is_quiet) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn seat_all(&mut self, mut nodes: Vec<Seated<Worlds::Schema>>) {
        by_id(&mut nodes);
        self.crew = Crew::new(nodes);
    }

    pub(crate) fn count<W: WorldConfig>() -> usize {
        Worlds::GROUPS[Self::group::<W>()].count
    }

    /// The group of worlds of type `W`.
    const fn find<W: WorldConfig>() -> Option<usize> {
        let mut index = 0;
        while index < Worlds::GROUPS.len() {
            if same(Worlds::GROUPS[index].desc.path, W::PATH) {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    /// Fails to compile where `W` is no member. Each function that takes a world from users
    /// asserts it by itself and calls none that does: the compiler tells of each assertion
    /// that fails, and shows the line of the outermost.
    pub(crate) const fn assert_member<W: WorldConfig>() {
        members::assert_member(&W::DESC, Self::find::<W>().is_some());
    }

    /// Fails to compile where `W` is no member, or one without a driver.
    const fn assert_driven<W: WorldConfig>() {
        Self::assert_member::<W>();
        members::assert_driven(&W::DESC);
    }

    /// The group of worlds of type `W`, which is a member.
    fn group<W: WorldConfig>() -> usize {
        const { Self::find::<W>() }.expect("whoever takes a world asserts that it is a member")
    }

    /// The id of the first world of type `W`; 0 if it is no member.
    const fn first_id<W: WorldConfig>() -> usize {
        match Self::find::<W>() {
            Some(group) => Topology::new(Worlds::GROUPS).first_id(group),
            None => 0,
        }
    }

    fn seat<W: WorldConfig>(&self, index: usize) -> usize {
        let first = const { Self::first_id::<W>() };
        assert!(index < Self::count::<W>(), "there is no world {index} in this array");
        first + index
    }

    fn member<W: WorldConfig>(&self, index: usize) -> &Member<W> {
        let node = self.crew.node(self.seat::<W>(index)).as_any();
        node.downcast_ref().unwrap_or_else(|| not_told_apart::<W>())
    }

    pub(crate) fn member_mut<W: WorldConfig>(&mut self, index: usize) -> &mut Member<W> {
        let seat = self.seat::<W>(index);
        let node = self.crew.node_mut(seat).as_any_mut();
        node.downcast_mut().unwrap_or_else(|| not_told_apart::<W>())
    }
}

/// Members are found by their paths, which do not name functions.
#[cold]
fn not_told_apart<W: WorldConfig>() -> ! {
    panic!("two worlds have the path `{}` (declared in two functions?): name them apart", W::PATH)
}

/// Whether two texts are the same, at compile time.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

impl<Worlds: WorldSet> Default for WorldCoordinator<Worlds> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Worlds: WorldSet> fmt::Debug for WorldCoordinator<Worlds> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = self.crew.nodes().map(Node::endpoint);
        f.debug_struct("WorldCoordinator")
            .field("running", &self.running)
            .field("endpoints", &endpoints.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
