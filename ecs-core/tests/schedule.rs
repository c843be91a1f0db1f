//! Systems, and when their commands take effect.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::error::Error;
use std::panic::AssertUnwindSafe;

use ecs_core::commands::{ApplyError, Commands};
use ecs_core::error::Refusal;
use ecs_core::schedule::{Executor, Phase, Schedule, Stage, System};
use ecs_core::system::Local;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics, scaled};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Number(u32);

#[world_config(crate = ecs_core, components(Number, Owned), max_entities = 4)]
struct Base;

type Log = Vec<String>;

fn log(world: &mut World<Base>, line: &str) {
    let numbers: Vec<u32> = world.query::<&Number>().map(|number| number.0).collect();
    world.resource_mut::<Log>().unwrap().push(format!("{line} {numbers:?}"));
}

fn world() -> World<Base> {
    let mut world = World::new();
    world.insert_resource(Log::new());
    world
}

fn taken(world: &mut World<Base>) -> Log {
    std::mem::take(world.resource_mut::<Log>().unwrap())
}

fn first(world: &mut World<Base>, commands: &mut Commands<Base>) {
    for number in 0..2 {
        commands.spawn(Number(number)).unwrap();
    }
    log(world, "first");
}

fn second(world: &mut World<Base>) -> Result<(), std::num::ParseIntError> {
    log(world, "second");
    "no number".parse::<u32>().map(drop)
}

struct Own;
impl System<Base> for Own {
    fn run(
        &mut self,
        world: &mut World<Base>,
        _: &mut Commands<Base>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        log(world, "own");
        Ok(())
    }
    fn name(&self) -> &str {
        "own"
    }
}

#[test]
fn commands_take_effect_after_their_system() {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(first).add(|world: &mut World<Base>| log(world, "closure"));
    assert_eq!(schedule.len(), 2);
    assert!(schedule.names().next().unwrap().ends_with("first"));
    let mut world = world();
    schedule.run(&mut world).unwrap();
    schedule.run(&mut world).unwrap();
    let expected = ["first []", "closure [0, 1]", "first [0, 1]", "closure [0, 1, 0, 1]"];
    assert_eq!(taken(&mut world), expected);
    Own.run(&mut world, &mut Commands::with_capacity(0)).unwrap();
    assert_eq!((taken(&mut world).len(), Own.name()), (1, "own"));
}

#[test]
fn a_system_that_fails_ends_the_run() {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(first).add(second).add(first);
    let mut world = world();
    let error = schedule.run(&mut world).unwrap_err();
    assert!(error.system.ends_with("second"), "{error}");
    assert!(error.source().unwrap().is::<std::num::ParseIntError>());
    assert_eq!(taken(&mut world), ["first []", "second [0, 1]"]);

    // Its commands take effect nevertheless.
    let mut schedule = Schedule::<Base>::new();
    schedule.add(|_: &mut World<Base>, commands: &mut Commands<Base>| {
        commands.spawn(Number(7)).unwrap();
        Err::<(), _>("on purpose")
    });
    assert_eq!(schedule.run(&mut world).unwrap_err().source.to_string(), "on purpose");
    assert_eq!(world.len(), 3);
}

#[test]
fn a_refused_command_waits_for_room() {
    let ledger = Ledger::default();
    let made = ledger.clone();
    let mut schedule = Schedule::<Base>::new();
    let mut number = 0;
    schedule.add(move |_: &mut World<Base>, commands: &mut Commands<Base>| {
        for _ in 0..3 {
            commands.spawn((Number(number), made.owned(number))).map_err(drop).unwrap();
            number += 1;
        }
    });
    let mut world = world();
    schedule.run(&mut world).unwrap();
    let error = schedule.run(&mut world).unwrap_err();
    let why = *error.source().unwrap().downcast_ref::<ApplyError>().unwrap();
    assert_eq!((why.why, why.waiting), (Refusal::WorldFull { limit: 4 }, 2));
    assert_eq!(why.applied.made, 1);
    assert_eq!((world.len(), ledger.live()), (4, 6));
    world.clear();
    // What waited comes first, in its order.
    let error = schedule.run(&mut world).unwrap_err();
    assert!(error.to_string().contains("1 commands wait"), "{error}");
    let numbers: Vec<_> = world.view::<&Number>().map(|number| number.0).collect();
    assert_eq!(numbers, [4, 5, 6, 7]);
    drop((schedule, world));
    ledger.check_empty();
}

