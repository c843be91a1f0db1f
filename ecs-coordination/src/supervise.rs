//! What becomes of the others when a world fails, and who looks for one that hangs.

use std::fmt;
use std::time::Duration;

use ecs_core::config::WorldConfig;
use ecs_core::members::WorldSet;

use crate::coordinator::WorldCoordinator;

/// What happens when a tick of a world fails: a system, an intake or a driver panics, or
/// returns an error. Set for the worlds of a type by
/// [`supervise`](crate::coordinator::WorldCoordinator::supervise).
///
/// Whatever happens, the world keeps its entities: a tick is a row of steps each of which
/// leaves it whole, and what was complete before the failure goes on its way.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct Job(u64);
/// #[world_config(components(Job))]
/// struct Work;
/// coordinator!(type Program = (Work,));
///
/// let mut program = Program::new();
/// program.supervise::<Work>(Supervision::Restart { most: 3 });
/// program.add_system::<Work, _>(|world: &mut World<Work>| {
///     let bad: Vec<Entity> =
///         world.view::<(Entity, &Job)>().filter(|(_, job)| job.0 > 10).map(|(id, _)| id).collect();
///     for job in bad {
///         world.despawn(job).unwrap();
///         panic!("a job is too large");
///     }
/// });
/// program.world_mut::<Work>().spawn(Job(1))?;
/// program.world_mut::<Work>().spawn(Job(11))?;
/// program.start()?;
/// let failure = program.tick().unwrap_err();
/// assert_eq!(failure.handling, static_ecs::Handling::Restarted);
/// program.tick()?; // It goes on.
/// assert_eq!(program.world::<Work>().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Supervision {
    /// All worlds stop in order, and this one ticks no more.
    #[default]
    Stop,
    /// The world ticks again, with its entities, systems and driver as the failure left
    /// them. If more than `most` ticks in a row fail, all worlds stop.
    Restart {
        /// The most failures in a row that are survived.
        most: u32,
    },
    /// The others go on without it. What is on its way to it waits, and a stop does not wait
    /// for it; for what finds no room in its queues and stays in its source, a stop waits
    /// until its deadline.
    GoOn,
}

/// What was done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handling {
    /// All worlds stop.
    Stopping,
    /// The world goes on.
    Restarted,
    /// The others go on without the world.
    GoingOn,
}

impl Handling {
    /// Whether the worlds that did not fail go on.
    pub const fn is_survived(self) -> bool {
        matches!(self, Self::Restarted | Self::GoingOn)
    }
}

/// The policy of one world, and what it has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Supervisor {
    pub(crate) policy: Supervision,
    /// Failures since a tick went well.
    in_a_row: u32,
}

impl Supervisor {
    pub(crate) fn went_well(&mut self) {
        self.in_a_row = 0;
    }

    pub(crate) fn handle(&mut self) -> Handling {
        match self.policy {
            Supervision::Stop => Handling::Stopping,
            Supervision::GoOn => Handling::GoingOn,
            Supervision::Restart { most } if self.in_a_row < most => {
                self.in_a_row += 1;
                Handling::Restarted
            }
            Supervision::Restart { .. } => Handling::Stopping,
        }
    }
}

/// A tick that takes longer than it may: see
/// [`watch`](crate::coordinator::WorldCoordinator::watch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The world's name.
    pub world: &'static str,
    /// The world's id.
    pub id: u16,
    /// For how long it has been ticking.
    pub ticking_for: Duration,
}

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, id, ticking_for } = self;
        write!(f, "world `{world}` (id {id}) has been in one tick for {ticking_for:.1?}")
    }
}

/// Who is told of ticks that take too long.
pub(crate) struct Watch {
    pub(crate) bound: Duration,
    pub(crate) tell: Box<dyn FnMut(Overdue) + Send>,
}

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// Says what happens when a tick of a world of type `W` fails: all worlds stop, unless
    /// it is said.
    pub fn supervise<W: WorldConfig>(&mut self, policy: Supervision) -> &mut Self {
        const { Self::assert_member::<W>() };
        for index in 0..Self::count::<W>() {
            self.member_mut::<W>(index).supervisor.policy = policy;
        }
        self
    }

    /// Calls `tell`, while the worlds run on threads, for each tick of one that takes longer
    /// than `bound`: once, when it is noticed, on a thread of its own, which looks four times
    /// in each `bound`. Nothing is done about the tick.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Component)] struct Job(u64);
    /// #[world_config(components(Job))]
    /// struct Work;
    /// coordinator!(type Program = (Work,));
    ///
    /// let (told, late) = std::sync::mpsc::channel();
    /// let mut program = Program::new();
    /// program.watch(Duration::from_millis(5), move |overdue| _ = told.send(overdue));
    /// program.add_system::<Work, _>(|_: &mut World<Work>| {
    ///     std::thread::sleep(Duration::from_millis(50));
    /// });
    /// let running = program.run(Placement::Single)?;
    /// let overdue = late.recv()?;
    /// assert_eq!(overdue.world, "Work");
    /// running.stop();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watch(
        &mut self,
        bound: Duration,
        tell: impl FnMut(Overdue) + Send + 'static,
    ) -> &mut Self {
        self.watch = Some(Watch { bound, tell: Box::new(tell) });
        self
    }
}
