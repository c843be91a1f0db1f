//! The order in which systems run, and why.
#![allow(missing_docs, unreachable_pub, dead_code)]

use std::time::Duration;

use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::schedule::{
    Executor, Job, Phase, Plan, PlanError, Reason, Schedule, Sequential, Stage, every,
};
use ecs_core::system::{BoxError, Query, Res, ResMut};
use ecs_core::time::{FixedSteps, Time};
use ecs_core::world::World;
use ecs_macros::{Component, Resource, world_config};

#[derive(Component)]
#[component(crate = ecs_core)]
struct Position(f32);
#[derive(Component)]
#[component(crate = ecs_core)]
struct Velocity(f32);
#[derive(Component)]
#[component(crate = ecs_core)]
struct Age(u32);

#[world_config(crate = ecs_core, components(Position, Velocity, Age))]
struct Base;

#[world_config(crate = ecs_core, base = Base, max_entities = 1)]
struct Small;

#[derive(Resource, Default)]
#[resource(crate = ecs_core)]
struct Oldest(u32);

/// What ran, in order.
#[derive(Default)]
struct Log(Vec<&'static str>);

fn log(world: &mut World<Base>, line: &'static str) {
    world.resources_mut().get_or_insert_with(Log::default).0.push(line);
}
fn one(world: &mut World<Base>) {
    log(world, "one");
}
fn two(world: &mut World<Base>) {
    log(world, "two");
}
fn three(world: &mut World<Base>) {
    log(world, "three");
}
fn ran(world: &mut World<Base>) -> Vec<&'static str> {
    world.remove_resource::<Log>().unwrap_or_default().0
}

fn step(_: Query<Base, (&mut Position, &Velocity)>) {}
fn slow(_: Query<Base, &mut Velocity>) {}
fn grow(_: Query<Base, &mut Age>) {}
fn oldest(_: Query<Base, &Age>, _: ResMut<Oldest>) {}
fn tell(_: Res<Oldest>) {}
fn reap(_: Query<Base, (Entity, &Age)>, _: &mut Commands<Base>) {}
fn count(_: Query<Base, Entity>) {}

fn stages(plan: &Plan) -> Vec<Vec<&str>> {
    let names: Vec<&str> = plan.systems().map(|name| name.rsplit("::").next().unwrap()).collect();
    plan.stages().iter().map(|stage| names[stage.systems()].to_vec()).collect()
}

#[test]
fn systems_that_are_in_each_others_way_keep_their_order() -> Result<(), PlanError> {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(step).add(slow).add(grow).add(oldest).add(tell).add(reap).add(count);
    let expected =
        [vec!["step", "grow"], vec!["slow", "oldest"], vec!["tell", "reap"], vec!["count"]];
    assert_eq!(stages(schedule.plan()?), expected);
    // The other way around.
    let mut schedule = Schedule::<Base>::new();
    schedule.add(count).add(reap).add(tell).add(oldest).add(grow).add(slow).add(step);
    let expected =
        [vec!["count", "reap"], vec!["tell", "slow"], vec!["oldest", "step"], vec!["grow"]];
    assert_eq!(stages(schedule.plan()?), expected);
    // Whose commands can wait holds nobody up.
    let mut schedule = Schedule::<Base>::new();
    schedule.add(reap).deferred().add(count);
    assert_eq!(stages(schedule.plan()?), [["reap", "count"]]);
    Ok(())
}

#[test]
fn a_plan_tells_why() -> Result<(), PlanError> {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(grow).add(oldest).add(tell).add(reap).add(count).add(one);
    schedule.add(step).run_if(every(2)).before(one);
    let plan = schedule.plan()?;
    let names: Vec<&str> = plan.systems().map(|name| name.rsplit("::").next().unwrap()).collect();
    let has = |from: &str, to: &str, why: Reason| {
        plan.links().any(|link| (names[link.0], names[link.1], link.2) == (from, to, why))
    };
    assert!(has("grow", "oldest", Reason::Component("Age")));
    assert!(plan.links().any(|(from, to, why)| {
        let resource = matches!(why, Reason::Resource(name) if name.ends_with("plan::Oldest"));
        (names[from], names[to], resource) == ("oldest", "tell", true)
    }));
    assert!(has("reap", "count", Reason::Commands));
    assert!(has("grow", "step", Reason::Condition));
    assert!(has("step", "one", Reason::Asked));
    assert!(has("count", "one", Reason::World));
    assert!(!plan.links().any(|link| (names[link.0], names[link.1]) == ("count", "step")));
    Ok(())
}

