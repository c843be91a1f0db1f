//! What may move to another thread, and what may not.
#![allow(missing_docs, unreachable_pub)]

use std::marker::PhantomData;
use std::rc::Rc;

use ecs_core::block::Block;
use ecs_core::commands::Commands;
use ecs_core::schedule::Schedule;
use ecs_core::table::Table;
use ecs_core::transfer::EntityTransfer;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

#[derive(Component)]
#[component(crate = ecs_core)]
struct Plain(#[allow(dead_code)] Vec<u8>);
#[derive(Component)]
#[component(crate = ecs_core)]
struct Local(#[allow(dead_code)] Rc<u8>);
#[derive(Component)]
#[component(crate = ecs_core)]
struct Cell(#[allow(dead_code)] std::cell::Cell<u8>);

#[world_config(crate = ecs_core, components(Plain, Cell))]
struct Free;
#[world_config(crate = ecs_core, components(Plain))]
struct Shared;
#[world_config(crate = ecs_core, components(Plain, Local))]
struct Bound;

/// Inherent constants win where their bounds hold.
struct Probe<T>(PhantomData<T>);
trait Not {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T> Not for Probe<T> {}
struct IsSend;
struct IsSync;
impl<T: Send> Probe<(T, IsSend)> {
    const SEND: bool = true;
}
impl<T: Sync> Probe<(T, IsSync)> {
    const SYNC: bool = true;
}

macro_rules! traits {
    ($type:ty) => {
        (Probe::<($type, IsSend)>::SEND, Probe::<($type, IsSync)>::SYNC)
    };
}

#[test]
fn worlds_move_if_their_components_do_and_are_never_shared() {
    assert_eq!(traits!(World<Free>), (true, false));
    assert_eq!(traits!(World<Bound>), (false, false));
    assert_eq!(traits!(&'static Table), (false, false));
}

#[test]
fn what_carries_components_moves_if_they_do() {
    assert_eq!(traits!(Block<Free>), (true, false));
    assert_eq!(traits!(Block<Bound>), (false, false));
    assert_eq!(traits!(EntityTransfer<Free>), (true, false));
    assert_eq!(traits!(EntityTransfer<Bound>), (false, false));
    // It shows its components to whoever has it.
    assert_eq!(traits!(EntityTransfer<Shared>), (true, true));
    assert!(traits!(Commands<Free>).0 && !traits!(Commands<Bound>).0);
    assert!(traits!(Schedule<Free>).0 && !traits!(Schedule<Bound>).0);
}
