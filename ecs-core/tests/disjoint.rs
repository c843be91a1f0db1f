//! Queries of different entities: where filters keep them apart, both may write a component.

use static_ecs::prelude::*;
use static_ecs::system::{BoxError, Clash, SystemParam};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(track)]
struct Place(i32);
#[derive(Component)]
struct Player;
#[derive(Component)]
struct Enemy;
#[derive(Component)]
#[component(storage = "sparse")]
struct Stunned;

#[world_config(components(Place, Player, Enemy, Stunned))]
struct Base;

type Of<F> = Query<'static, Base, &'static mut Place, F>;

/// How two parameters clash.
fn clash<A: SystemParam<Base>, B: SystemParam<Base>>() -> Option<Clash> {
    let (one, other) = (A::ACCESS.clash(&B::ACCESS), B::ACCESS.clash(&A::ACCESS));
    assert_eq!(one, other);
    one
}

const PLACE: Option<Clash> = Some(Clash::Component(0));

#[test]
fn with_and_without_keep_queries_apart() {
    assert_eq!(clash::<Of<With<Player>>, Of<Without<Player>>>(), None);
    assert_eq!(clash::<Of<With<Player>>, Of<With<Enemy>>>(), PLACE);
    assert_eq!(clash::<Of<Without<Player>>, Of<Without<Player>>>(), PLACE);
    assert_eq!(clash::<Of<With<Player>>, Of<()>>(), PLACE);
    // One of a tuple is enough.
    assert_eq!(clash::<Of<(With<Enemy>, Without<Player>)>, Of<With<Player>>>(), None);
    // What is asked for is there; what is there or not says nothing.
    type Asks<D> = Query<'static, Base, (&'static mut Place, D)>;
    assert_eq!(clash::<Asks<&Player>, Of<Without<Player>>>(), None);
    assert_eq!(clash::<Asks<Option<&Player>>, Of<Without<Player>>>(), PLACE);
    assert_eq!(clash::<Of<Changed<Place>>, Of<Without<Place>>>(), None);
}

#[test]
fn either_of_two_filters_is_not_both() {
    assert_eq!(clash::<Of<Or<(With<Player>, With<Enemy>)>>, Of<Without<Player>>>(), PLACE);
    assert_eq!(clash::<Of<Or<(Without<Player>, With<Enemy>)>>, Of<With<Player>>>(), PLACE);
    type Both = Or<((With<Player>, With<Enemy>), With<Player>)>;
    assert_eq!(clash::<Of<Both>, Of<Without<Player>>>(), None);
}

#[test]
fn entities_that_differ_by_what_is_sparse_share_tables() {
    assert_eq!(clash::<Of<With<Stunned>>, Of<Without<Stunned>>>(), PLACE);
    assert_eq!(clash::<Of<With<TransferMarker>>, Of<Without<TransferMarker>>>(), PLACE);
}

#[test]
fn each_query_of_a_tuple_is_compared_by_itself() {
    type Two = (Of<With<Player>>, Query<'static, Base, &'static Player, Without<Enemy>>);
    type Other = (Local<'static, u8>, (Of<Without<Player>>,));
    assert_eq!(clash::<Two, Other>(), None);
    assert_eq!(clash::<Two, (Other, Of<With<Enemy>>)>(), PLACE);
    assert_eq!(clash::<(Two, Other), Of<With<Enemy>>>(), PLACE);
}

#[test]
fn a_system_writes_both_at_once() -> Result<(), Box<dyn std::error::Error>> {
    fn chase(
        mut players: Query<Base, (Entity, &mut Place), With<Player>>,
        mut others: Query<Base, (Entity, &mut Place), Without<Player>>,
    ) -> Result<(), BoxError> {
        for ((player, place), (other, target)) in (&mut players).into_iter().zip(&mut others) {
            std::mem::swap(place, target);
            assert_ne!(player, other);
        }
        let ids: Vec<Entity> = others.iter_mut().map(|(other, _)| other).collect();
        assert!(ids.iter().all(|&other| players.get_mut(other).is_err()));
        Ok(())
    }
    let mut world = World::<Base>::new();
    for n in 0..3 {
        world.spawn((Place(n), Player))?;
        world.spawn((Place(10 + n), Enemy))?;
    }
    world.run_system(chase)?;
    let players = world.view_filtered::<&Place, With<Player>>();
    assert!(players.map(|place| place.0).eq(10..13));
    assert!(world.view_filtered::<&Place, With<Enemy>>().map(|place| place.0).eq(0..3));
    Ok(())
}

#[test]
fn systems_of_different_entities_share_a_stage() -> Result<(), Box<dyn std::error::Error>> {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(|mut players: Query<Base, &mut Place, With<Player>>| {
        players.iter_mut().for_each(|place| place.0 += 1);
    });
    schedule.add(|mut others: Query<Base, &mut Place, Without<Player>>| {
        others.iter_mut().for_each(|place| place.0 -= 1);
    });
    schedule.add(|_: Query<Base, &Place>| {});
    let stages: Vec<_> =
        schedule.plan()?.stages().iter().map(|stage| stage.systems().len()).collect();
    assert_eq!(stages, [2, 1]);
    Ok(())
}
