//! Coordination.

pub mod park;
pub mod queue;
pub mod ring;
mod slots;
pub mod spsc;
mod sync;

pub use queue::{Full, LockFreeQueue};
pub use ring::{Consumer, Producer};
pub use spsc::SpscQueue;