/// Commands written down after a spawn that waits can make its room.
#[test]
fn a_spawn_that_waits_steps_aside() {
    let mut world = world();
    let first: Vec<_> = (0..4).map(|number| world.spawn(Number(number)).unwrap()).collect();
    let mut commands = Commands::<Base>::with_capacity(8);
    commands.spawn(Number(10)).unwrap();
    commands.spawn(Number(11)).unwrap();
    commands.despawn(first[0]).unwrap();
    commands.despawn(first[1]).unwrap();
    commands.spawn(Number(12)).unwrap();
    let error = commands.apply(&mut world).unwrap_err();
    assert_eq!((error.applied.made, error.waiting, commands.len()), (3, 2, 2));
    let applied = commands.apply(&mut world).unwrap_err();
    assert_eq!((applied.applied.made, applied.waiting), (1, 1));
    world.despawn(first[2]).unwrap();
    commands.apply(&mut world).unwrap();
    let mut numbers: Vec<_> = world.view::<&Number>().map(|number| number.0).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 10, 11, 12]);
}

#[test]
fn a_system_can_make_room_for_commands_that_wait() {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(|_: &mut World<Base>, commands: &mut Commands<Base>| {
        commands.spawn(Number(1)).unwrap();
    });
    let mut runs = 0;
    schedule.add(move |world: &mut World<Base>| {
        runs += 1;
        if runs > 6 {
            world.clear();
        }
    });
    let mut world = world();
    for run in 1..=4 {
        schedule.run(&mut world).unwrap();
        assert_eq!(world.len(), run);
    }
    for waiting in 1..=2 {
        let error = schedule.run(&mut world).unwrap_err();
        let error = *error.source().unwrap().downcast_ref::<ApplyError>().unwrap();
        assert_eq!(error.waiting, waiting);
    }
    // The run starts with two that wait, and ends with none.
    schedule.run(&mut world).unwrap();
    assert_eq!(world.len(), 3);
}

#[test]
fn a_system_that_panics_leaves_its_commands() {
    let mut schedule = Schedule::<Base>::new();
    let mut runs = 0;
    schedule.add(move |world: &mut World<Base>, commands: &mut Commands<Base>| {
        runs += 1;
        log(world, "run");
        commands.spawn(Number(runs)).unwrap();
        assert!(runs > 1, "the first time");
    });
    let mut world = world();
    panics(|| schedule.run(&mut world));
    schedule.run(&mut world).unwrap();
    assert_eq!(taken(&mut world), ["run []", "run [1]"]);
}

#[test]
fn a_buffer_has_a_capacity_and_hands_back_what_is_beyond() {
    let mut schedule = Schedule::<Base>::with_commands(2);
    schedule.add(|_: &mut World<Base>, commands: &mut Commands<Base>| {
        assert_eq!((commands.capacity(), commands.len()), (2, 0));
        commands.spawn(Number(1)).unwrap();
        commands.spawn(Number(2)).unwrap();
        assert_eq!(commands.spawn(Number(3)).unwrap_err().into_inner(), Number(3));
    });
    let mut world = world();
    schedule.run(&mut world).unwrap();
    assert_eq!(world.len(), 2);
}

#[test]
fn commands_whose_entity_is_gone_are_counted() {
    let ledger = Ledger::default();
    let mut world = world();
    let entity = world.spawn(Number(1)).unwrap();
    let mut commands = Commands::with_capacity(8);
    commands.despawn(entity).unwrap();
    commands.despawn(entity).unwrap();
    commands.insert(entity, ledger.owned(1)).unwrap();
    commands.remove::<Number>(entity).unwrap();
    commands.complete(entity).unwrap();
    let applied = commands.apply(&mut world).unwrap();
    assert_eq!((applied.made, applied.missed), (1, 4));
    ledger.check_empty();
}

