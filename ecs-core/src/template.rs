//! Prefabs: the values of entities, and of their descendants, that are made again and
//! again.

use alloc::vec::Vec;
use core::fmt;

use crate::bundle::Bundle;
use crate::entity::Entity;
use crate::memory::bits;
use crate::relation::{ChildOf, Hierarchy};
use crate::schema::{Contains, Mask, Schema};
use crate::transfer::{Row, clone_row};

/// Values for the components of an entity and its descendants, of which each instance
/// gets clones.
///
/// Made by hand with [`new`](Self::new) and [`with_child`](Self::with_child), or of an
/// entity and its descendants by `World::template`. Where one of them is related to
/// another, so are those of an instance, in the same order. A template belongs to no world: worlds with its schema make instances of it with
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
    /// The components of each entity without their relations. The root is the first.
    nodes: Vec<Row<S>>,
    ties: Vec<Tie>,
}

/// A relation of one of a template's entities. Those of one target stand in the order of
/// its list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tie {
    /// The relation's index.
    pub(crate) relation: usize,
    /// The place of the source among the nodes.
    pub(crate) source: usize,
    pub(crate) target: To,
}

/// To whom a template's entity is related.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    /// To one of the template's, at this place among the nodes.
    Node(usize),
    /// To one of the world's.
    Entity(Entity),
}

impl<S: Schema> Template<S> {
    /// A template of entities with the components of `bundle`, each of which is
    /// `Clone`.
    pub fn new<B: Bundle<S>>(bundle: B) -> Self {
        const { assert_cloned::<S, B>() };
        let mut row = Row::new();
        row.put(bundle);
        Self { nodes: alloc::vec![row], ties: Vec::new() }
    }

    /// The same with one more child of the root, the last.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component, Clone)] struct Name(&'static str);
    /// # #[world_config(components(Name, ChildOf, Children))] struct Scene;
    /// let car = Template::<Scene>::new(Name("car"))
    ///     .with_child(Template::new(Name("motor")).with_child(Template::new(Name("fan"))))
    ///     .with_child(Template::new(Name("wheel")));
    /// # let mut scene = World::<Scene>::new();
    /// let car = scene.spawn_template(&car)?;
    /// let names = scene.descendants(car).map(|part| scene.get::<Name>(part).map(|name| name.0));
    /// assert!(names.eq([Ok("motor"), Ok("fan"), Ok("wheel")]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_child(mut self, child: Self) -> Self
    where
        S: Hierarchy,
    {
        let first = self.nodes.len();
        let Self { nodes, ties } = child;
        self.nodes.extend(nodes);
        self.ties.extend(ties.into_iter().map(|tie| Tie {
            source: tie.source + first,
            target: match tie.target {
                To::Node(node) => To::Node(node + first),
                outside => outside,
            },
            ..tie
        }));
        let relation = <S as Contains<ChildOf>>::INDEX;
        self.ties.push(Tie { relation, source: first, target: To::Node(0) });
        self
    }

    /// Of rows whose components are all `Clone`.
    pub(crate) fn of(nodes: Vec<Row<S>>, ties: Vec<Tie>) -> Self {
        debug_assert!(nodes.iter().all(|row| row.mask() & S::LINKED == 0));
        Self { nodes, ties }
    }

    /// How many entities an instance has.
    #[expect(clippy::len_without_is_empty, reason = "there is always the root")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The components of an instance's root, without its relations.
    pub fn mask(&self) -> Mask {
        self.nodes[0].mask()
    }

    /// The values of each entity, the root's first. All are `Clone`.
    pub(crate) fn nodes(&self) -> &[Row<S>] {
        &self.nodes
    }

    /// How they are related.
    pub(crate) fn ties(&self) -> &[Tie] {
        &self.ties
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
        Self { nodes: self.nodes.iter().map(clone).collect(), ties: self.ties.clone() }
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
