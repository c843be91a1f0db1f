//! Where worlds say that entities are, against what a look into each table shows.

use std::collections::BTreeMap;

use static_ecs::coordination::{Pace, Placement};
use static_ecs::location::{Location, Whereabouts};
use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug)]
struct Number(u32);
#[derive(Component, Clone, Copy, Debug)]
struct ToPool;

#[world_config(
    components(Number, ToPool),
    transfer_queue(capacity = 16, batch_size = 4),
    max_entities = 60
)]
struct Base;
#[world_config(base = Base, source, routing(default_target = Pool), targets(Right, Middle))]
struct Left;
#[world_config(base = Base, source, routing(default_target = Left, ToPool => Pool), targets(Right))]
struct Middle;
#[world_config(base = Base, routing(default_target = Middle, ToPool => Pool))]
struct Right;
/// Takes its members' entities from one inbox.
#[world_config(base = Base, routing(default_target = Right))]
struct Pool;
coordinator!(type Four = (Left, Middle, Right, [Pool; 3]));

const WORLDS: usize = 6;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }
}

/// Calls `$act` with the world that has this id.
macro_rules! with_world {
    ($four:expr, $id:expr, |$world:ident| $act:expr) => {
        match $id {
            0 => {
                let $world = $four.world_mut::<Left>();
                $act
            }
            1 => {
                let $world = $four.world_mut::<Middle>();
                $act
            }
            2 => {
                let $world = $four.world_mut::<Right>();
                $act
            }
            member => {
                let $world = $four.world_at_mut::<Pool>(member - 3);
                $act
            }
        }
    };
}

/// What is known without any directory.
#[derive(Default)]
struct Model {
    /// Whether each entity that ever was lives.
    lives: BTreeMap<Entity, bool>,
    /// Where each is now, by a look into all tables.
    places: BTreeMap<Entity, usize>,
}

impl Model {
    fn look(&mut self, four: &mut Four) {
        self.places.clear();
        for id in 0..WORLDS {
            with_world!(four, id, |world| for entity in world.entities() {
                assert!(self.places.insert(entity, id).is_none(), "{entity} is in two worlds");
            });
        }
    }

    fn check(&mut self, four: &mut Four, rest: bool) {
        self.look(four);
        for (&entity, &lives) in &self.lives {
            let place = self.places.get(&entity).copied();
            let exact = match (lives, place) {
                (false, _) => Whereabouts::Dead,
                (true, Some(world)) => Whereabouts::At(world as u16),
                (true, None) => {
                    assert!(!rest, "{entity} is nowhere");
                    let flies = four.locate(entity);
                    let sent =
                        matches!(flies, Whereabouts::SentTo(_) | Whereabouts::SentToArray(3));
                    assert!(sent, "{entity} is on its way, not {flies}");
                    flies
                }
            };
            assert_eq!(four.locate(entity), exact, "{entity}");
            for id in 0..WORLDS {
                let said = with_world!(four, id, |world| world.locate(entity));
                let home = usize::from(entity.origin() - 1);
                match said {
                    Location::Here => assert_eq!(place, Some(id), "{entity} in {id}"),
                    Location::Dead => assert!(!lives, "{entity} lives, whatever {id} says"),
                    Location::Elsewhere(hint) => {
                        assert_ne!(place, Some(id), "{entity} is in {id}, which says {hint}");
                        match hint {
                            Whereabouts::At(world) | Whereabouts::SentTo(world) if rest => {
                                assert_eq!(
                                    place,
                                    Some(usize::from(world)),
                                    "{entity} as {id} says"
                                );
                            }
                            Whereabouts::SentToArray(_) => assert!(!rest, "{entity} is at rest"),
                            Whereabouts::AtHome(world) => {
                                assert_eq!(usize::from(world), home);
                                assert!(place == Some(home) || !lives, "{entity} has left");
                            }
                            Whereabouts::Unknown => panic!("{entity} is known to all but {id}"),
                            _ => {}
                        }
                    }
                }
            }
        }
    }
}

