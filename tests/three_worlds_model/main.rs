//! Three worlds against a plain model: whatever is done to their entities, in
//! whatever order worlds tick and however small their queues are, each entity
//! is in exactly one place, with its data, and each owned value is dropped once.

mod model;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use static_ecs::prelude::*;

/// Which entity it is, in the model's count.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
struct Number(u32);

#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
struct Extra(u64);

/// Routes to another world.
#[derive(Component, Clone, Copy)]
struct Detour;

/// Counts those that are alive, and that none is dropped twice.
#[derive(Component)]
struct Owned {
    alive: Arc<AtomicI64>,
    dropped: AtomicUsize,
    number: u32,
}

impl Owned {
    fn new(alive: &Arc<AtomicI64>, number: u32) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self { alive: alive.clone(), dropped: AtomicUsize::new(0), number }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        assert_eq!(self.dropped.fetch_add(1, Ordering::Relaxed), 0, "dropped twice");
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

#[world_config(components(Number, Extra, Detour, Owned))]
struct Base;

/// Three worlds, each of which reaches both others, with queues of one kind.
macro_rules! worlds {
    ($module:ident: $($queue:tt)*) => {
        mod $module {
            use super::*;
            #[world_config(base = Base, source, max_entities = 12,
                transfer_queue(capacity = 4, batch_size = 2, $($queue)*),
                routing(default_target = B, Detour => C))]
            pub(crate) struct A;
            #[world_config(base = A, max_entities = 40, routing(default_target = C, Detour => A))]
            pub(crate) struct B;
            #[world_config(base = A, max_entities = 6, routing(default_target = A, Detour => B))]
            pub(crate) struct C;
            coordinator!(pub(crate) type Three = (A, B, C));

            impl Worlds for Three {
                type A = A;
                type B = B;
                type C = C;
                fn make() -> Self { Self::new() }
                fn tick_one(&mut self, world: u16) {
                    match world {
                        0 => self.tick_world::<A>(),
                        1 => self.tick_world::<B>(),
                        _ => self.tick_world::<C>(),
                    }.unwrap();
                }
                fn all(&mut self) -> (&World<A>, &World<B>, &World<C>) {
                    (self.world::<A>(), self.world::<B>(), self.world::<C>())
                }
                fn a(&mut self) -> &mut World<A> { self.world_mut::<A>() }
                fn b(&mut self) -> &mut World<B> { self.world_mut::<B>() }
                fn c(&mut self) -> &mut World<C> { self.world_mut::<C>() }
                fn pop(&mut self, world: u16) -> Option<EntityTransfer<Base>> {
                    self.pop_transfer_for(world)
                }
                fn queue(&mut self, from: u16, to: u16, transfer: EntityTransfer<Base>)
                    -> Result<(), EntityTransfer<Base>> {
                    self.queue_transfer(from, to, transfer).map_err(|error| error.into_inner())
                }
                fn balance(&mut self) -> static_ecs::Conservation { self.conservation() }
                fn at_rest(&mut self) -> bool { self.drain(1).unwrap() }
                fn take_unfinished(&mut self) -> Vec<EntityTransfer<Base>> {
                    Three::take_unfinished(self).collect()
                }
            }

            #[test]
            fn model() {
                crate::model::check::<Three>();
            }
        }
    };
}

worlds!(retain_inbox: on_full = retain);
worlds!(retain_ring: spsc = true, on_full = retain);
worlds!(linger_inbox: on_full = retain, linger = 2);
worlds!(linger_ring: spsc = true, on_full = spill(3), linger = 3);
worlds!(shed_inbox: on_full = shed);
worlds!(shed_ring: spsc = true, on_full = shed);
worlds!(spill_inbox: on_full = spill(3));
worlds!(spill_ring: spsc = true, on_full = spill(3));

trait Worlds: Sized {
    type A: WorldConfig<Schema = Base>;
    type B: WorldConfig<Schema = Base>;
    type C: WorldConfig<Schema = Base>;
    fn make() -> Self;
    fn tick_one(&mut self, world: u16);
    #[allow(clippy::type_complexity)]
    fn all(&mut self) -> (&World<Self::A>, &World<Self::B>, &World<Self::C>);
    fn a(&mut self) -> &mut World<Self::A>;
    fn b(&mut self) -> &mut World<Self::B>;
    fn c(&mut self) -> &mut World<Self::C>;
    fn pop(&mut self, world: u16) -> Option<EntityTransfer<Base>>;
    fn queue(
        &mut self,
        from: u16,
        to: u16,
        transfer: EntityTransfer<Base>,
    ) -> Result<(), EntityTransfer<Base>>;
    fn balance(&mut self) -> static_ecs::Conservation;
    fn at_rest(&mut self) -> bool;
    fn take_unfinished(&mut self) -> Vec<EntityTransfer<Base>>;
}

/// Does the same to whichever world it is.
macro_rules! with_world {
    ($worlds:expr, $world:expr, |$name:ident| $body:expr) => {
        match $world {
            0 => {
                let $name = $worlds.a();
                $body
            }
            1 => {
                let $name = $worlds.b();
                $body
            }
            _ => {
                let $name = $worlds.c();
                $body
            }
        }
    };
}
use with_world;
