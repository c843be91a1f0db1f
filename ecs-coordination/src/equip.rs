//! What the worlds of a coordinator are given before they run: systems, drivers, their pace.

use ecs_core::config::WorldConfig;
use ecs_core::members::WorldSet;
use ecs_core::schedule::{IntoSystem, Schedule};
use ecs_core::system::Checked;
use ecs_core::world::World;

use crate::coordinator::WorldCoordinator;
use crate::driver::Driver;
use crate::endpoint::Endpoint;
use crate::member::Idle;
#[cfg(all(feature = "net", any(unix, windows)))]
use crate::net::Backend;
use crate::pace::Pace;

/// A system that each member of an array can have a clone of.
#[diagnostic::on_unimplemented(
    message = "a system of a coordinator is cloned for each world, and this one holds what is not `Clone`",
    note = "`move` into the closure what it uses, or keep that in a `Local` or in a resource"
)]
pub trait CloneSystem: Clone {}

#[diagnostic::do_not_recommend]
impl<S: Clone> CloneSystem for S {}

impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
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
}
