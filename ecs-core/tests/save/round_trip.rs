//! What is saved comes back, in any format.

use ecs_core::entity::Entity;
use ecs_core::query::{With, Without};
use ecs_core::save::{Loader, Saved};
use ecs_core::world::World;
use proptest::prelude::*;

use super::common::property;
use super::{Base, Burning, Counted, Follows, Name, Position, Socket, Tag, Team, Window};
use super::{from_json, live, some, text};

/// Saves and loads in each format.
///
/// # Panics
/// If a world that is loaded is not as `world`, also in the ids that it gives next.
fn check(world: &mut World<Base>) {
    let json = serde_json::to_string(&*world).unwrap();
    let ron = ron::to_string(&*world).unwrap();
    let bytes = postcard::to_allocvec(&*world).unwrap();
    let loader = Loader::<Base>::new();
    let mut loaded = vec![
        from_json(&json).unwrap(),
        serde_json::from_str(&json).unwrap(),
        ron::from_str(&ron).unwrap(),
        loader.load(&mut ron::Deserializer::from_str(&ron).unwrap()).unwrap(),
        postcard::from_bytes(&bytes).unwrap(),
        loader.load(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap(),
    ];
    // Into a world that had other entities.
    let mut used = World::<Base>::new();
    used.spawn((Tag, Counted::new(1))).unwrap();
    used.spawn(Name("old".to_owned())).unwrap();
    loader.load_into(&mut used, &mut serde_json::Deserializer::from_str(&json)).unwrap();
    loaded.push(used);

    let expected = text(world);
    // A value of JSON sorts what it holds.
    let value = serde_json::to_value(&*world).unwrap();
    assert_eq!(text(&serde_json::from_value(value).unwrap()), expected);
    let order: Vec<_> = world.entities().collect();
    let next: Vec<_> = (0..5).map(|_| world.spawn(Tag).unwrap()).collect();
    for mut loaded in loaded {
        assert_eq!(text(&loaded), expected);
        assert!(loaded.entities().eq(order.iter().copied()), "in their order");
        assert_eq!(loaded.counts().live(), loaded.len() as u64);
        let given: Vec<_> = (0..5).map(|_| loaded.spawn(Tag).unwrap()).collect();
        assert_eq!(given, next, "the ids that are given next");
    }
}

#[test]
fn a_world_comes_back_as_it_was() {
    check(&mut World::new());
    check(&mut some());
    assert_eq!(live(), 0);
    let mut emptied = some();
    emptied.clear();
    check(&mut emptied);
}

#[test]
fn what_people_read_looks_as_it_is_told() {
    let mut world = World::<Base>::new();
    let ada = world.spawn((Position { x: 1.0, y: 2.0 }, Name("Ada".to_owned()))).unwrap();
    let gone = world.spawn(Tag).unwrap();
    world.despawn(gone).unwrap();
    world.insert(ada, Follows(ada)).unwrap();
    assert_eq!(
        serde_json::to_string(&Saved::of(&world)).unwrap(),
        r#"{"format":1,"schema":"Base","components":{"Position":1,"Name":1,"Follows":1},"#
            .to_owned()
            + r#""origin":0,"free":["1v2@0"],"away":[],"retired":[],"entities":{"0v1@0":"#
            + r#"{"Position":{"x":1.0,"y":2.0},"Name":"Ada","Follows":"0v1@0"}}}"#
    );
}

#[test]
fn a_part_of_a_world_can_be_saved() {
    let world = some();
    let burning = Saved::of(&world).matching::<With<Burning>>().only::<(Position, Burning)>();
    let mut loaded = from_json(&serde_json::to_string(&burning).unwrap()).unwrap();
    assert_eq!(loaded.len(), world.view::<&Burning>().count());
    for (entity, &burning) in world.view::<(Entity, &Burning)>() {
        assert_eq!(loaded.get::<Burning>(entity).unwrap(), &burning);
        assert_eq!(loaded.has::<Position>(entity), world.has::<Position>(entity));
        assert!(!loaded.has::<Team>(entity));
    }
    // Those that were left out have ended: their ids are not given again.
    let given: Vec<_> = world.entities().collect();
    for _ in 0..20 {
        let new = loaded.spawn(Tag).unwrap();
        assert!(!given.contains(&new), "{new}");
    }
    // In a format for machines, whose numbers of components are of this part.
    let bytes = postcard::to_allocvec(&burning).unwrap();
    let loaded: World<Base> = postcard::from_bytes(&bytes).unwrap();
    let values = |world: &World<Base>| -> Vec<_> {
        let burning = world.view::<(Entity, &Burning)>();
        let mut values: Vec<_> = burning.map(|(entity, burning)| (entity, burning.0)).collect();
        values.sort_unstable();
        values
    };
    assert_eq!(values(&loaded), values(&world));
}

#[test]
fn what_cannot_be_saved_is_named_or_left_out() {
    let mut world = some();
    let entity = world.entities().next().unwrap();
    let before = text(&world);
    world.insert(entity, (Socket, Window)).unwrap();
    let names = |world: &World<Base>| -> Vec<_> {
        let error = Saved::of(world).check().unwrap_err();
        error.components().iter().collect()
    };
    assert_eq!(names(&world), ["Socket", "Window"]);
    let error = serde_json::to_string(&Saved::of(&world)).unwrap_err();
    assert!(error.to_string().starts_with("components `Socket`, `Window` can't be saved: derive"));
    assert!(Saved::of(&world).matching::<Without<Window>>().check().is_ok());
    assert!(Saved::of(&world).only::<Position>().check().is_ok());

    let json = serde_json::to_string(&Saved::of(&world).skip_unsupported()).unwrap();
    assert_eq!(text(&from_json(&json).unwrap()), before);
    world.remove::<Socket>(entity).unwrap();
    assert_eq!(names(&world), ["Window"]);
}

#[test]
fn guests_and_those_away_keep_their_ids() {
    let (mut home, mut abroad) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    let ids = home.spawn_batch([Tag; 4]).unwrap().to_vec();
    for &entity in &ids[1..3] {
        abroad.insert_transfer(home.take(entity).unwrap()).unwrap();
    }
    let saved = [&home, &abroad].map(|world| serde_json::to_string(world).unwrap());
    let loader = Loader::<Base>::new();
    let (mut home, mut abroad) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    loader.load_into(&mut home, &mut serde_json::Deserializer::from_str(&saved[0])).unwrap();
    loader.load_into(&mut abroad, &mut serde_json::Deserializer::from_str(&saved[1])).unwrap();
    let back = abroad.take(ids[1]).unwrap();
    assert_eq!(home.insert_transfer(back).unwrap(), ids[1]);
    assert!(abroad.contains(ids[2]));
    for _ in 0..8 {
        assert!(!ids.contains(&home.spawn(Tag).unwrap()));
    }
}

proptest! {
    #![proptest_config(property(60, 2))]

    #[test]
    fn any_world_comes_back_as_it_was(
        steps in prop::collection::vec((0_u8..8, any::<u8>(), any::<prop::sample::Index>()), 0..40)
    ) {
        let mut world = World::<Base>::new();
        for (kind, value, at) in steps {
            let ids: Vec<_> = world.entities().collect();
            let name = Name(value.to_string());
            match kind {
                0 => _ = world.spawn((name, Tag)).map_err(drop).unwrap(),
                1 => _ = world.spawn((Team::Blue { rank: value }, Counted::new(1))).map_err(drop).unwrap(),
                2 => _ = world.spawn(()).unwrap(),
                _ if ids.is_empty() => {}
                3 => world.despawn(*at.get(&ids)).unwrap(),
                4 => world.insert(*at.get(&ids), Burning(value.into())).unwrap(),
                5 => world.insert(*at.get(&ids), name).unwrap(),
                6 => world.insert(*at.get(&ids), Follows(ids[0])).unwrap(),
                _ => _ = world.remove::<Burning>(*at.get(&ids)),
            }
        }
        check(&mut world);
    }
}
