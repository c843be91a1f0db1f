//! A world that has as many archetypes as it can tell apart refuses one more with
//! its value, and goes on with those that it has.

use static_ecs::Problem;
use static_ecs::commands::Commands;
use static_ecs::config::WorldConfig;
use static_ecs::error::Refusal;
use static_ecs::prelude::*;

#[derive(Component, Debug, PartialEq)]
struct Name(String);

#[derive(Component, Debug)]
struct Last;

const FULL: Refusal = Refusal::TooManyArchetypes { limit: 65_534 };

/// Tags, of which any set makes an archetype.
macro_rules! tags {
    ($($tag:ident)*) => {
        $(#[derive(Component, Debug)] struct $tag;)*

        #[world_config(components(Name, Last, $($tag),*))]
        struct Base;

        /// Inserts the tag with this number, or removes it. `false` if refused.
        fn toggle<W: WorldConfig<Schema = Base>>(
            world: &mut World<W>,
            entity: Entity,
            number: u32,
        ) -> bool {
            let mut next = 0;
            $(
                if next == number {
                    return match world.has::<$tag>(entity) {
                        true => world.remove::<$tag>(entity).is_ok(),
                        false => world.insert(entity, $tag).is_ok(),
                    };
                }
                next += 1;
            )*
            next < number
        }
    };
}
tags!(T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15);

#[world_config(base = Base, source, targets(Full))]
struct Source;
#[world_config(base = Base)]
struct Full;
coordinator!(type Two = (Source, Full));

/// Takes an entity through sets of tags, one tag at a time as a Gray code does,
/// until the world refuses.
fn fill<W: WorldConfig<Schema = Base>>(world: &mut World<W>) -> Entity {
    let entity = world.spawn(()).expect("there is room");
    let mut step = 0_u32;
    loop {
        step += 1;
        if !toggle(world, entity, step.trailing_zeros()) {
            break entity;
        }
    }
}

#[test]
fn one_more_is_refused_with_its_value() {
    let mut world = World::<Base>::new();
    let entity = fill(&mut world);
    assert_eq!(world.tables().len(), 65_534);
    let (counts, name) = (world.counts(), || Name("Ada".to_owned()));

    let refused = world.spawn((name(), Last)).unwrap_err();
    assert_eq!((refused.why(), refused.into_inner().0), (FULL, name()));
    let refused = world.insert(entity, name()).unwrap_err();
    assert_eq!((refused.why(), refused.into_inner()), (FULL, name()));
    let refused = world.spawn_columns((vec![name()],)).unwrap_err();
    assert_eq!((refused.why(), refused.into_inner().0), (FULL, vec![name()]));
    assert_eq!(world.insert_where::<(), _>(|_| name()), Err(FULL));
    assert_eq!(world.reserve::<Name>(1), Err(FULL));

    let mut commands = Commands::<Base>::with_capacity(9);
    commands.insert(entity, name()).unwrap();
    commands.insert(entity, Last).unwrap();
    let waits = commands.apply(&mut world).unwrap_err();
    assert_eq!((waits.why, waits.waiting), (FULL, 2));
    assert!(commands.skip() && commands.skip() && commands.is_empty());

    assert_eq!((world.counts(), world.len()), (counts, 1));
    world.spawn(T0).expect("it has a table");
}

#[test]
fn an_arrival_waits_and_is_reported() {
    let mut two = Two::new();
    two.start().unwrap();
    fill(two.world_mut::<Full>());
    let target = Two::id_of::<Full>();
    let source = two.world_mut::<Source>();
    let name = source.spawn(Name("Ada".to_owned())).unwrap();
    source.insert(name, TransferMarker::to(target)).unwrap();
    for _ in 0..3 {
        two.tick().unwrap();
    }
    assert!(!two.world::<Full>().contains(name));
    let reported = |problem: &Problem| matches!(problem, Problem::TooManyArchetypes { .. });
    assert!(two.problems().iter().any(reported));
    assert!(two.conservation().holds());
}
