//! Threads that stay on cores.

#[cfg(feature = "affinity")]
use ecs_core::members::WorldSet;

#[cfg(feature = "affinity")]
use crate::coordinator::WorldCoordinator;

/// The first of these cores on which no thread of this process can stay.
#[cfg(feature = "affinity")]
pub(crate) fn missing(cores: &[usize]) -> Option<usize> {
    let known = core_affinity::get_core_ids().unwrap_or_default();
    cores.iter().copied().find(|&core| known.iter().all(|known| known.id != core))
}

#[cfg(not(feature = "affinity"))]
pub(crate) fn missing(_: &[usize]) -> Option<usize> {
    None
}

/// Keeps the current thread on a core. Answers whether the operating system does so.
#[cfg(feature = "affinity")]
pub(crate) fn stay_on(core: usize) -> bool {
    core_affinity::set_for_current(core_affinity::CoreId { id: core })
}

#[cfg(not(feature = "affinity"))]
pub(crate) fn stay_on(_: usize) -> bool {
    false
}

#[cfg(feature = "affinity")]
impl<Worlds: WorldSet> WorldCoordinator<Worlds> {
    /// Keeps the threads of later runs on cores: the first on the first of these, and so on,
    /// from the first again if there are more threads. Each world's memory then comes from
    /// its own core's node, since a thread makes what its worlds need. Without cores, threads
    /// go where the operating system puts them.
    ///
    /// A run on a core that there is not is refused; a thread that the operating system does
    /// not keep on its core is one of the [`problems`](Self::problems).
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component)] struct Job(u64);
    /// # #[world_config(components(Job))] struct Work;
    /// # coordinator!(type Program = [Work; 2]);
    /// let mut program = Program::new();
    /// program.pin([0]);
    /// let program = program.run(Placement::PerWorld)?.stop().into_result()?;
    /// # let mut program = program;
    /// assert!(program.problems().is_empty());
    /// program.pin([99_999]);
    /// let refused = program.run(Placement::PerWorld).unwrap_err();
    /// assert!(refused.to_string().starts_with("no thread can stay on core 99999"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pin(&mut self, cores: impl IntoIterator<Item = usize>) -> &mut Self {
        self.cores = cores.into_iter().collect();
        self
    }
}
