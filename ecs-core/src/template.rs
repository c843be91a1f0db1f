//! Prefabs: the values of entities that are made again and again.

use alloc::vec::Vec;
use core::fmt;

use crate::bundle::Bundle;
use crate::memory::bits;
use crate::schema::{Mask, Schema};
use crate::transfer::{Row, clone_row};

/// Values for the components of an entity, of which each instance gets clones.
///
/// Made by hand with [`new`](Self::new), or of an entity by `World::template`. It
/// belongs to no world: worlds with its schema make instances of it with
/// `World::spawn_template` and its like.
///
/// # Examples
/// ```
/// # use static_ecs::prelude::*;
/// #[derive(Component, Clone)]
/// struct Name(&'static str);
/// #[derive(Component, Clone)]
/// struct Health(u32);
/// #[world_config(components(Name, Health))]
/// struct Base;
///
/// let goblin = Template::<Base>::new((Name("goblin"), Health(7)));
/// let mut world = World::<Base>::new();
/// let one = world.spawn_template(&goblin)?;
/// let chief = world.spawn_template_with(&goblin, Health(20))?;
/// assert_eq!(world.spawn_templates(&goblin, 100)?.len(), 100);
/// assert_eq!(world.get::<Name>(chief)?.0, "goblin");
/// assert_eq!((world.get::<Health>(one)?.0, world.get::<Health>(chief)?.0), (7, 20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Template<S: Schema> {
    nodes: Vec<Row<S>>,
}

impl<S: Schema> Template<S> {
    /// A template of entities with the components of `bundle`, each of which is
    /// `Clone`.
    pub fn new<B: Bundle<S>>(bundle: B) -> Self {
        const { assert_cloned::<S, B>() };
        let mut row = Row::new();
        row.put(bundle);
        Self { nodes: alloc::vec![row] }
    }

    /// Of rows whose components are all `Clone`.
    pub(crate) fn of(nodes: Vec<Row<S>>) -> Self {
        Self { nodes }
    }

    /// How many entities an instance has.
    #[expect(clippy::len_without_is_empty, reason = "there is always the root")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The components of an instance's root.
    pub fn mask(&self) -> Mask {
        self.nodes[0].mask()
    }

    /// The values of each entity, the root's first. All are `Clone`.
    pub(crate) fn nodes(&self) -> &[Row<S>] {
        &self.nodes
    }
}

/// Fails to compile where the values of a bundle can't be those of a template.
const fn assert_cloned<S: Schema, B: Bundle<S>>() {
    crate::bundle::assert_distinct::<S, B>();
    assert!(!B::MARKER, "a template goes nowhere: leave the marker out and insert it in instances");
    let mut index = 0;
    while index < S::COMPONENTS.len() {
        assert!(
            B::MASK >> index & 1 == 0 || S::COMPONENTS[index].clone.is_some(),
            "a template clones its components, and one of these is not `Clone`: derive it"
        );
        index += 1;
    }
}

impl<S: Schema> Clone for Template<S> {
    fn clone(&self) -> Self {
        let clone = |row: &Row<S>| {
            // SAFETY: the row holds a value of each component of its mask.
            let clone = unsafe { clone_row(row.mask(), |index| row.place(index)) };
            clone.expect("what is in a template is `Clone`")
        };
        Self { nodes: self.nodes.iter().map(clone).collect() }
    }
}

impl<S: Schema> fmt::Debug for Template<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Names<S: Schema>(Mask, core::marker::PhantomData<S>);
        impl<S: Schema> fmt::Debug for Names<S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names = bits(self.0).map(|index| S::COMPONENTS[index].name);
                f.debug_set().entries(names).finish()
            }
        }
        let names = Names::<S>(self.mask(), core::marker::PhantomData);
        f.debug_struct("Template").field("components", &names).field("len", &self.len()).finish()
    }
}
