//! Systems and what they can ask for.
#![allow(missing_docs, unreachable_pub)]

mod common;

use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::error::AccessError;
use ecs_core::query::{QueryData, With, Without};
use ecs_core::resources::Resource as _;
use ecs_core::schedule::{OnError, Schedule};
use ecs_core::schema::Schema;
use ecs_core::system::{
    BoxError, IntoSystem, Local, MissingResource, NotSingle, Query, Res, ResMut, SchemaQuery,
    WorldId,
};
use ecs_core::world::World;
use ecs_macros::{Component, Resource, world_config};

use common::panics;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Number(u32);

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Factor(u32);

#[derive(Component)]
#[component(crate = ecs_core, storage = "sparse")]
struct Marked;

#[world_config(crate = ecs_core, components(Number, Factor, Marked), max_entities = 100)]
struct Base;

#[world_config(crate = ecs_core, base = Base)]
struct Heir;

#[derive(Resource, Debug, Default, PartialEq)]
#[resource(crate = ecs_core)]
struct Sum(u32);

/// Not `Sync`.
#[derive(Resource)]
#[resource(crate = ecs_core)]
struct Inbox(std::sync::mpsc::Receiver<u32>);

fn numbers(world: &World<Base>) -> Vec<u32> {
    world.view::<&Number>().map(|number| number.0).collect()
}

fn scale(mut scaled: Query<Base, (&mut Number, &Factor)>) {
    for (number, factor) in &mut scaled {
        number.0 *= factor.0;
    }
}

fn sum(numbers: Query<Base, &Number>, mut sum: ResMut<Sum>) {
    sum.0 = numbers.iter().map(|number| number.0).sum();
}

#[test]
fn systems_are_given_what_they_ask_for() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    world.insert_resource(Sum(0));
    world.spawn((Number(2), Factor(10)))?;
    world.spawn(Number(3))?;
    let mut schedule = Schedule::new();
    schedule.add(scale).add(sum);
    schedule.run(&mut world)?;
    assert_eq!((numbers(&world), world.resource::<Sum>()), (vec![20, 3], Some(&Sum(23))));
    Ok(())
}

/// A system is of a schema, so it fits each world that has it; one with commands is of a
/// world.
#[test]
fn systems_fit_all_worlds_of_their_schema() -> Result<(), BoxError> {
    let mut world = World::<Heir>::new();
    world.spawn((Number(2), Factor(10)))?;
    world.run_system(scale)?;
    world.run_system(|found: Query<Base, Entity>, commands: &mut Commands<Heir>| {
        found.iter().for_each(|entity| commands.insert(entity, Number(7)).expect("there is room"));
    })?;
    assert_eq!(world.view::<&Number>().next(), Some(&Number(7)));
    Ok(())
}

/// A query names the schema, or any world that has it: it is the same query.
#[test]
fn queries_name_a_world_or_its_schema() -> Result<(), BoxError> {
    fn count(numbers: &Query<Base, &Number, With<Factor>>) -> u32 {
        numbers.iter().map(|number| number.0).sum()
    }
    fn total(numbers: Query<Heir, &Number, With<Factor>>, mut sum: ResMut<Sum>) {
        sum.0 += count(&numbers);
    }
    let mut base = World::<Base>::new();
    base.insert_resource(Sum(0));
    base.spawn((Number(2), Factor(10)))?;
    base.spawn(Number(3))?;
    base.run_system(total)?;
    assert_eq!(base.resource::<Sum>(), Some(&Sum(2)));
    let mut heir = World::<Heir>::new();
    heir.insert_resource(Sum(1));
    heir.spawn((Number(4), Factor(10)))?;
    heir.run_system(total)?;
    assert_eq!(heir.resource::<Sum>(), Some(&Sum(5)));
    Ok(())
}

