//! A number that tells whether two worlds are in the same state.

use core::error::Error;
use core::fmt;
use core::hash::Hasher;

use super::World;
use crate::component::Storage;
use crate::config::WorldConfig;
use crate::hash::StateHasher;
use crate::memory::bits;
use crate::schema::{ComponentInfo, ComponentSet, Mask, Schema};
use crate::table::Table;

impl<W: WorldConfig> World<W> {
    /// A hash of all entities: their ids, their components and the values of these, in
    /// the order in which a query meets them. Two worlds that were made the same way
    /// have the same; where machines compute in lock step, a difference shows that they
    /// no longer do, and at which tick it began.
    ///
    /// A component is hashed by its `Hash`. One that is not `Hash`, but plain bytes
    /// (bytemuck's `NoUninit`, with the feature `bytemuck`), is hashed by its bytes, so
    /// that floats are told apart bit by bit. Nothing is hashed that differs from run to
    /// run: addresses, padding, the capacity of tables.
    ///
    /// The algorithm is [`StateHasher`]'s. Compare hashes of one build of a program:
    /// the `Hash` of a type is free to change with the type and with Rust.
    ///
    /// # Errors
    /// If some entity has a component that can't be hashed: [`Unhashed`] names these
    /// and has the hash of all the rest.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component, Hash)] struct Health(u32);
    /// # #[derive(Component)] struct Sound(f32);
    /// # #[world_config(components(Health, Sound))] struct Base;
    /// let (mut one, mut other) = (World::<Base>::new(), World::<Base>::new());
    /// let hero = one.spawn(Health(10))?;
    /// other.spawn(Health(10))?;
    /// assert_eq!(one.state_hash()?, other.state_hash()?);
    /// one.get_mut::<Health>(hero)?.0 -= 1;
    /// assert_ne!(one.state_hash()?, other.state_hash()?);
    ///
    /// one.insert(hero, Sound(0.5))?;
    /// let unhashed = one.state_hash().unwrap_err();
    /// assert_eq!(unhashed.components().iter().collect::<Vec<_>>(), ["Sound"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state_hash(&self) -> Result<u64, Unhashed> {
        let mut hasher = StateHasher::new();
        let mut unhashed = 0;
        for table in self.tables.all().iter().filter(|table| !table.is_empty()) {
            unhashed |= hash_table::<W::Schema>(table, &mut hasher);
        }
        let hash = hasher.finish();
        match ComponentSet::of::<W::Schema>(unhashed) {
            none if none.is_empty() => Ok(hash),
            components => Err(Unhashed { hash, components }),
        }
    }
}

/// Answers the components that could not be hashed.
fn hash_table<S: Schema>(table: &Table, hasher: &mut StateHasher) -> Mask {
    hasher.write_u128(table.mask());
    hasher.write_usize(table.len());
    table.entities().iter().for_each(|entity| hasher.write_u64(entity.to_bits()));
    let mut unhashed = 0;
    for index in bits(table.possible()) {
        let ComponentInfo { hash, size, storage, .. } = S::COMPONENTS[index];
        let mut values = |first: usize, count: usize, hasher: &mut StateHasher| match hash {
            // SAFETY: the rows are in the table, and hold values of the component.
            Some(hash) => unsafe { hash(table.cell(index, first), count, hasher) },
            // That a tag is there is all there is to hash.
            None if size == 0 => {}
            None => unhashed |= 1 << index,
        };
        match storage {
            Storage::Table => values(0, table.len(), hasher),
            Storage::Sparse => {
                for row in (0..table.len()).filter(|&row| table.has_bit(index, row)) {
                    hasher.write_u64((index as u64) << 32 | row as u64);
                    values(row, 1, hasher);
                }
            }
        }
    }
    unhashed
}

/// Some entity has components that can't be hashed.
#[derive(Clone, Copy, Debug)]
pub struct Unhashed {
    hash: u64,
    components: ComponentSet,
}

impl Unhashed {
    /// The hash of all the rest, for those who can do without these components.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The components.
    pub fn components(&self) -> ComponentSet {
        self.components
    }
}

impl fmt::Display for Unhashed {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} can't be hashed: derive `Hash`, or bytemuck's `NoUninit`, or take the hash of the rest",
            self.components
        )
    }
}
impl Error for Unhashed {}
