//! Which entities want to leave a world.

/// Marks an entity to go to another world at the end of the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferMarker {
    /// The id of the world to go to.
    pub target_world: u16,
    /// Goes before unprioritised entities.
    pub priority: bool,
    /// `false`: a copy goes, with an id of its own, and the entity stays.
    pub destroy_on_transfer: bool,
}