/// What is written for one schema is so for all.
#[test]
fn queries_of_any_schema_and_data() -> Result<(), BoxError> {
    fn count<S: Schema, D: QueryData<S>>(mut query: SchemaQuery<S, D>) -> usize {
        query.iter_mut().count()
    }
    let mut world = World::<Heir>::new();
    world.spawn((Number(2), Factor(10)))?;
    world.run_system(|query: Query<Heir, (&mut Number, &Factor)>, mut runs: Local<usize>| {
        *runs += count(query);
        assert_eq!(*runs, 1);
    })?;
    Ok(())
}

#[test]
fn locals_are_kept_from_run_to_run() -> Result<(), BoxError> {
    fn count(mut runs: Local<u32>, commands: &mut Commands<Base>) {
        *runs += 1;
        commands.spawn(Number(*runs)).expect("there is room");
    }
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(count).add(count);
    schedule.run(&mut world)?;
    schedule.run(&mut world)?;
    // Each has its own.
    assert_eq!(numbers(&world), [1, 1, 2, 2]);
    Ok(())
}

#[test]
fn a_missing_resource_is_an_error_value() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let mut ran = false;
    fn wants(_: Res<Sum>) {
        unreachable!("there is no such resource");
    }
    let error = world.run_system(wants).unwrap_err();
    assert_eq!(error.source.downcast_ref(), Some(&MissingResource { name: Sum::NAME }));
    assert!(error.to_string().contains("systems::Sum`: put one in with `insert_resource`"));
    assert!(world.run_system(sum).is_err());
    let mut optional = (|sum: Option<Res<Sum>>, mut other: Option<ResMut<Inbox>>| {
        assert!(sum.is_none() && other.as_mut().is_none());
    })
    .into_system();
    optional.run(&mut world, &mut Commands::with_capacity(0))?;
    world.insert_resource(Sum(4));
    world.run_system(|sum: Option<Res<Sum>>| assert_eq!(sum.map(|sum| sum.0), Some(4)))?;
    // The state of a closure is its own.
    let mut system = IntoSystem::<Base, _>::into_system(move || {
        assert!(!std::mem::replace(&mut ran, true), "the second time");
    });
    system.run(&mut world, &mut Commands::with_capacity(0))?;
    panics(|| system.run(&mut world, &mut Commands::with_capacity(0)));
    Ok(())
}

#[test]
fn a_resource_that_is_not_sync_can_be_asked_for_to_change() -> Result<(), BoxError> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut world = World::<Base>::new();
    world.insert_resource(Inbox(receiver));
    sender.send(5)?;
    world.run_system(|inbox: ResMut<Inbox>, commands: &mut Commands<Base>| {
        inbox.0.try_iter().for_each(|n| commands.spawn(Number(n)).expect("there is room"));
    })?;
    assert_eq!(numbers(&world), [5]);
    assert!(world.remove_resource::<Inbox>().is_some() && world.resource::<Inbox>().is_none());
    Ok(())
}

#[test]
fn a_query_finds_single_entities() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let one = world.spawn((Number(1), Factor(2)))?;
    let two = world.spawn((Number(2), Marked))?;
    world.despawn(two)?;
    let two = world.spawn((Number(2), Marked))?;
    let bare = world.spawn(Factor(3))?;
    world.run_system(
        move |mut numbers: Query<Base, &mut Number, Without<Marked>>| -> Result<(), BoxError> {
            numbers.get_mut(one)?.0 = 10;
            assert!(matches!(numbers.get_mut(two), Err(AccessError::Filtered(_))));
            assert!(matches!(numbers.get_mut(bare), Err(AccessError::Missing { .. })));
            assert!(numbers.contains(one) && !numbers.contains(two) && !numbers.contains(bare));
            assert!(!numbers.is_empty());
            numbers.single_mut()?.0 += 1;
            assert_eq!(numbers.into_iter().map(|number| number.0).collect::<Vec<_>>(), [11]);
            Ok(())
        },
    )?;
    world.run_system(
        move |all: Query<Base, &Number>,
              marked: Query<Base, (Entity, &Number), With<Marked>>,
              none: Query<Base, &Number, (With<Marked>, With<Factor>)>| {
            assert_eq!(all.get(two), Ok(&Number(2)));
            assert_eq!(all.single(), Err(NotSingle::Several));
            assert_eq!(marked.single(), Ok((two, &Number(2))));
            assert_eq!(none.single(), Err(NotSingle::None));
            assert!(none.is_empty() && !all.is_empty());
            assert_eq!((&all).into_iter().count(), 2);
            assert_eq!(format!("{none:?}"), format!("{:?}", none));
        },
    )?;
    Ok(())
}