#[test]
fn a_plan_can_be_printed_and_drawn() -> Result<(), PlanError> {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(grow).add(reap).add(oldest).in_phase(Phase::POST_UPDATE);
    schedule.add(|_: &mut World<Base>| {}).add(slow).named("say \"hi\"");
    let plan = schedule.plan()?;
    let text = "\
update
   1. grow                                            writes Age
   2. reap                                            reads Age; commands
   3. a_plan_can_be_printed_and_drawn::{{closure}}    all of the world
   4. say \"hi\"                                        writes Velocity
post-update
   1. oldest                                          reads Age; writes Oldest
";
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(lines(&plan.to_string()), lines(text), "{plan}");
    let mermaid = plan.mermaid().to_string();
    let expected = "\
flowchart LR
  subgraph p0 [\"update\"]
    s0[\"grow\"]
    s1[\"reap\"]
    s2[\"a_plan_can_be_printed_and_drawn::#123;#123;closure#125;#125;\"]
    s3[\"say #quot;hi#quot;\"]
  end
  subgraph p1 [\"post-update\"]
    s4[\"oldest\"]
  end
  s0 -->|\"Age\"| s1
  s1 -->|\"world\"| s2
  s2 -->|\"world\"| s3
";
    assert_eq!(mermaid, expected);
    let dot = plan.graphviz().to_string();
    assert!(dot.starts_with("digraph schedule {\n") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains("label=\"post-update\";") && dot.contains("s0 -> s1 [label=\"Age\"];"));
    assert!(dot.contains("s3 [label=\"say \\\"hi\\\"\"];"), "{dot}");
    Ok(())
}

#[test]
fn phases_run_one_after_the_other() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(one).in_phase(Phase::NETWORK).add(two).add(three).in_phase(Phase::PRE_UPDATE);
    schedule.run(&mut world)?;
    assert_eq!(ran(&mut world), ["three", "two", "one"]);
    assert_eq!(schedule.phases(), Phase::DEFAULT);

    const EARLY: Phase = Phase::new("early");
    const LATE: Phase = Phase::new("late");
    schedule.set_phases([EARLY, LATE]);
    let error = schedule.run(&mut world).unwrap_err();
    assert_eq!(
        error.to_string(),
        "system `plan` failed: system `plan::one` is of the phase `network`, which the schedule \
         lacks: name it in `set_phases`, or take one of `early`, `late`"
    );
    assert!(ran(&mut world).is_empty());

    let mut schedule = Schedule::new();
    schedule.set_phases([EARLY, LATE]);
    schedule.add(one).in_phase(LATE).add(two);
    schedule.run(&mut world)?;
    assert_eq!(ran(&mut world), ["two", "one"]);
    Ok(())
}

#[test]
fn systems_run_in_the_order_that_is_asked_for() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(one).after(three).add(two).before_named("last").add(three).named("last");
    schedule.run(&mut world)?;
    assert_eq!(ran(&mut world), ["two", "three", "one"]);
    // A phase before is before.
    let mut schedule = Schedule::new();
    schedule.add(one).after(two).add(two).in_phase(Phase::PRE_UPDATE);
    schedule.add(three).after_named("plan::one");
    schedule.run(&mut world)?;
    assert_eq!(ran(&mut world), ["two", "one", "three"]);
    Ok(())
}

#[test]
fn an_order_that_cant_be_is_an_error_value() {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(one).after(two).add(two).after(three).add(three).after(one).add(step).after(one);
    let error = schedule.plan().unwrap_err();
    assert_eq!(
        error.to_string(),
        "systems wait for each other: `plan::three` before `plan::two` before `plan::one` before \
         `plan::three`: take one `after` or `before` out"
    );
    let mut schedule = Schedule::<Base>::new();
    schedule.add(one).after(two);
    let error = schedule.plan().unwrap_err();
    let unknown =
        PlanError::UnknownSystem { system: "plan::one".into(), wanted: "plan::two".into() };
    assert_eq!(error, unknown);
    let mut schedule = Schedule::<Base>::new();
    schedule.add(one).after(two).add(two).in_phase(Phase::RENDER);
    let error = schedule.plan().unwrap_err();
    assert_eq!(error, PlanError::Phases { first: "plan::two".into(), second: "plan::one".into() });
    // Nothing ran, and the schedule can be mended.
    let mut world = World::<Base>::new();
    assert!(schedule.run(&mut world).is_err());
    assert!(ran(&mut world).is_empty());
    schedule.set_phases([Phase::RENDER, Phase::UPDATE]);
    assert!(schedule.run(&mut world).is_ok());
    assert_eq!(ran(&mut world), ["two", "one"]);
}

#[test]
fn conditions_are_asked_before_each_run() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(one).run_if(every(3));
    schedule.add(two).run_if(|world| world.resource::<Log>().is_some()).run_if(every(2));
    for _ in 0..7 {
        schedule.run(&mut world)?;
    }
    // `every` counts when it is asked: from the third run on.
    assert_eq!(ran(&mut world), ["one", "two", "one", "two"]);
    Ok(())
}

#[test]
fn one_shot_systems_go_when_they_have_run() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(one).once().add(two).add(three).once().run_if(every(2));
    for _ in 0..3 {
        schedule.run(&mut world)?;
    }
    assert_eq!(ran(&mut world), ["one", "two", "two", "three", "two"]);
    assert_eq!(schedule.names().collect::<Vec<_>>(), ["plan::two"]);
    Ok(())
}

#[test]
fn one_shot_systems_run_once_also_where_their_commands_wait() -> Result<(), BoxError> {
    fn fill(commands: &mut Commands<Small>) {
        commands.spawn(Age(7)).unwrap();
    }
    let mut schedule = Schedule::<Small>::new();
    schedule.add(fill).once().add(|_: Query<Base, &Age>| {}).after(fill).before_named("last");
    schedule.add(|_: Query<Base, &Age>| {}).named("last").once();
    let mut world = World::<Small>::new();
    let full = world.spawn(Age(0))?;
    assert!(schedule.run(&mut world).is_err() && schedule.run(&mut world).is_err());
    assert_eq!(schedule.len(), 2);
    world.despawn(full)?;
    schedule.run(&mut world)?;
    assert!(world.view::<&Age>().map(|age| age.0).eq([7]));
    // Who was to run after the first, and before the last, runs on without them.
    world.clear();
    schedule.run(&mut world)?;
    assert!(schedule.len() == 1 && world.is_empty());
    Ok(())
}

#[test]
fn a_system_that_is_left_out_is_not_spent() -> Result<(), BoxError> {
    struct None;
    impl Executor<Base> for None {
        fn run(&mut self, _: Stage<'_, Base>) {}
    }
    let mut schedule = Schedule::<Base>::new();
    schedule.add(count).once().add(oldest).once().set_executor(None);
    schedule.run(&mut World::new())?;
    assert_eq!(schedule.len(), 2);
    Ok(())
}

#[test]
fn commands_are_made_in_the_order_of_their_systems() -> Result<(), BoxError> {
    fn spawn<const AGE: u32>(commands: &mut Commands<Base>) {
        commands.spawn(Age(AGE)).unwrap();
    }
    let mut schedule = Schedule::<Base>::new();
    // The first of two is in a later stage for what it reads, or is asked for.
    schedule.add(slow);
    schedule.add(spawn::<1>).after(slow).add(spawn::<2>);
    schedule
        .add(|_: Query<Base, &Velocity>, commands: &mut Commands<Base>| spawn::<3>(commands))
        .deferred()
        .add(|_: Query<Base, &Position>, commands: &mut Commands<Base>| spawn::<4>(commands))
        .deferred();
    let mut world = World::new();
    schedule.run(&mut world)?;
    assert!(world.view::<&Age>().map(|age| age.0).eq([1, 2, 3, 4]), "{}", schedule.plan()?);
    Ok(())
}

#[test]
fn commands_that_can_wait_are_made_at_the_end_of_the_phase() -> Result<(), BoxError> {
    fn spawn(commands: &mut Commands<Base>) {
        commands.spawn(Age(1)).expect("there is room");
    }
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(spawn).deferred();
    schedule.add(|ages: Query<Base, &Age>| assert_eq!(ages.iter().count(), 0));
    schedule.add(spawn).once();
    schedule.add(|ages: Query<Base, &Age>| assert_eq!(ages.iter().count(), 1));
    schedule
        .add(|ages: Query<Base, &Age>| assert_eq!(ages.iter().count(), 2))
        .in_phase(Phase::POST_UPDATE);
    schedule.run(&mut world)?;
    // Also where a system of the phase fails.
    schedule.add(|_: &World<Base>| Err::<(), _>("on purpose"));
    let before = world.len();
    let mut schedule = Schedule::new();
    schedule.add(spawn).deferred().add(|_: &World<Base>| Err::<(), _>("on purpose"));
    assert!(schedule.run(&mut world).is_err());
    assert_eq!(world.len(), before + 1);
    Ok(())
}

#[test]
fn time_passes_by_ticks() -> Result<(), BoxError> {
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    let ms = Duration::from_millis;
    schedule.set_executor(Sequential);
    schedule.add(move |time: Res<Time>, commands: &mut Commands<Base>| {
        assert_eq!((time.delta(), time.delta_secs()), (ms(10), 0.01));
        commands.spawn(Age(time.ticks() as u32)).expect("there is room");
    });
    let mut steps = FixedSteps::per_second(100).with_most(2);
    for _ in 0..2 {
        for _ in 0..steps.advance(ms(15)) {
            schedule.tick(&mut world, steps.step())?;
        }
    }
    assert!(world.view::<&Age>().map(|age| age.0).eq([1, 2, 3]));
    let time = world.resource::<Time>().unwrap();
    assert_eq!((time.elapsed(), time.ticks(), time.elapsed_secs()), (ms(30), 3, 0.03));
    assert_eq!((steps.advance(ms(39)), steps.dropped(), steps.fraction()), (2, 1, 0.9));
    assert_eq!(steps.advance(ms(1)), 1);
    assert_eq!(steps.advance(Duration::MAX), 2);
    assert_eq!(steps.advance(Duration::MAX), 2);
    Ok(())
}

#[test]
fn what_systems_take_is_measured_on_demand() -> Result<(), BoxError> {
    fn clock() -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NOW: AtomicU64 = AtomicU64::new(0);
        // ORDERING: relaxed: a counter of its own.
        NOW.fetch_add(1_000, Ordering::Relaxed)
    }
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    schedule.add(step).add(grow).named("age");
    assert!(schedule.systems().all(|system| system.histogram().is_none()));
    schedule.measure_with(clock).add(slow);
    for _ in 0..10 {
        schedule.run(&mut world)?;
    }
    for system in schedule.systems() {
        let histogram = system.histogram().ok_or("it is measured")?;
        assert_eq!((histogram.count(), histogram.mean().as_nanos()), (10, 1_000));
    }
    assert!(schedule.systems().any(|system| system.name() == "age" && system.phase().is_none()));
    Ok(())
}

/// Whoever keeps something for each number needs no more room than there are systems.
#[test]
fn numbers_are_given_again_when_systems_go() -> Result<(), BoxError> {
    #[derive(Clone, Default)]
    struct Seen(std::sync::Arc<std::sync::Mutex<Vec<usize>>>);
    impl Executor<Base> for Seen {
        fn run(&mut self, stage: Stage<'_, Base>) {
            self.0.lock().unwrap().extend(stage.numbers());
            stage.for_each(Job::run);
        }
    }
    let mut world = World::<Base>::new();
    let mut schedule = Schedule::new();
    let seen = Seen::default();
    schedule.add(grow).add(slow).set_executor(seen.clone());
    for _ in 0..20 {
        schedule.add(count).once();
        schedule.run(&mut world)?;
    }
    assert_eq!(schedule.len(), 2);
    assert!(seen.0.lock().unwrap().iter().all(|&number| number < 3));
    Ok(())
}
