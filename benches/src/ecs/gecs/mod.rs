//! gecs: the world's archetypes declared in code, queries expanded at compile time.
//!
//! Left out for want of an API: adding components to an entity, inserting many at
//! once, and thousands of archetypes.

use bytemuck::{Pod, Zeroable};

use super::peer;
use crate::case::Entry;

mod four;
mod moving;
mod numbers;

pub const NAME: &str = "gecs";

peer::components! { (Clone, Copy, Pod, Zeroable) }

pub fn entries() -> Vec<Entry> {
    let mut entries = four::entries();
    entries.extend(numbers::entries());
    entries.extend(moving::entries());
    entries
}