#[test]
fn a_dead_or_foreign_entity_is_an_error_value() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let dead = world.spawn(Number(1))?;
    world.despawn(dead)?;
    world.run_system(move |numbers: Query<Base, &Number>| {
        assert!(matches!(numbers.get(dead), Err(AccessError::Entity(_))));
        assert!(!numbers.contains(dead) && numbers.is_empty());
    })?;
    Ok(())
}

#[test]
fn a_system_run_once_makes_its_commands_though_it_fails() {
    let mut world = World::<Base>::new();
    let result = world.run_system(|commands: &mut Commands<Base>| {
        commands.spawn(Number(1)).expect("there is room");
        Err::<(), _>("on purpose")
    });
    assert_eq!(result.unwrap_err().source.to_string(), "on purpose");
    assert_eq!(numbers(&world), [1]);
}

#[test]
fn errors_are_collected_up_to_a_limit() {
    fn fails() -> Result<(), &'static str> {
        Err("on purpose")
    }
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.set_on_error(OnError::Collect { limit: 3 });
    for name in ["a", "b", "c", "d", "e"] {
        schedule.add(fails).named(name);
    }
    schedule.add(|commands: &mut Commands<Base>| commands.spawn(Number(1)).map_err(|_| "full"));
    let error = schedule.run(&mut world).unwrap_err();
    let others: Vec<_> = error.others().iter().map(|error| error.system.as_str()).collect();
    assert_eq!((error.system.as_str(), others, error.omitted()), ("a", vec!["b", "c"], 2));
    assert_eq!(error.to_string(), "system `a` failed: on purpose (and 4 others failed)");
    // What `main` shows.
    let all: Vec<_> =
        ["a", "b", "c"].map(|name| format!("system `{name}` failed: on purpose")).into();
    assert_eq!(format!("{error:?}"), all.join("\n") + "\n(and 2 others failed)");
    assert_eq!(numbers(&world), [1], "all systems run");

    // To stop is to end the stage.
    schedule.set_on_error(OnError::Stop);
    schedule.add(|_: &World<Base>| Ok::<(), &str>(()));
    schedule.add(|world: &mut World<Base>| assert_eq!(world.despawn_where::<()>(), 0));
    let error = schedule.run(&mut world).unwrap_err();
    assert_eq!((error.others().len(), error.omitted()), (4, 0));
    assert_eq!(numbers(&world), [1, 1]);
}

/// All parameters of 16, and tuples of them.
#[test]
fn a_system_has_up_to_sixteen_parameters() -> Result<(), BoxError> {
    type L<'s> = Local<'s, u8>;
    #[allow(clippy::too_many_arguments)]
    fn many(
        (mut a, _b): (L, L),
        _: (L, (L, L)),
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: L,
        _: Query<Base, &Number>,
        _: Query<Base, (&Number, &mut Factor)>,
        commands: &mut Commands<Base>,
    ) {
        *a += 1;
        commands.spawn(Number(u32::from(*a))).expect("there is room");
    }
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(many);
    schedule.run(&mut world)?;
    schedule.run(&mut world)?;
    assert_eq!(numbers(&world), [1, 2]);
    Ok(())
}

#[test]
fn a_system_knows_the_id_of_its_world() -> Result<(), BoxError> {
    World::<Base>::new().run_system(|WorldId(id): WorldId| assert_eq!(id, None))?;
    World::<Base>::with_origin(4).run_system(
        |WorldId(id): WorldId, _: Query<Base, &mut Number>| {
            assert_eq!(id, Some(3));
        },
    )?;
    Ok(())
}