fn random(seed: u64, steps: usize) {
    let mut dice = Dice(seed);
    let mut four = Four::new();
    let mut model = Model::default();
    four.start().unwrap();
    for step in 0..steps {
        let id = dice.roll(WORLDS);
        let any = |model: &Model, dice: &mut Dice| {
            let here: Vec<_> =
                model.places.iter().filter(|of| *of.1 == id).map(|of| *of.0).collect();
            (!here.is_empty()).then(|| here[dice.roll(here.len())])
        };
        match dice.roll(10) {
            0..=2 => {
                let tagged = dice.roll(2) == 0;
                let made = with_world!(four, id, |world| match tagged {
                    true => world.spawn((Number(step as u32), ToPool)).ok(),
                    false => world.spawn(Number(step as u32)).ok(),
                });
                if let Some(entity) = made {
                    assert!(model.lives.insert(entity, true).is_none(), "an id is given once");
                }
            }
            3..=5 => {
                if let Some(entity) = any(&model, &mut dice) {
                    with_world!(four, id, |world| world.complete(entity).unwrap());
                }
            }
            6 => {
                // Where an edge leads, or nowhere.
                if let Some(entity) = any(&model, &mut dice) {
                    let target = dice.roll(WORLDS) as u16;
                    with_world!(four, id, |world| {
                        world.insert(entity, TransferMarker::from(target)).unwrap();
                    });
                }
            }
            7 => {
                if let Some(entity) = any(&model, &mut dice) {
                    with_world!(four, id, |world| world.despawn(entity).unwrap());
                    model.lives.insert(entity, false);
                }
            }
            8 => {
                // By hand, from any world to any other.
                if let Some(entity) = any(&model, &mut dice) {
                    let target = dice.roll(WORLDS);
                    let taken = with_world!(four, id, |world| world.take(entity).unwrap());
                    let put = with_world!(four, target, |world| world.insert_transfer(taken));
                    if let Err(refused) = put {
                        let taken = refused.into_inner();
                        with_world!(four, id, |world| world.insert_transfer(taken).unwrap());
                    }
                }
            }
            _ => _ = four.tick().unwrap(),
        }
        model.check(&mut four, false);
        if step % 100 == 99 {
            four.drain(100).unwrap();
            let rest = four.conservation().in_flight() == 0;
            model.check(&mut four, rest);
            // Those who died long ago stay so; only some are asked for again.
            if model.lives.len() > 400 {
                model.lives.retain(|_, lives| *lives);
            }
        }
    }
    assert!(four.conservation().holds());
    let ids: usize = (0..WORLDS).map(|_| 1024 * 4 + 16).sum();
    assert!(four.directory_bytes() <= ids, "{} bytes", four.directory_bytes());
}

#[test]
fn hints_are_true_and_at_rest_exact() {
    let (seeds, steps) = if cfg!(miri) { (1, 60) } else { (12, 600) };
    for seed in 0..seeds {
        random(seed, steps);
    }
}

#[test]
fn nobody_knows_of_other_coordinators() {
    let mut alone = World::<Base>::new();
    let entity = alone.spawn(Number(1)).unwrap();
    assert_eq!(alone.locate(entity), Location::Here);
    let mut four = Four::new();
    let unknown = Location::Elsewhere(Whereabouts::Unknown);
    assert_eq!(four.world::<Left>().locate(entity), unknown);
    assert_eq!(four.locate(entity), Whereabouts::Unknown);
    let there = four.world_mut::<Right>().spawn(Number(2)).unwrap();
    assert_eq!(alone.locate(there), unknown);
    assert_eq!(unknown.to_string(), "elsewhere: unknown, when last heard of");
    // In nobody's hands, and then in another world's.
    let taken = four.world_mut::<Right>().take(there).unwrap();
    assert_eq!(four.locate(there), Whereabouts::Unknown);
    assert_eq!(four.world::<Right>().locate(there), unknown);
    four.world_mut::<Left>().insert_transfer(taken).unwrap();
    assert_eq!(
        four.world::<Middle>().locate(there).to_string(),
        "elsewhere: in world 0, when last heard of"
    );
    four.world_mut::<Left>().clear();
    assert_eq!(four.locate(there), Whereabouts::Dead);
}

