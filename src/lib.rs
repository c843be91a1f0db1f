//! Programs made of several entity-component worlds.
//!
//! The components, archetypes, routes and queues of each world are declared in
//! an attribute and become types and constants. Entities travel between worlds
//! on other threads through bounded lock-free queues, in batches of columns, by
//! move, and keep their identity.
//!
//! Start with the [`prelude`] and the guide in `docs/GUIDE.md`.

#[cfg(feature = "serde")]
pub use ecs_core::save;
#[cfg(feature = "snapshot")]
pub use ecs_core::snapshot;
pub use ecs_core::{
    block, bundle, columns, commands, component, config, describe, entity, error, event, hash,
    inspect, iter, location, members, outbox, probe, query, relation, resources, schedule, schema,
    system, table, template, time, topology, track, transfer, world,
};
#[cfg(feature = "bytemuck")]
pub use ecs_core::{bytemuck, lanes};
pub use ecs_macros::{
    Bundle, Component, Event, Query, Resource, coordinator, pipeline_configs, world_config,
};

#[cfg(feature = "coordination")]
pub use ecs_coordination as coordination;
#[cfg(feature = "coordination")]
pub use ecs_coordination::*;

/// What most programs need, for `use static_ecs::prelude::*`.
pub mod prelude {
    pub use ecs_core::bundle::Bundle;
    pub use ecs_core::commands::Commands;
    pub use ecs_core::component::Component;
    pub use ecs_core::config::{OnFull, Role, WorldConfig};
    pub use ecs_core::entity::Entity;
    pub use ecs_core::event::{Event, EventCursor};
    pub use ecs_core::location::Locator;
    pub use ecs_core::outbox::TransferMarker;
    pub use ecs_core::query::{Or, QueryData, With, Without};
    pub use ecs_core::relation::{ChildOf, Children, Relation, Sources};
    pub use ecs_core::resources::Resource;
    pub use ecs_core::schedule::{Phase, Schedule};
    pub use ecs_core::system::{EventReader, EventWriter, Local, Query, Res, ResMut, WorldId};
    pub use ecs_core::template::Template;
    pub use ecs_core::time::{FixedSteps, Time};
    pub use ecs_core::track::{Added, Changed, Mut, Ref, Removed, Tick};
    pub use ecs_core::transfer::{EntityTransfer, TransferFlags};
    pub use ecs_core::world::{DeferredWorld, World};
    pub use ecs_macros::{
        Bundle, Component, Event, Query, Resource, coordinator, pipeline_configs, world_config,
    };

    #[cfg(feature = "coordination")]
    pub use ecs_coordination::prelude::*;
    #[cfg(feature = "bytemuck")]
    pub use ecs_core::lanes::Lanes;
}

/// What generated code names. Not for users.
#[doc(hidden)]
pub mod __support {
    #[cfg(feature = "coordination")]
    pub use ecs_coordination::WorldCoordinator;
    pub use ecs_core::__support::*;
}

/// The programs in the documents are tests.
#[cfg(all(doctest, feature = "coordination"))]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[cfg(all(feature = "serde", feature = "snapshot"))]
    #[doc = include_str!("../docs/GUIDE.md")]
    mod guide {}
    #[doc = include_str!("../docs/COMING_FROM_BEVY.md")]
    mod coming_from_bevy {}
    #[doc = include_str!("../docs/COMING_FROM_HECS.md")]
    mod coming_from_hecs {}
    #[doc = include_str!("../docs/COMING_FROM_STATICECS.md")]
    mod coming_from_staticecs {}
}
