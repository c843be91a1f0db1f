//! Observers are told of what comes and goes, once, in order, and what they write down
//! is made. Moves between worlds, and what panics half way, are told as they are.
#![allow(missing_docs, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod steps;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ecs_core::block::{Block, block_bytes};
use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::outbox::TransferMarker;
use ecs_core::query::With;
use ecs_core::schedule::Schedule;
use ecs_core::transfer::TransferFlags;
use ecs_core::world::{DeferredCounts, World};
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics, scaled};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Plain(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, observe)]
struct A(u32);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core, storage = "sparse", observe)]
struct B(u32);

#[world_config(crate = ecs_core, components(Plain, A, B, Owned), max_entities = 200)]
struct Base;

#[world_config(crate = ecs_core, base = Base, archetypes(plain(Plain), a(A), pa(Plain, A), closed))]
struct Closed;

/// What was heard, in order.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn add(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A world whose observers write what they hear, with the value that they see.
fn listening() -> (World<Base>, Heard) {
    let (mut world, heard) = (World::<Base>::new(), Heard::default());
    macro_rules! listen {
        ($($on:ident $component:ident $name:literal;)*) => {$(
            let here = heard.clone();
            world.$on::<$component>(move |world, entity| {
                let value = world.get::<$component>(entity).map(|value| value.0);
                let value = value.map_or("gone".to_owned(), |value| value.to_string());
                here.add(format!("{} {value}", $name));
            });
        )*};
    }
    listen! {
        on_add A "+A"; on_insert A "=A"; on_remove A "-A"; on_despawn A "xA";
        on_add B "+B"; on_insert B "=B"; on_remove B "-B"; on_despawn B "xB";
    }
    (world, heard)
}

#[test]
fn each_event_is_heard_with_its_value() {
    let (mut world, heard) = listening();
    let e = world.spawn((A(1), Plain(0))).unwrap();
    assert_eq!(heard.take(), ["+A 1", "=A 1"]);
    world.insert(e, B(2)).unwrap();
    assert_eq!(heard.take(), ["+B 2", "=B 2"]);
    // A value that replaces another is inserted, and not added.
    world.insert(e, (A(3), B(4), Plain(1))).unwrap();
    assert_eq!(heard.take(), ["=A 3", "=B 4"]);
    world.remove::<A>(e).unwrap();
    assert_eq!(heard.take(), ["-A 3"]);
    world.insert(e, A(5)).unwrap();
    assert_eq!(heard.take(), ["+A 5", "=A 5"]);
    world.despawn(e).unwrap();
    assert_eq!(heard.take(), ["xA 5", "xB 4", "-A 5", "-B 4"]);
    // What is refused, or not declared, is not heard.
    assert!(world.remove::<A>(e).is_err() && world.insert(e, A(0)).is_err());
    let e = world.spawn(Plain(0)).unwrap();
    assert!(world.remove::<(Plain, A)>(e).is_err());
    world.despawn(e).unwrap();
    let e = world.spawn(A(1)).unwrap();
    heard.take();
    assert!(world.remove::<(A, TransferMarker)>(e).is_err());
    assert_eq!(heard.take(), [] as [&str; 0]);
}

#[test]
fn observers_are_called_in_the_order_of_registration() {
    let (mut world, heard) = (World::<Base>::new(), Heard::default());
    for n in 0..3 {
        let heard = heard.clone();
        world.on_add::<A>(move |_, _| heard.add(n.to_string()));
    }
    world.spawn(A(0)).unwrap();
    assert_eq!(heard.take(), ["0", "1", "2"]);
}