#[test]
fn hints_are_exact_when_threads_have_stopped() {
    let mut four = Four::new();
    fn go_on<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
        let all: Vec<Entity> = world.entities().collect();
        for (count, entity) in all.into_iter().enumerate() {
            let number = world.get_mut::<Number>(entity).unwrap();
            number.0 = number.0.saturating_sub(1);
            match number.0 {
                0 if count % 3 == 0 => world.despawn(entity).unwrap(),
                0 => {}
                _ => world.complete(entity).unwrap(),
            }
        }
    }
    four.add_system::<Left, _>(go_on::<Left>).add_system::<Middle, _>(go_on::<Middle>);
    four.add_system::<Right, _>(go_on::<Right>).add_system::<Pool, _>(go_on::<Pool>);
    let mut model = Model::default();
    for n in 0..60 {
        let left = four.world_mut::<Left>();
        model.lives.insert(left.spawn(Number(5 + n % 23)).unwrap(), true);
        let middle = four.world_mut::<Middle>();
        let tagged = middle.spawn((Number(5 + n % 17), ToPool)).unwrap();
        model.lives.insert(tagged, true);
    }
    four.set_pace::<Left>(Pace::OnDemand);
    let stopped = four.run(Placement::PerWorld).unwrap().stop();
    assert!(stopped.conservation.holds(), "{}", stopped.conservation);
    let rest = stopped.conservation.in_flight() == 0;
    let mut four = stopped.coordinator;
    model.look(&mut four);
    let places = std::mem::take(&mut model.places);
    if rest {
        model.lives.iter_mut().for_each(|(entity, lives)| *lives = places.contains_key(entity));
    }
    model.check(&mut four, rest);
}

/// What a world has heard, in order.
#[derive(Resource, Default)]
struct Heard(Vec<Location>);

#[test]
fn hints_in_lock_step_depend_on_no_thread() {
    fn go_on<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
        world.resource_scope(|world, heard: &mut Heard| {
            // All ids that there can be, of a few worlds.
            let ids = (0..30 * 4).filter_map(|n| {
                let (index, generation, origin) = (n / 4 % 15, 1 + n / 60, 1 + n % 4);
                Entity::from_bits(origin << 52 | generation << 32 | index)
            });
            heard.0.extend(ids.map(|entity| world.locate(entity)));
        });
        let all: Vec<Entity> = world.entities().collect();
        for (count, entity) in all.into_iter().enumerate() {
            let number = world.get_mut::<Number>(entity).unwrap();
            number.0 = number.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match number.0 >> 16 & 7 {
                0 if count % 2 == 0 => world.despawn(entity).unwrap(),
                0..=2 => {}
                _ => world.complete(entity).unwrap(),
            }
        }
        if world.len() < 5 && world.id() < Some(2) {
            let _ = world.spawn((Number(7), ToPool));
        }
    }
    let make = || {
        let mut four = Four::new();
        four.add_system::<Left, _>(go_on::<Left>).add_system::<Middle, _>(go_on::<Middle>);
        four.add_system::<Right, _>(go_on::<Right>).add_system::<Pool, _>(go_on::<Pool>);
        for id in 0..WORLDS {
            with_world!(four, id, |world| {
                world.insert_resource(Heard::default());
                for n in 0..8 {
                    world.spawn(Number(id as u32 * 100 + n)).unwrap();
                }
            });
        }
        four
    };
    let heard = |four: &Four, member: usize| {
        let of = |heard: Option<&Heard>| heard.unwrap().0.clone();
        let left = of(four.world::<Left>().resource());
        (left, of(four.world::<Right>().resource()), of(four.world_at::<Pool>(member).resource()))
    };
    let ticks = if cfg!(miri) { 5 } else { 200 };
    let mut by_hand = make();
    by_hand.start().unwrap();
    for _ in 0..ticks {
        by_hand.step().unwrap();
    }
    for placement in [Placement::Single, Placement::PerWorld] {
        let stopped = make().run_ticks(placement, ticks).unwrap();
        for member in 0..3 {
            assert_eq!(heard(&stopped.coordinator, member), heard(&by_hand, member));
        }
    }
    let all = heard(&by_hand, 2).0;
    let hears = |wanted: fn(&Location) -> bool| all.iter().any(wanted);
    assert!(hears(|heard| matches!(heard, Location::Elsewhere(Whereabouts::SentTo(_)))));
    assert!(hears(|heard| matches!(heard, Location::Elsewhere(Whereabouts::At(_)))));
    assert!(hears(|heard| *heard == Location::Dead));
}
