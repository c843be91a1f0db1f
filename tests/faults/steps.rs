//! Random steps and faults on one thread.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Spawn { world: u16, owned: bool, detour: bool },
    Mark { entity: usize, target: u16, priority: bool, copy: bool },
    Complete { entity: usize },
    Despawn { entity: usize },
    Tick { world: u16 },
    Arm { site: Site, after: u32 },
    Start,
    PopAndDrop { world: u16 },
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let site = prop::sample::select([&SITES[..], &[Site::Clone]].concat());
    let (w, e) = (|| 0..3u16, || 0..64usize);
    prop_oneof![
        6 => (w(), prop::bool::weighted(0.3), prop::bool::weighted(0.2))
            .prop_map(|(world, owned, detour)| Spawn { world, owned, detour }),
        6 => (e(), w(), any::<bool>(), any::<bool>())
            .prop_map(|(entity, target, priority, copy)| Mark { entity, target, priority, copy }),
        6 => e().prop_map(|entity| Complete { entity }),
        1 => e().prop_map(|entity| Despawn { entity }),
        9 => w().prop_map(|world| Tick { world }),
        3 => (site, 0..4u32).prop_map(|(site, after)| Arm { site, after }),
        2 => Just(Start),
        1 => w().prop_map(|world| PopAndDrop { world }),
    ]
}

fn run<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>, case: &Arc<Case>, step: Step) {
    let chosen = |three: &mut Three<A, B, C>, entity: usize| {
        let all = entities(three);
        (!all.is_empty()).then(|| all[entity % all.len()])
    };
    match step {
        Step::Spawn { world, owned, detour } => with_world!(three, world, |world| {
            let Ok(entity) = world.spawn((Twin(case.value()),)) else { return };
            if owned {
                world.insert(entity, (Owned(case.value()),)).unwrap();
            }
            if detour {
                world.insert(entity, (Detour,)).unwrap();
            }
        }),
        Step::Mark { entity, target, priority, copy } => {
            let Some((place, entity)) = chosen(three, entity) else { return };
            let marker =
                TransferMarker { target_world: target, priority, destroy_on_transfer: !copy };
            with_world!(three, place, |world| world.insert(entity, (marker,)).unwrap());
        }
        Step::Complete { entity } => {
            let Some((place, entity)) = chosen(three, entity) else { return };
            with_world!(three, place, |world| world.complete(entity).unwrap());
        }
        Step::Despawn { entity } => {
            let Some((place, entity)) = chosen(three, entity) else { return };
            with_world!(three, place, |world| world.despawn(entity).unwrap());
        }
        Step::Tick { world } => {
            let ticked = match world {
                0 => three.tick_world::<A>(),
                1 => three.tick_world::<B>(),
                _ => three.tick_world::<C>(),
            };
            if let Err(failure) = ticked {
                assert!(failure.to_string().contains(INJECTED), "{failure}");
            }
        }
        Step::Arm { site, after } => case.arm(site, after),
        Step::Start => three.start().unwrap(),
        Step::PopAndDrop { world } => drop(three.pop_transfer_for(world)),
    }
}

/// Answers how many faults have fired, by site.
fn play<A: Config, B: Config, C: Config>(
    mut three: Three<A, B, C>,
    steps: &[Step],
    close: bool,
) -> [u64; SITES.len()] {
    let case = Case::new(4096);
    set_hooks(&mut three, &case);
    let [a, b, c] = [&case; 3].map(Arc::clone);
    three.add_system::<A, _>(move |_: &mut World<A>| a.pass(Site::System));
    three.add_system::<B, _>(move |_: &mut World<B>| b.pass(Site::System));
    three.add_system::<C, _>(move |_: &mut World<C>| c.pass(Site::System));
    for &step in steps {
        caught(|| run(&mut three, &case, step));
        hold(&mut three, &case);
    }
    // Nothing more goes wrong: what was on its way arrives.
    let armed = case.disarm();
    three.start().unwrap();
    let at_rest = three.drain(200).unwrap();
    hold(&mut three, &case);
    if at_rest && three.conservation().edges.iter().all(|edge| edge.in_flight == 0) {
        assert_eq!(values(&mut three), case.alive(), "a value is nowhere");
        let pending = [0, 1, 2].map(|world| three.pending_transfers_for(world));
        assert_eq!(pending, [0; 3], "room was not given back");
    }
    // Or while it ends.
    for (site, calls) in SITES.into_iter().zip(armed) {
        if calls > 0 {
            case.arm(site, calls as u32 - 1);
        }
    }
    caught(|| {
        if close {
            let conservation = three.close();
            assert!(conservation.holds(), "{conservation}");
        } else {
            drop(three);
        }
    });
    assert_eq!(case.alive(), 0, "a value was never dropped");
    case.fired()
}

pub(crate) fn check<A: Config, B: Config, C: Config>(make: fn() -> Three<A, B, C>) {
    silence();
    // Always the same cases, so that it is sure that each fault is met. Others come with
    // `PROPTEST_RNG_SEED`.
    let default = ProptestConfig::default();
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        given => given,
    };
    let fired = SITES.map(|_| Cell::new(0));
    let fired = &fired;
    proptest!(ProptestConfig { cases: 60, failure_persistence: None, rng_seed, ..default },
    |(steps in prop::collection::vec(step(), 1..120), close in any::<bool>())| {
        for (all, new) in fired.iter().zip(play(make(), &steps, close)) {
            all.set(all.get() + new);
        }
    });
    for (site, fired) in SITES.into_iter().zip(fired) {
        assert!(fired.get() > 0, "no fault in {site:?} has fired");
    }
}
