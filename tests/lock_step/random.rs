//! Random systems in worlds with queues of each kind, small enough to fill: by
//! hand and on any threads the state of each world is the same after each tick.

use std::sync::{Arc, Mutex};

use static_ecs::config::neighbours::ring;
use static_ecs::prelude::*;
use static_ecs::{CoordinatorStats, Placement};

#[derive(Component, Clone, Hash)]
struct Number(u64);
#[derive(Component, Clone, Hash)]
struct Extra(u32);
/// Takes another route.
#[derive(Component, Clone, Hash)]
struct Detour;
#[derive(Component, Clone, Hash)]
#[component(storage = "sparse")]
struct Spark(u8);
/// Can't be copied.
#[derive(Component, Hash)]
struct Owned(String);

/// Sent over the edges, more than there is room for.
#[derive(Event, Clone)]
struct Rumour(u64);

#[world_config(
    components(Number, Extra, Detour, Spark, Owned),
    events(Rumour(capacity = 4)),
    max_entities = 60,
    transfer_queue(capacity = 8, batch_size = 4)
)]
struct Base;

#[world_config(
    base = Base,
    source,
    targets(Ring, Loose),
    routing(default_target = Pool, Detour => Spill)
)]
struct Left;
#[world_config(
    base = Base,
    source,
    targets(Left, Spill, Block),
    routing(default_target = Pool, Detour => Ring)
)]
struct Right;
/// One inbox for all.
#[world_config(
    base = Base,
    max_entities = 24,
    neighbours = nobody,
    targets(Left, Ring),
    routing(default_target = Spill, Detour => Loose),
    transfer_queue(capacity = 16, batch_size = 2)
)]
struct Pool;
/// An inbox each.
#[world_config(
    base = Base,
    max_entities = 24,
    neighbours = ring::<3>,
    targets(Loose, Right),
    routing(default_target = Ring, Detour => Pool),
    transfer_queue(capacity = 8, batch_size = 4, linger = 2, on_full = spill(5))
)]
struct Circle;
#[world_config(
    base = Base,
    targets(Left, Right, Block),
    routing(default_target = Loose, Detour => Pool),
    transfer_queue(capacity = 8, batch_size = 4, linger = 3, spsc = true)
)]
struct Ring;
#[world_config(
    base = Base,
    max_entities = 30,
    targets(Block, Right),
    routing(default_target = Pool, Detour => Left),
    transfer_queue(capacity = 8, batch_size = 2, on_full = spill(6))
)]
struct Spill;
#[world_config(
    base = Base,
    max_entities = 30,
    targets(Spill),
    routing(default_target = Circle, Detour => Ring),
    transfer_queue(capacity = 4, batch_size = 2, on_full = shed)
)]
struct Loose;
#[world_config(
    base = Base,
    max_entities = 30,
    targets(Pool),
    routing(default_target = Left, Detour => Right),
    transfer_queue(capacity = 4, batch_size = 4, spsc = true, on_full = block(600s))
)]
struct Block;

const fn nobody(_: usize, _: usize) -> bool {
    false
}

coordinator!(
    type Mix = (Left, [Pool; 3], Right, [Circle; 3], Ring, Spill, Loose, Block)
);
const WORLDS: usize = 12;

/// Marsaglia, "Xorshift RNGs", 2003.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// By world id: the hash of its state in each tick.
type Log = Arc<Mutex<Vec<Vec<u64>>>>;

fn note<W: WorldConfig<Schema = Base>>(world: &World<W>, log: &Log) {
    let mut hash = world.state_hash().unwrap();
    // What else a system can see.
    for (entity, marker) in world.view_filtered::<(Entity, Option<&Number>), With<TransferMarker>>()
    {
        hash = hash.rotate_left(5) ^ entity.to_bits() ^ marker.map_or(0, |number| number.0);
    }
    for rumour in world.events::<Rumour>().iter() {
        hash = hash.rotate_left(7) ^ rumour.0;
    }
    hash ^= u64::from(world.try_admit(1).is_ok()) << 63;
    log.lock().unwrap()[world.id().unwrap() as usize].push(hash);
}

fn setup<W: WorldConfig<Schema = Base>>(mix: &mut Mix, seed: u64, log: &Log) {
    let members = mix.worlds::<W>().len();
    for member in 0..members {
        let world = mix.world_at_mut::<W>(member);
        let id = u64::from(world.id().unwrap());
        world.on_arrive(|world, entity| {
            if let Ok(number) = world.get_mut::<Number>(entity) {
                number.0 = number.0.wrapping_mul(31).wrapping_add(1);
            }
        });
        let mut random = Random::new(seed * 100 + id);
        let (first, last) = (log.clone(), log.clone());
        let schedule = mix.schedule_at::<W>(member);
        // Before and after, so that the order of arrival is seen as well.
        schedule.add(move |world: &mut World<W>| note(world, &first));
        schedule.add(move |world: &mut World<W>, commands: &mut Commands<W>| {
            act(world, commands, &mut random);
        });
        schedule.add(move |world: &mut World<W>| note(world, &last));
    }
}