/// A buffer in which a command waits all the time must not grow.
#[test]
fn the_memory_of_commands_is_bounded() {
    let ledger = Ledger::default();
    let mut world = world();
    let mut commands = Commands::<Base>::with_capacity(3);
    commands.spawn((Number(0), ledger.owned(0))).map_err(drop).unwrap();
    let mut most = 0;
    for number in 1..scaled(10_000, 100) {
        commands.spawn((Number(number), ledger.owned(number))).map_err(drop).unwrap();
        // One goes, one stays.
        world.clear();
        world.spawn_batch([Number(0); 3]).unwrap();
        assert!(commands.apply(&mut world).is_err());
        assert_eq!(commands.len(), 1);
        let last = world.entities().last().unwrap();
        assert_eq!(world.get::<Owned>(last).unwrap().value, number - 1);
        most = most.max(commands.bytes());
    }
    assert!(most < 2048, "{most} bytes");
    drop((commands, world));
    ledger.check_empty();
}

/// An error, kept by its system, that panics when it is dropped.
#[derive(Debug)]
struct Bomb;
impl std::fmt::Display for Bomb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a bomb")
    }
}
impl Error for Bomb {}
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the drop of an error");
    }
}

/// Systems that are forgotten while an error's drop panics: those who are left are what the plan
/// says.
#[test]
fn a_panic_while_systems_are_forgotten_leaves_the_others_in_step() {
    fn stops(_: &mut World<Base>, _: &mut Commands<Base>) -> Result<(), &'static str> {
        Err("stop here")
    }
    fn fails(_: Local<u8>) -> Result<(), Bomb> {
        Err(Bomb)
    }
    let mut world = world();
    let mut schedule = Schedule::<Base>::new();
    let [early, late, last] = [Phase::PRE_UPDATE, Phase::UPDATE, Phase::POST_UPDATE];
    // The second run stops after it, before the failed one, which still has its error, runs.
    let mut runs = 0;
    let second = move |_: &World<Base>| {
        runs += 1;
        runs == 2
    };
    schedule.add(stops).in_phase(early).once().run_if(second);
    schedule.add(fails).in_phase(late).once();
    let mut calls = 0;
    // In one stage with it, so that its error is not looked at.
    let panics_once = move |_: Local<u8>| {
        calls += 1;
        assert!(calls > 1, "the first call");
    };
    schedule.add(panics_once).in_phase(late).named("late");
    schedule.add(first).in_phase(last).named("last");
    panics(|| schedule.run(&mut world).is_err());
    panics(|| schedule.run(&mut world).is_err());
    assert_eq!(schedule.len(), 2);
    assert!(schedule.names().eq(["late", "last"]));
    schedule.run(&mut world).unwrap();
    assert_eq!(taken(&mut world), ["first []"]);
}

#[test]
fn settings_are_of_the_system_that_was_added() {
    let mut world = world();
    let mut schedule = Schedule::<Base>::new();
    schedule.add(first).in_phase(Phase::POST_UPDATE);
    let mut added = schedule.add(Own);
    // It stands before the other now.
    added.plan().unwrap();
    let mut added = added.run_if(|_| false);
    added.plan().unwrap();
    added.in_phase(Phase::new("unknown"));
    assert!(schedule.plan().is_err());
    let mut other = Schedule::new();
    let mut added = schedule.add(Own);
    std::mem::swap(&mut *added, &mut other);
    added.once();
    other.set_phases([Phase::new("unknown"), Phase::UPDATE, Phase::POST_UPDATE]);
    other.run(&mut world).unwrap();
    // The second of the two, and it runs again.
    assert_eq!(taken(&mut world), ["own []", "first []"]);
    assert_eq!(other.len(), 3);
}

/// The commands of a system that panicked, which its executor survived, are made in that run.
#[test]
fn an_executor_may_catch_a_panic() {
    struct Catching;
    impl Executor<Base> for Catching {
        fn run(&mut self, stage: Stage<'_, Base>) {
            for job in stage {
                let _ = std::panic::catch_unwind(AssertUnwindSafe(|| job.run()));
            }
        }
    }
    fn spawns(commands: &mut Commands<Base>) {
        commands.spawn(Number(1)).unwrap();
        panic!("after it");
    }
    fn beside(_: Local<u8>) {}
    let mut world = world();
    let mut schedule = Schedule::<Base>::new();
    schedule.set_executor(Catching);
    schedule.add(spawns).once();
    schedule.add(beside);
    schedule.run(&mut world).unwrap();
    assert_eq!((world.len(), schedule.len()), (1, 1));
}
