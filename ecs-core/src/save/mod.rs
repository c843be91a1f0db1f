//! Worlds to and from any serde format.
//!
//! [`Saved`] serializes a world, or the entities that a query would meet; [`Loader`]
//! makes a world of what was saved. Entities keep their ids. Components are known by
//! their names, so that a schema may grow, and each has a version, so that what an older
//! program saved can be migrated.
//!
//! What is saved is one struct. In a format that people read it looks like this, ids
//! being texts and components having their names:
//!
//! ```json
//! {
//!   "format": 1,
//!   "schema": "Game",
//!   "components": { "Position": 1, "Name": 2 },
//!   "origin": 0,
//!   "free": ["1v3@0"],
//!   "away": [],
//!   "retired": [],
//!   "entities": { "0v1@0": { "Position": [1.0, 2.0], "Name": "Ada" } }
//! }
//! ```
//!
//! Where `components` has their versions, `free` the ids that are given next, the last
//! first, `away` the ids of entities that are in other worlds, and `retired` the slots
//! whose ids are used up. In a format for machines an id is a number, and a component of
//! an entity its place in `components`.

mod error;
mod id;
mod loader;
mod read;
mod write;

pub use error::{LoadError, LoadProblem, NotSerializable};
pub use loader::Loader;
pub use write::Saved;

/// The version of the format.
const FORMAT: u32 = 1;
/// The name of the struct, and of its fields in their order.
const NAME: &str = "World";
const FIELDS: [&str; 8] =
    ["format", "schema", "components", "origin", "free", "away", "retired", "entities"];