/// To wherever, also where no edge leads.
fn marker(random: &mut Random) -> TransferMarker {
    TransferMarker {
        target_world: random.next(WORLDS as u64) as u16,
        priority: random.next(3) == 0,
        destroy_on_transfer: random.next(4) > 0,
    }
}

/// Does random things to whatever is here.
fn act<W: WorldConfig<Schema = Base>>(
    world: &mut World<W>,
    commands: &mut Commands<W>,
    random: &mut Random,
) {
    if world.try_admit(2).is_ok() {
        for _ in 0..random.next(8) {
            let Ok(entity) = world.spawn((Number(random.next(1 << 40)),)) else { break };
            if random.next(3) == 0 {
                world.insert(entity, (Owned(entity.to_string()),)).unwrap();
            }
        }
    }
    for _ in 0..random.next(12) {
        // Also to where no edge leads, or too many wait.
        let _ = world.send_to(random.next(WORLDS as u64) as u16, Rumour(random.next(1 << 20)));
    }
    if random.next(6) == 0 {
        let marker = marker(random);
        match random.next(4) {
            0 => world.transfer_query::<()>(marker),
            1 => world.complete_query::<With<Number>>(),
            2 => world.transfer_query::<With<Extra>>(marker),
            _ => world.transfer_query::<(With<Number>, Without<Detour>)>(marker),
        };
    }
    let here: Vec<Entity> = world.entities().collect();
    for entity in here {
        match random.next(24) {
            0..3 => world.despawn(entity).unwrap(),
            3 => commands.despawn(entity).unwrap(),
            4 => commands.insert(entity, (Extra(random.next(9) as u32),)).unwrap(),
            5 => _ = world.remove::<(Extra,)>(entity),
            6 => world.insert(entity, (Detour,)).unwrap(),
            7 => _ = world.remove::<(Detour,)>(entity),
            8 => world.insert(entity, (Spark(random.next(9) as u8),)).unwrap(),
            9..14 => {
                let marker = marker(random);
                world.insert(entity, (marker,)).unwrap();
            }
            14..22 => world.complete(entity).unwrap(),
            22 => _ = world.recall(entity),
            _ => {}
        }
    }
}

fn mix(seed: u64) -> (Mix, Log) {
    let log = Log::new(Mutex::new(vec![Vec::new(); WORLDS]));
    let mut mix = Mix::new();
    setup::<Left>(&mut mix, seed, &log);
    setup::<Pool>(&mut mix, seed, &log);
    setup::<Right>(&mut mix, seed, &log);
    setup::<Circle>(&mut mix, seed, &log);
    setup::<Ring>(&mut mix, seed, &log);
    setup::<Spill>(&mut mix, seed, &log);
    setup::<Loose>(&mut mix, seed, &log);
    setup::<Block>(&mut mix, seed, &log);
    // This one also sends and receives by hand.
    let mut random = Random::new(seed);
    let ring = Mix::id_of::<Ring>();
    let targets = [Mix::id_of::<Loose>(), Mix::id_of::<Block>(), Mix::id_of::<Left>()];
    mix.set_intake::<Ring>(move |world, endpoint| {
        for _ in 0..random.next(6) {
            let Some(transfer) = endpoint.pop_transfer() else { break };
            let target = targets[random.next(3) as usize];
            let kept = match random.next(2) {
                0 => {
                    endpoint.queue_transfer(target, transfer).err().map(|error| error.into_inner())
                }
                _ => Some(transfer),
            };
            if let Some(Err(refused)) = kept.map(|transfer| world.insert_transfer(transfer)) {
                world.end_transfer(refused.into_inner());
            }
        }
        for _ in 0..random.next(3) {
            let mut transfer = endpoint.create_transfer(ring);
            transfer.pack(Number(random.next(100))).unwrap();
            _ = endpoint.queue_transfer(targets[random.next(3) as usize], transfer);
        }
        if random.next(2) == 0 {
            endpoint.receive(world);
        }
    });
    mix.start().unwrap();
    (mix, log)
}

