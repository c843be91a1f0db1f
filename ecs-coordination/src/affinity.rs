//! Threads that stay on cores.

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
