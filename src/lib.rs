//! facade (in progress)
#[doc(hidden)]
pub use ecs_core::__support;