#[test]
fn changes_of_many_are_heard_one_by_one() {
    let (mut world, heard) = listening();
    let ids = world.spawn_batch([A(1), A(2)]).unwrap().to_vec();
    assert_eq!(heard.take(), ["+A 1", "=A 1", "+A 2", "=A 2"]);
    let more = world.spawn_columns((vec![Plain(0); 2], vec![B(3), B(4)])).unwrap().to_vec();
    assert_eq!(heard.take(), ["+B 3", "=B 3", "+B 4", "=B 4"]);
    // Whole tables, and single entities.
    assert_eq!(world.insert_where::<With<Plain>, _>(|_| A(7)).unwrap(), 2);
    assert_eq!(heard.take(), ["+A 7", "=A 7", "+A 7", "=A 7"]);
    assert_eq!(world.insert_where::<With<B>, _>(|_| A(8)).unwrap(), 2);
    assert_eq!(heard.take(), ["=A 8", "=A 8"]);
    assert_eq!(world.remove_where::<With<Plain>, A>().unwrap(), 2);
    assert_eq!(heard.take(), ["-A 8", "-A 8"]);
    assert_eq!(world.remove_where::<(), B>().unwrap(), 2);
    assert_eq!(heard.take(), ["-B 3", "-B 4"]);
    world.insert(more[0], B(5)).unwrap();
    heard.take();
    assert_eq!(world.despawn_where::<With<B>>(), 1);
    assert_eq!(heard.take(), ["xB 5", "-B 5"]);
    assert_eq!(world.despawn_batch(&ids[..1]), 1);
    assert_eq!(heard.take(), ["xA 1", "-A 1"]);
    assert_eq!(world.despawn_where::<With<A>>(), 1);
    assert_eq!(heard.take(), ["xA 2", "-A 2"]);
    world.insert(more[1], B(6)).unwrap();
    heard.take();
    world.clear();
    assert_eq!(heard.take(), ["xB 6", "-B 6"]);
    assert!(world.is_empty());
}

#[test]
fn commands_are_heard_in_their_order() {
    let (mut world, heard) = listening();
    let e = world.spawn(Plain(0)).unwrap();
    let mut commands = Commands::with_capacity(10);
    commands.insert(e, Plain(1)).unwrap();
    commands.insert(e, A(1)).unwrap();
    commands.remove::<A>(e).unwrap();
    commands.insert(e, B(2)).unwrap();
    commands.despawn(e).unwrap();
    assert_eq!(commands.apply(&mut world).unwrap().made, 5);
    assert_eq!(heard.take(), ["+A 1", "=A 1", "-A 1", "+B 2", "=B 2", "xB 2", "-B 2"]);
}

/// Commands of one entity are gathered, but not across one of which somebody hears.
#[test]
fn observers_see_the_commands_before_and_none_after() {
    for what in 0..4 {
        let mut world = World::<Base>::new();
        let (e, other) = (world.spawn((A(0), B(0))).unwrap(), world.spawn(Plain(0)).unwrap());
        let heard = Heard::default();
        macro_rules! look {
            ($($on:ident)*) => {$(
                let here = heard.clone();
                world.$on::<A>(move |world, _| {
                    here.add(world.get::<Plain>(other).unwrap().0.to_string());
                });
            )*};
        }
        look! { on_insert on_remove }
        let mut commands = Commands::with_capacity(10);
        commands.insert(other, Plain(1)).unwrap();
        match what {
            0 => commands.insert(e, A(1)).unwrap(),
            1 => commands.remove::<A>(e).unwrap(),
            2 => commands.despawn(e).map_err(drop).unwrap(),
            _ => commands.spawn(A(2)).unwrap(),
        }
        commands.insert(other, Plain(2)).unwrap();
        commands.apply(&mut world).unwrap();
        assert_eq!(heard.take(), ["1"], "{what}");
        assert_eq!(world.get::<Plain>(other).unwrap().0, 2);
    }
}

#[test]
fn a_move_between_worlds_is_not_heard() {
    let (mut source, heard) = listening();
    let (mut target, also) = listening();
    let ids = source.spawn_batch((0..4).map(|n| (A(n), B(n)))).unwrap().to_vec();
    heard.take();
    let transfer = source.take(ids[0]).unwrap();
    let e = target.insert_transfer(transfer).unwrap();
    let mask = source.select(ids[1]).unwrap().mask;
    let mut block = Block::<Base>::new(block_bytes::<Base>(4));
    let flags = TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };
    block.begin(mask, 0, flags);
    assert_eq!(source.depart(&ids[1..2], &mut block, 1), 1);
    assert_eq!(target.arrive(&mut block, 1).unwrap(), 1);
    target.insert_transfer(source.copy(ids[2]).unwrap()).unwrap();
    target.insert_transfer(source.split::<A>(ids[2]).unwrap()).unwrap();
    source.shed(ids[3], 1).unwrap();
    drop(target.take(e));
    assert_eq!(heard.take(), [] as [&str; 0]);
    assert_eq!(also.take(), [] as [&str; 0]);
    drop((source, target));
    assert_eq!(heard.take(), [] as [&str; 0]);
    assert_eq!(also.take(), [] as [&str; 0]);
}

