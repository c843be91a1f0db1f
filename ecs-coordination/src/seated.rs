//! Members whatever their worlds, which may move to other threads.
//!
//! That all components are `Send`, and that all worlds have one schema, is asked by a constant
//! when a coordinator is made, and not by bounds: a bound that fails is told again wherever the
//! coordinator's type is named.

use std::any::Any;
use std::ops::{Deref, DerefMut};

use ecs_core::config::WorldConfig;
use ecs_core::schema::Schema;
use ecs_core::world::World;

use crate::endpoint::Endpoint;
use crate::member::{Member, Node};

/// A member of a coordinator whose worlds have the schema `S`.
pub(crate) struct Seated<S: Schema>(Box<dyn Node<S>>);

// SAFETY: there is a `Member` in it, which is `Send` if the components of its schema are, as
// `send_as_its_components` shows; `new` makes none with a component that is not.
unsafe impl<S: Schema> Send for Seated<S> {}

/// Does not compile if there is more to a member than its components that is not `Send`.
#[allow(dead_code)]
fn send_as_its_components<W>(member: Member<W>) -> impl Send
where
    W: WorldConfig<Schema: Schema<Types: Send>>,
{
    member
}

impl<S: Schema> Seated<S> {
    /// Seats a world with its ends of all edges.
    ///
    /// # Panics
    /// If a component is not `Send`. The coordinator's check has refused that, unless somebody
    /// implements the traits of worlds by hand and tells it otherwise.
    pub(crate) fn new<W: WorldConfig<Schema = S>>(world: World<W>, endpoint: Endpoint<S>) -> Self {
        assert!(const { all_send::<S>() }, "a component is not `Send`");
        Self(Box::new(Member::new(world, endpoint)))
    }
}

/// Whether values of all components may move to another thread.
const fn all_send<S: Schema>() -> bool {
    let mut index = 0;
    while index < S::COMPONENTS.len() {
        if !S::COMPONENTS[index].send {
            return false;
        }
        index += 1;
    }
    true
}

/// A value under the other name of its type.
///
/// # Panics
/// If it is another type.
pub(crate) fn under_its_other_name<A: 'static, B: 'static>(value: A) -> B {
    let mut value = Some(value);
    let value: Option<&mut Option<B>> = (&mut value as &mut dyn Any).downcast_mut();
    value.and_then(Option::take).expect("all worlds of a coordinator have one schema")
}

impl<S: Schema> Deref for Seated<S> {
    type Target = dyn Node<S>;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl<S: Schema> DerefMut for Seated<S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use ecs_core::members::Member;
    use static_ecs::prelude::*;

    use super::Seated;
    use crate::wiring::wire;

    #[derive(Component)]
    struct Number(#[allow(dead_code)] u32);

    #[derive(Component)]
    struct Local(#[allow(dead_code)] Rc<u32>);

    #[world_config(components(Number))]
    struct Sent;

    #[world_config(components(Number, Local))]
    struct Kept;

    #[test]
    fn one_component_that_stays_keeps_all_here() {
        assert!(super::all_send::<Sent>());
        assert!(!super::all_send::<Kept>());
    }

    #[test]
    #[should_panic = "a component is not `Send`"]
    fn no_world_with_such_a_component_is_seated() {
        let mut wiring = wire::<Kept>(const { &[<Kept as Member>::GROUP] });
        Seated::new(World::<Kept>::new(), wiring.endpoints.remove(0));
    }

    #[world_config(components(Number))]
    struct Twin;

    fn coordinator() -> crate::coordinator::WorldCoordinator<(Twin,)> {
        Default::default()
    }

    #[test]
    #[should_panic = "tests::Twin` (declared in two functions?): name them apart"]
    fn worlds_of_one_path_are_not_told_apart() {
        #[world_config(components(Number))]
        struct Twin;
        coordinator().world::<Twin>();
    }

    #[test]
    #[should_panic = "tests::Twin` (declared in two functions?): name them apart"]
    fn nor_to_be_changed() {
        #[world_config(components(Number))]
        struct Twin;
        coordinator().world_mut::<Twin>();
    }
}
