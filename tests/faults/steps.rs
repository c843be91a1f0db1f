//! Random steps and faults on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::*;

type Three<A, B, C> = WorldCoordinator<(A, B, C)>;

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

/// Does the same to whichever world it is.
macro_rules! with_world {
    ($three:expr, $world:expr, |$name:ident| $body:expr) => {
        match $world {
            0 => {
                let $name = $three.world_mut::<A>();
                $body
            }
            1 => {
                let $name = $three.world_mut::<B>();
                $body
            }
            _ => {
                let $name = $three.world_mut::<C>();
                $body
            }
        }
    };
}

/// All configurations of the schema, which the three worlds are of.
pub(crate) trait Config: WorldConfig<Schema = Base> {}
impl<W: WorldConfig<Schema = Base>> Config for W {}

fn prepare<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>) {
    three.add_system::<A, _>(|_: &mut World<A>| pass(Site::System));
    three.add_system::<B, _>(|_: &mut World<B>| pass(Site::System));
    three.add_system::<C, _>(|_: &mut World<C>| pass(Site::System));
    for world in 0..3 {
        with_world!(three, world, |world| {
            world.on_depart(|_, _, _| pass(Site::Depart));
            world.on_arrive(|_, _| pass(Site::Arrive));
        });
    }
}

fn entities<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>) -> Vec<(u16, Entity)> {
    let mut all = Vec::new();
    for place in 0..3 {
        with_world!(three, place, |world| {
            all.extend(world.view::<(Entity,)>().map(|(entity,)| (place, entity)));
        });
    }
    all
}

/// Values in the worlds.
fn values<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>) -> usize {
    let mut count = 0;
    for place in 0..3 {
        with_world!(three, place, |world| {
            count += world.view::<(&Owned,)>().count();
            count += world.view::<(&Twin,)>().count();
        });
    }
    count
}

fn run<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>, step: Step) {
    let chosen = |three: &mut Three<A, B, C>, entity: usize| {
        let all = entities(three);
        (!all.is_empty()).then(|| all[entity % all.len()])
    };
    match step {
        Step::Spawn { world, owned, detour } => with_world!(three, world, |world| {
            let Ok(entity) = world.spawn((Twin(Value::new()),)) else { return };
            if owned {
                world.insert(entity, (Owned(Value::new()),)).unwrap();
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
        Step::Arm { site, after } => ARMED.set(Some((site, after))),
        Step::Start => three.start().unwrap(),
        Step::PopAndDrop { world } => drop(three.pop_transfer_for(world)),
    }
}

/// Runs `body`, from which only injected panics may come. Answers whether one did.
fn caught(body: impl FnOnce()) -> bool {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else { return false };
    let text = payload.downcast_ref::<String>();
    if !text.is_some_and(|text| text.starts_with(INJECTED)) {
        std::panic::resume_unwind(payload);
    }
    true
}

fn hold<A: Config, B: Config, C: Config>(three: &mut Three<A, B, C>) {
    let conservation = three.conservation();
    assert!(conservation.holds(), "{conservation}");
    assert!(values(three) <= alive(), "a value in a world was dropped");
}

fn play<A: Config, B: Config, C: Config>(mut three: Three<A, B, C>, steps: &[Step], close: bool) {
    ARMED.set(None);
    DROPS.with_borrow_mut(Vec::clear);
    prepare(&mut three);
    for &step in steps {
        caught(|| run(&mut three, step));
        hold(&mut three);
    }
    // Nothing more goes wrong: what was on its way arrives.
    let armed = ARMED.take();
    three.start().unwrap();
    let at_rest = three.drain(200).unwrap();
    hold(&mut three);
    if at_rest && three.conservation().edges.iter().all(|edge| edge.in_flight == 0) {
        assert_eq!(values(&mut three), alive(), "a value is nowhere");
        let pending = [0, 1, 2].map(|world| three.pending_transfers_for(world));
        assert_eq!(pending, [0; 3], "room was not given back");
    }
    // Or while it ends.
    ARMED.set(armed);
    caught(|| {
        if close {
            let conservation = three.close();
            assert!(conservation.holds(), "{conservation}");
        } else {
            drop(three);
        }
    });
    assert_eq!(alive(), 0, "a value was never dropped");
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
    proptest!(ProptestConfig { cases: 60, failure_persistence: None, rng_seed, ..default },
    |(steps in prop::collection::vec(step(), 1..120), close in any::<bool>())| {
        play(make(), &steps, close);
    });
    for site in SITES {
        let fired = FIRED.with_borrow(|fired| fired.contains(&site));
        assert!(fired, "no fault in {site:?} has fired");
    }
}
