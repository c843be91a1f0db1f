//! Archetype storage, queries, commands and schedules of one world.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod block;
pub mod bundle;
mod column;
pub mod columns;
pub mod commands;
pub mod component;
pub mod config;
pub mod describe;
mod entities;
pub mod entity;
pub mod error;
pub mod event;
pub mod hash;
pub mod inspect;
pub mod iter;
mod kept;
#[cfg(feature = "bytemuck")]
pub mod lanes;
pub mod location;
pub mod members;
mod memory;
#[cfg(any(feature = "serde", feature = "snapshot"))]
mod names;
mod order;
pub mod outbox;
pub mod probe;
pub mod query;
pub mod relation;
mod removed;
pub mod resources;
#[cfg(feature = "serde")]
pub mod save;
pub mod schedule;
pub mod schema;
mod shelf;
#[cfg(feature = "snapshot")]
pub mod snapshot;
pub mod system;
pub mod table;
mod tables;
pub mod template;
mod text;
mod tick;
pub mod time;
pub mod topology;
pub mod track;
pub mod transfer;
mod tuples;
pub mod world;

/// The crate that says which components are plain numbers.
#[cfg(feature = "bytemuck")]
pub use bytemuck;

/// What generated code names. Not for users.
#[doc(hidden)]
pub mod __support {
    pub use crate::__component_infos as component_infos;
    pub use crate::__neighbour_matrix as neighbour_matrix;
    pub use crate::bundle::{Bundle, Cells, Form, Part, Single, Twice, part, twice};
    pub use crate::component::Component;
    pub use crate::component::Storage;
    pub use crate::config::*;
    pub use crate::entity::Entity;
    pub use crate::event::{
        DEFAULT_CAPACITY, Event, EventInfo, EventVisitor, HasEvent, NoEvent, Overflow, Shown,
    };
    pub use crate::members::{Group, Member, Same};
    pub use crate::query::{Access, QueryData, ReadOnlyQueryData};
    pub use crate::relation::{Relation, Target as RelationTarget};
    pub use crate::resources::Resource;
    pub use crate::schema::{AllClone, ComponentInfo, Contains, Mask, Queried, Schema};
    pub use crate::table::Table;
    pub use crate::tick::Ticks;
    pub use crate::topology::Verdict;
    pub use core;
}
