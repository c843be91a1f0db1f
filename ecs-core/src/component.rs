//! What may be stored on an entity.

/// Data that can be stored on an entity. Implemented with `#[derive(Component)]`.
///
/// A component may own memory: it is moved between tables and worlds by Rust's
/// rules and dropped exactly once. A type without fields is a tag and takes no
/// bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a component",
    label = "not a component",
    note = "put `#[derive(Component)]` on `{Self}` and list it in the `components(...)` of its `#[world_config]`"
)]
pub trait Component: Sized + 'static {}
