//! The parts of a tick that run one after the other.

use core::fmt;

/// A part of a tick: all its systems run before those of the next phase.
///
/// The phases of a schedule are the [default](Self::DEFAULT) ones, or one's own:
/// ```
/// # use static_ecs::prelude::*;
/// # #[derive(Component)] struct A;
/// # #[world_config(components(A))] struct Base;
/// const PHYSICS: Phase = Phase::new("physics");
/// let mut schedule = Schedule::<Base>::new();
/// schedule.set_phases([PHYSICS, Phase::RENDER]);
/// schedule.add(|_: &World<Base>| println!("step")).in_phase(PHYSICS);
/// # schedule.run(&mut World::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Phase(&'static str);

impl Phase {
    /// Input is read.
    pub const PRE_UPDATE: Self = Self("pre-update");
    /// The world changes; the phase of systems for which none is named.
    pub const UPDATE: Self = Self("update");
    /// What follows from the changes.
    pub const POST_UPDATE: Self = Self("post-update");
    /// What is shown.
    pub const RENDER: Self = Self("render");
    /// What is sent.
    pub const NETWORK: Self = Self("network");

    /// The phases of a schedule that sets none.
    pub const DEFAULT: &[Self] =
        &[Self::PRE_UPDATE, Self::UPDATE, Self::POST_UPDATE, Self::RENDER, Self::NETWORK];

    /// A phase of one's own. Phases of one name are one phase.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The phase's name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
