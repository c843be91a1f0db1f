//! Several worlds: queues, transfers between worlds, the coordinator and the
//! threads that it runs on. All atomics and threads of static-ecs live here.

mod accounts;
pub mod admit;
mod affinity;
mod bounds;
mod by_hand;
mod clock;
mod control;
pub mod coordinator;
#[cfg(not(ecs_loom))]
mod counters;
#[cfg(ecs_loom)]
pub mod counters;
mod crew;
mod describe;
#[cfg(not(ecs_loom))]
mod directory;
#[cfg(ecs_loom)]
pub mod directory;
mod dispatch;
pub mod driver;
pub mod endpoint;
pub mod error;
#[cfg(not(ecs_loom))]
mod events;
#[cfg(ecs_loom)]
pub mod events;
mod exchange;
#[cfg(feature = "parallel")]
pub mod executor;
#[cfg(not(ecs_loom))]
mod flags;
#[cfg(ecs_loom)]
pub mod flags;
mod inlet;
#[cfg(not(ecs_loom))]
mod lane;
#[cfg(ecs_loom)]
pub mod lane;
mod lock_step;
mod member;
#[cfg(all(feature = "net", any(unix, windows)))]
mod net;
#[cfg(not(all(feature = "net", any(unix, windows))))]
#[path = "no_net.rs"]
mod net;
mod outlet;
mod pace;
#[cfg(feature = "parallel")]
pub mod parallel;
pub mod park;
#[cfg(not(ecs_loom))]
mod pending;
#[cfg(ecs_loom)]
pub mod pending;
pub mod placement;
mod plan;
mod problem;
pub mod queue;
#[cfg(not(ecs_loom))]
mod quiet;
#[cfg(ecs_loom)]
pub mod quiet;
mod receive;
pub mod report;
#[cfg(not(ecs_loom))]
mod returns;
#[cfg(ecs_loom)]
pub mod returns;
pub mod ring;
pub mod running;
mod runtime;
mod seated;
mod shared;
mod slots;
pub mod spsc;
pub mod stats;
pub mod supervise;
mod sync;
mod trees;
mod unfinished;
mod wiring;

pub use admit::{Admission, Admit, Overloaded};
pub use bounds::edge_bytes;
pub use control::{DEFAULT_DEADLINE, StopHandle};
pub use coordinator::WorldCoordinator;
pub use describe::{
    EdgeDescription, EdgeReason, MemberDescription, QueueDescription, TopologyDescription,
};
pub use driver::{Driver, Port, Registry};
pub use endpoint::{Endpoint, PRIORITY_BURST};
pub use error::{Cause, Failure, QueueError, QueueErrorKind, RunError, RunErrorKind, StartError};
pub use member::{Activity, Idle};
pub use pace::Pace;
pub use placement::{Placement, PlacementError};
pub use problem::Problem;
pub use queue::{Full, LockFreeQueue};
pub use report::{Conservation, EdgeBalance, WorldBalance};
pub use ring::{Consumer, Producer};
pub use running::{Running, Stopped};
pub use spsc::SpscQueue;
pub use stats::{
    CoordinatorStats, EdgeCounts, EdgeEnd, EdgeStats, StatsReader, WorldCounts, WorldStats,
};
pub use supervise::{Handling, Overdue, Supervision};

/// What most programs of several worlds need.
pub mod prelude {
    #[cfg(feature = "parallel")]
    pub use crate::executor::ParallelExecutor;
    #[cfg(feature = "parallel")]
    pub use crate::parallel::ParQuery;
    pub use crate::{
        Admit, Driver, Idle, LockFreeQueue, Pace, Placement, SpscQueue, Supervision,
        WorldCoordinator,
    };
}