#[test]
fn what_observers_write_down_is_made_when_the_operation_ends() {
    let mut world = World::<Base>::new();
    world.on_add::<A>(|world, entity| {
        // The others of the same operation are as they were.
        assert!(world.get::<B>(entity).is_err());
        assert!(world.view_filtered::<Entity, With<B>>().next().is_none());
        world.commands().insert(entity, B(1)).unwrap();
        world.get_mut::<A>(entity).unwrap().0 += 10;
    });
    world.on_remove::<A>(|world, entity| {
        world.commands().despawn(entity).unwrap();
        if let Some(count) = world.resource_mut::<u32>() {
            *count += 1;
        }
    });
    world.insert_resource(0_u32);
    let ids = world.spawn_batch((0..5).map(A)).unwrap().to_vec();
    assert_eq!(
        world.view::<(&A, &B)>().map(|(a, _)| a.0).collect::<Vec<_>>(),
        [10, 11, 12, 13, 14]
    );
    assert_eq!(ids.iter().filter(|&&id| world.contains(id)).count(), 5);
    assert_eq!(world.remove_where::<(), A>().unwrap(), 5);
    assert!(world.is_empty());
    assert_eq!(world.resource::<u32>(), Some(&5));
    let counts = DeferredCounts { made: 10, ..Default::default() };
    assert_eq!(world.deferred_counts(), counts);
}

/// The ids that a spawn answers are those that it made, wherever they went.
#[test]
fn ids_are_answered_although_observers_move_their_entities() {
    let mut world = World::<Base>::new();
    world.on_add::<A>(|world, entity| {
        let odd = world.get::<A>(entity).unwrap().0 % 2 == 1;
        let commands = world.commands();
        if odd {
            commands.despawn(entity).unwrap();
        } else {
            commands.insert(entity, Plain(0)).unwrap();
            // A change of many uses the same buffers.
            let change = |world: &mut World<Base>| {
                world.insert_where::<With<Plain>, _>(|_| B(0)).unwrap();
            };
            commands.run(change).unwrap();
        }
    });
    let ids = world.spawn_batch((0..6).map(A)).unwrap().to_vec();
    assert_eq!(ids.len(), 6);
    for (n, &id) in ids.iter().enumerate() {
        assert_eq!(world.get::<A>(id).ok(), (n % 2 == 0).then_some(&A(n as u32)));
    }
    let ids = world.spawn_columns((vec![A(1), A(2)],)).unwrap().to_vec();
    assert!(!world.contains(ids[0]) && world.has::<B>(ids[1]));
}

#[test]
fn a_circle_of_observers_ends() {
    let mut world = World::<Base>::new();
    world.set_deferred_limit(50);
    world.on_add::<A>(|world, entity| world.commands().remove::<A>(entity).unwrap());
    world.on_remove::<A>(|world, entity| world.commands().insert(entity, A(0)).unwrap());
    let e = world.spawn(A(0)).unwrap();
    assert_eq!(world.deferred_counts().made, 50);
    assert_eq!(world.deferred_counts().postponed, 1);
    assert_eq!(world.flush(), 1);
    assert_eq!(world.deferred_counts().made, 100);
    world.despawn(e).unwrap();
    // The insert that was put off, and the one of the despawn, miss their entity.
    assert_eq!(world.flush(), 0);
    assert_eq!(world.deferred_counts().missed, 2);

    // The run of a schedule goes on with what was put off.
    let e = world.spawn(A(0)).unwrap();
    let made = world.deferred_counts().made;
    Schedule::new().run(&mut world).unwrap();
    assert_eq!(world.deferred_counts().made, made + 50);
    world.despawn(e).unwrap();

    // One that writes more than fits is told so.
    let mut world = World::<Base>::new();
    world.set_deferred_limit(3);
    world.on_add::<A>(|world, entity| {
        let written = (0..10).take_while(|&n| world.commands().insert(entity, Plain(n)).is_ok());
        assert_eq!(written.count(), 3);
    });
    let e = world.spawn(A(0)).unwrap();
    assert_eq!(world.get::<Plain>(e).unwrap().0, 2);
}

