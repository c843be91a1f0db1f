//! placeholder
use crate::{entity::Entity, schema::Mask};
/// Rows of one archetype.
#[derive(Debug)]
pub struct Table { mask: Mask }
impl Table {
    /// mask
    pub fn mask(&self) -> Mask { self.mask }
    /// column
    pub fn column(&self, _i: usize) -> *mut u8 { core::ptr::null_mut() }
    /// ids
    pub fn entities_ptr(&self) -> *const Entity { core::ptr::null() }
}