/// All that can be told of a coordinator, but for times.
fn everything(mix: &mut Mix, log: &Log) -> (Vec<Vec<u64>>, CoordinatorStats, String) {
    let mut stats = mix.stats();
    stats.total_tick_time_ns = 0;
    for world in &mut stats.worlds {
        world.counts.tick_time = std::time::Duration::ZERO;
    }
    let conservation = mix.conservation();
    assert!(conservation.holds(), "{conservation}");
    let mut rest = format!("{conservation:?} {:?}", mix.problems());
    for world in 0..WORLDS as u16 {
        while let Some(transfer) = mix.pop_transfer_for(world) {
            let number = transfer.get::<Number>().map(|number| number.0);
            rest += &format!(" {:?} {number:?}", transfer.entity());
        }
    }
    (log.lock().unwrap().clone(), stats, rest)
}

const TICKS: u64 = if cfg!(miri) { 6 } else { 300 };

fn compare(placements: &[&str], seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (mut by_hand, log) = mix(seed);
        for _ in 0..TICKS {
            by_hand.step().unwrap();
        }
        let expected = everything(&mut by_hand, &log);
        let counts = expected.1.edges.iter().map(|edge| edge.counts);
        let shed: u64 = counts.clone().map(|counts| counts.shed).sum();
        let full: u64 = counts.clone().map(|counts| counts.full).sum();
        if !cfg!(miri) {
            assert!(counts.clone().all(|counts| counts.received > 0), "{:?}", expected.1.edges);
            let rumours: u64 = counts.clone().map(|counts| counts.events_received).sum();
            assert!(rumours > TICKS, "{rumours}");
            assert!(shed > 0 && full > 100 && expected.1.received() > 10 * TICKS);
        }
        for placement in placements {
            let (mix, log) = mix(seed);
            let placement: Placement = placement.parse().unwrap();
            let mut mix = mix.run_ticks(placement, TICKS).unwrap().into_result().unwrap();
            let found = everything(&mut mix, &log);
            for world in 0..WORLDS {
                let (a, b) = (&expected.0[world], &found.0[world]);
                let differs = a.iter().zip(b).position(|(a, b)| a != b);
                assert_eq!((differs, b.len()), (None, a.len()), "world {world}, seed {seed}");
            }
            assert!(found.1 == expected.1, "seed {seed}: {:?}\n{:?}", found.1, expected.1);
            assert!(found.2 == expected.2, "seed {seed}: {}\n{}", found.2, expected.2);
        }
    }
}

#[test]
fn one_thread_does_what_steps_by_hand_do() {
    compare(&["single"], 0..4);
}

#[test]
fn a_thread_for_each_world_does_what_steps_by_hand_do() {
    compare(&["per-world"], 0..if cfg!(miri) { 1 } else { 4 });
}

#[test]
fn any_map_of_worlds_to_threads_does_what_steps_by_hand_do() {
    compare(&["0,1,0,1,0,1,0,1,0,1,0,1", "2,1,0,2,2,1,1,0,0,2,1,0"], 0..3);
}

/// By hand and on threads in turns, and with another placement each time.
#[test]
fn steps_by_hand_and_on_threads_can_follow_each_other() {
    let (mut by_hand, log) = mix(7);
    for _ in 0..90 {
        by_hand.step().unwrap();
    }
    let expected = everything(&mut by_hand, &log);
    let (mut mix, log) = mix(7);
    for placement in [Placement::PerWorld, Placement::Single] {
        mix = mix.run_ticks(placement, 30).unwrap().into_result().unwrap();
        mix.start().unwrap();
        for _ in 0..15 {
            mix.step().unwrap();
        }
    }
    assert_eq!(everything(&mut mix, &log), expected);
}

#[test]
fn equal_runs_by_hand_are_equal_and_other_seeds_are_not() {
    let run = |seed| {
        let (mut mix, log) = mix(seed);
        for _ in 0..40 {
            mix.tick().unwrap();
        }
        everything(&mut mix, &log)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).0, run(4).0);
}

/// Memory is kept by its thread for the next world; how much of it there is, and
/// where, is seen by nobody.
#[test]
fn what_other_worlds_leave_in_memory_changes_nothing() {
    let run = || {
        let (mut mix, log) = mix(5);
        for _ in 0..30 {
            mix.step().unwrap();
        }
        everything(&mut mix, &log)
    };
    let fresh = std::thread::spawn(run).join().unwrap();
    let used = std::thread::spawn(move || {
        let mut other = World::<Base>::new();
        other.reserve::<(Number, Extra)>(50).unwrap();
        other.spawn_batch((0..40u32).map(|number| (Number(number.into()), Extra(1)))).unwrap();
        drop(other);
        let held = World::<Base>::new();
        let first = run();
        drop(held);
        (first, run())
    });
    let (first, second) = used.join().unwrap();
    assert!(fresh == first && fresh == second);
}