#[test]
fn a_chain_of_observers_is_made_to_its_end() {
    let mut world = World::<Base>::new();
    let count = scaled(100, 10);
    let last = *world.spawn_batch((0..count).map(A)).unwrap().last().unwrap();
    world.on_remove::<A>(|world, entity| {
        let n = world.get::<A>(entity).unwrap().0;
        let next = world.view::<(Entity, &A)>().find(|(_, a)| a.0 + 1 == n);
        if let Some((next, _)) = next {
            world.commands().despawn(next).unwrap();
        }
    });
    world.despawn(last).unwrap();
    assert!(world.is_empty());
}

#[test]
fn what_a_world_refuses_is_dropped_and_counted_or_waits() {
    let mut world = World::<Closed>::new();
    world.on_add::<A>(|world, entity| {
        let commands = world.commands();
        // No archetype of the world's.
        commands.remove::<A>(entity).unwrap();
        commands.insert(entity, Plain(1)).unwrap();
    });
    let e = world.spawn(A(0)).unwrap();
    assert_eq!(world.get::<Plain>(e).unwrap().0, 1);
    let counts = DeferredCounts { made: 1, refused: 1, ..Default::default() };
    assert_eq!(world.deferred_counts(), counts);

    let mut world = World::<Base>::new();
    world.on_add::<A>(|world, _| {
        let commands = world.commands();
        commands.spawn(Plain(7)).unwrap();
        commands.spawn(Plain(8)).unwrap();
    });
    let others: Vec<Entity> = world.spawn_batch((0..199).map(Plain)).unwrap().to_vec();
    let e = world.spawn(A(0)).unwrap();
    assert_eq!((world.len(), world.flush()), (200, 2));
    world.despawn(others[0]).unwrap();
    world.despawn(e).unwrap();
    assert_eq!((world.len(), world.flush()), (200, 0));
}

#[test]
fn an_observer_that_panics_leaves_the_world_whole() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    let armed = Arc::new(Mutex::new(true));
    macro_rules! bombs {
        ($($on:ident)*) => {$({
            let armed = armed.clone();
            world.$on::<A>(move |world, entity| {
                world.commands().insert(entity, B(0)).unwrap();
                let armed = *armed.lock().unwrap();
                assert!(!armed || world.get::<A>(entity).unwrap().0 != 13);
            });
        })*};
    }
    bombs! { on_add on_insert on_remove on_despawn }
    // Made, though the observer failed.
    panics(|| world.spawn((A(13), ledger.owned(0))).map(|_| ()));
    assert_eq!(world.len(), 1);
    let e = world.entities().next().unwrap();
    panics(|| world.insert(e, (A(13), ledger.owned(1))));
    assert_eq!(world.get::<Owned>(e).unwrap().value, 1);
    // Not made.
    panics(|| world.remove::<A>(e).map(|_| ()));
    panics(|| world.despawn(e));
    panics(|| world.despawn_batch(&[e]));
    panics(|| world.remove_where::<(), A>().map(|_| ()));
    panics(|| world.despawn_where::<()>());
    panics(|| world.clear());
    assert!(world.has::<A>(e) && world.has::<Owned>(e));
    panics(|| world.spawn_batch([12, 13, 14].map(A)).map(|_| ()));
    assert_eq!(world.view::<&A>().map(|a| a.0).collect::<BTreeSet<_>>(), BTreeSet::from([12, 13]));
    panics(|| world.insert_where::<(), _>(|_| A(13)).map(|_| ()));
    // What was written down waits for the next operation.
    assert!(!world.has::<B>(e));
    world.insert(e, A(1)).unwrap();
    assert!(world.has::<B>(e));
    ledger.check();
    // They are all still there.
    *armed.lock().unwrap() = false;
    world.clear();
    assert!(world.is_empty());
    assert_eq!(world.counts().live(), 0);
    drop(world);
    ledger.check_empty();
}

#[test]
fn commands_that_panic_leave_the_others_waiting() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    let owned = ledger.clone();
    world.on_add::<A>(move |world, entity| {
        let commands = world.commands();
        commands.run(|_| panic!("the first")).unwrap();
        commands.insert(entity, owned.owned(2)).unwrap();
    });
    panics(|| world.spawn(A(1)).map(|_| ()));
    let e = world.entities().next().unwrap();
    assert!(!world.has::<Owned>(e));
    assert_eq!(world.flush(), 0);
    assert_eq!(world.get::<Owned>(e).unwrap().value, 2);
    drop(world);
    ledger.check_empty();
}
