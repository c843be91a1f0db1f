//! Worlds on threads, one or several to each: the same entities come out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use static_ecs::prelude::*;
use static_ecs::{PlacementError, RunErrorKind};

use crate::*;

#[world_config(base = Base, role = accept, routing(default_target = Io))]
struct Accept;
#[world_config(
    base = Base,
    role = io,
    routing(default_target = Compute, Tag => Done),
    transfer_queue(capacity = 32, batch_size = 8)
)]
struct Io;
#[world_config(base = Base, role = compute, routing(default_target = Io), neighbours = nobody)]
struct Compute;
#[world_config(base = Base, transfer_queue(capacity = 16, spsc = true, on_full = block(5ms)))]
struct Done;
const fn nobody(_: usize, _: usize) -> bool {
    false
}
coordinator!(type Server = (Accept, Io, [Compute; 2], Done));

const COUNT: u32 = if cfg!(miri) { 40 } else { 800 };

/// Each entity goes from Io to Compute and back five times, and then on to Done.
fn server() -> (Server, BTreeMap<Entity, u32>) {
    let mut server = Server::new();
    server.add_system::<Compute, _>(complete_all::<Compute>);
    for member in 0..2 {
        // Not in a system: who finds no room is seen by it in each tick.
        server.world_at_mut::<Compute>(member).on_arrive(|world, entity| {
            world.get_mut::<Number>(entity).unwrap().0 += 1_000_000;
        });
    }
    server.add_system::<Io, _>(|world: &mut World<Io>, commands: &mut Commands<Io>| {
        for (entity, number) in world.query::<(Entity, &Number)>() {
            if number.0 >= 5_000_000 {
                commands.insert(entity, (Tag,)).unwrap();
            }
            commands.complete(entity).unwrap();
        }
    });
    let entities = spawn_complete(server.world_mut::<Accept>(), 0..COUNT);
    let expected = entities.into_iter().zip((0..COUNT).map(|number| number + 5_000_000));
    (server, expected.collect())
}

fn found(server: &Server) -> BTreeMap<Entity, u32> {
    let done = server.world::<Done>();
    done.view::<(Entity, &Number)>().map(|(entity, number)| (entity, number.0)).collect()
}

#[test]
fn every_placement_gives_the_same_entities() {
    let (mut server, expected) = server();
    server.start().unwrap();
    while found(&server).len() < expected.len() {
        server.tick().unwrap();
    }
    assert_eq!(found(&server), expected);
    assert!(server.conservation().holds());

    for placement in ["single", "per-world", "0,1,1,0,1", "2,1,0,0,1"] {
        let placement: Placement = placement.parse().unwrap();
        let (server, expected) = self::server();
        let running = server.run(placement.clone()).unwrap();
        let begun = Instant::now();
        while running.stats().edge(1, 4).unwrap().received < u64::from(COUNT) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{placement}: {:?}",
                running.stats()
            );
            std::thread::sleep(Duration::from_micros(200));
        }
        let stopped = running.stop();
        assert!(stopped.failures.is_empty() && stopped.drained, "{placement}: {stopped:?}");
        assert!(stopped.conservation.holds(), "{placement}: {}", stopped.conservation);
        let found = found(&stopped.coordinator);
        let wrong = found.iter().find(|&(id, number)| expected.get(id) != Some(number));
        assert_eq!((wrong, found.len()), (None, expected.len()), "{placement}");
    }
}

#[test]
fn a_placement_that_does_not_fit_hands_the_coordinator_back() {
    let (server, expected) = server();
    let error = server.run(Placement::Map(vec![0, 0])).unwrap_err();
    let count = PlacementError::Count { given: 2, worlds: 5 };
    assert!(matches!(error.kind(), RunErrorKind::Placement(found) if *found == count));
    let error = error.into_inner().run(Placement::Map(vec![0, 2, 0, 0, 0])).unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Placement(PlacementError::Gap(1))));
    let server = error.into_inner();
    assert_eq!(server.world::<Accept>().len(), expected.len());
    assert!("0,x".parse::<Placement>().is_err());
    assert_eq!("0, 1,1".parse::<Placement>().unwrap().to_string(), "0,1,1");
}

/// The processor time of this process.
#[cfg(all(target_os = "linux", not(miri)))]
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn idle_worlds_sleep() {
    // In a process of its own, since other tests use the processor meanwhile.
    if std::env::var_os("TRANSFERS_IDLE").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["placements::idle_worlds_sleep", "--exact", "--nocapture"])
            .env("TRANSFERS_IDLE", "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    for placement in [Placement::PerWorld, Placement::Single] {
        let (server, expected) = server();
        let running = server.run(placement).unwrap();
        while running.stats().edge(1, 4).unwrap().received < expected.len() as u64 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(50));
        let (before, ticks) = (processor_time(), running.stats().ticks);
        std::thread::sleep(Duration::from_millis(1000));
        let used = processor_time() - before;
        assert!(used <= Duration::from_millis(30), "{used:?} of a second");
        assert!(running.stats().ticks - ticks < 10, "nothing ticks");
        assert!(running.stop().drained);
    }
}

/// Who spins or yields looks again and again; who parks does not.
#[test]
#[cfg_attr(miri, ignore = "waits by the clock")]
fn idle_strategies_are_followed() {
    let long = Duration::from_secs(60);
    let looks = [Idle::Spin, Idle::Yield, Idle::Park(long)];
    for (idle, awake) in
        looks.map(|idle| (idle, true)).into_iter().chain([(Idle::Park(Duration::ZERO), false)])
    {
        let mut server = server().0;
        server.set_idle::<Compute>(idle);
        let running = server.run(Placement::Single).unwrap();
        while running.stats().edge(1, 4).unwrap().received < u64::from(COUNT) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(20));
        let before = running.stats().ticks;
        std::thread::sleep(Duration::from_millis(100));
        let ticks = running.stats().ticks - before;
        assert_eq!(ticks > 20, awake, "{idle:?}: {ticks} ticks");
        running.stop();
    }
}

/// A late tick does not shift those after it.
#[test]
#[cfg_attr(miri, ignore = "Miri's clock is too coarse")]
fn a_fixed_rate_is_kept() {
    let mut server = Server::new();
    server.set_pace::<Accept>(Pace::Every(Duration::from_millis(5)));
    let mut ticks = 0;
    server.add_system::<Accept, _>(move |_: &mut World<Accept>| {
        ticks += 1;
        if ticks % 10 == 0 {
            std::thread::sleep(Duration::from_millis(12));
        }
    });
    let begun = Instant::now();
    let running = server.run(Placement::PerWorld).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let ticks = running.stats().worlds[0].counts.ticks;
    let periods = begun.elapsed().as_millis() as u64 / 5;
    // No tick comes early, also not after one that was late.
    assert!(ticks <= periods + 1, "{ticks} in {periods}");
    // How many a loaded machine makes is not for a test to say.
    assert!(ticks >= 3, "{ticks} in {periods}");
    assert!(running.stop().drained);
}
