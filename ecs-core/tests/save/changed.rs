//! What an older program saved is loaded by a newer one.

use ecs_core::save::{LoadProblem, Loader, Saved};
use ecs_core::world::World;
use serde::Deserialize;

mod old {
    use ecs_macros::{Component, world_config};
    use serde::Serialize;
    #[derive(Component, Serialize)]
    #[component(crate = ecs_core)]
    pub struct Hp(pub u32);
    #[derive(Component, Serialize)]
    #[component(crate = ecs_core)]
    pub struct Place {
        pub x: i32,
    }
    #[derive(Component, Serialize)]
    #[component(crate = ecs_core, storage = "sparse")]
    pub struct Mana(pub (u8, String));
    #[world_config(crate = ecs_core, components(Hp, Place, Mana))]
    pub struct Game;
}
mod new {
    use ecs_macros::{Component, world_config};
    use serde::Deserialize;
    #[derive(Component, Debug, PartialEq, Deserialize)]
    #[component(crate = ecs_core, version = 3)]
    pub struct Place {
        pub x: i64,
        pub y: i64,
    }
    #[derive(Component, Debug, PartialEq, Deserialize)]
    #[component(crate = ecs_core, storage = "sparse")]
    pub struct Health(pub u32);
    #[derive(Component)]
    #[component(crate = ecs_core)]
    pub struct Mama;
    #[world_config(crate = ecs_core, components(Mama, Place, Health))]
    pub struct Match;
}

fn saved() -> World<old::Game> {
    let mut world = World::new();
    world.spawn((old::Place { x: 4 }, old::Hp(7), old::Mana((1, "m".to_owned())))).unwrap();
    world.spawn(old::Hp(8)).unwrap();
    world
}

#[derive(Deserialize)]
struct OldPlace {
    x: i32,
}

#[derive(Deserialize)]
struct OldMana(#[expect(dead_code)] (u8, String));

/// A loader for which all was told.
fn loader() -> Loader<new::Match> {
    Loader::new()
        .rename_schema("Game")
        .rename::<new::Health>("Hp")
        .migrate(1, |old: OldPlace| new::Place { x: old.x.into(), y: 1 })
        .migrate(2, |(x, y): (i64, i64)| new::Place { x, y })
        .skip_as::<OldMana>("Mana")
}

fn check(world: &World<new::Match>) {
    let found: Vec<_> = world.view::<(&new::Place, &new::Health)>().collect();
    assert_eq!(found, [(&new::Place { x: 4, y: 1 }, &new::Health(7))]);
    assert_eq!(world.view::<&new::Health>().map(|health| health.0).sum::<u32>(), 15);
    assert_eq!(world.len(), 2);
}

#[test]
fn components_are_renamed_migrated_and_skipped() {
    let world = saved();
    let json = serde_json::to_string(&world).unwrap();
    check(&loader().load(&mut serde_json::Deserializer::from_str(&json)).unwrap());
    let bytes = postcard::to_allocvec(&world).unwrap();
    check(&loader().load(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap());
    let ron = ron::to_string(&world).unwrap();
    check(&loader().load(&mut ron::Deserializer::from_str(&ron).unwrap()).unwrap());

    // The later of two migrations counts.
    let later = loader().migrate(1, |old: OldPlace| new::Place { x: old.x.into(), y: 2 });
    let loaded = later.load(&mut serde_json::Deserializer::from_str(&json)).unwrap();
    assert_eq!(loaded.view::<&new::Place>().next().unwrap().y, 2);
}

#[test]
fn versions_are_told_apart() {
    let json = r#"{"format":1,"schema":"Game","components":{"Place":VERSION},"origin":0,"free":[],
        "away":[],"retired":[],"entities":{"0v1@0":{"Place":VALUE}}}"#;
    let load = |version: &str, value: &str| {
        let json = json.replace("VERSION", version).replace("VALUE", value);
        loader().load(&mut serde_json::Deserializer::from_str(&json))
    };
    let place = |world: World<new::Match>| world.view::<&new::Place>().next().unwrap().x;
    assert_eq!(place(load("1", r#"{"x":1}"#).unwrap()), 1);
    assert_eq!(place(load("2", "[2,5]").unwrap()), 2);
    assert_eq!(place(load("3", r#"{"x":3,"y":0}"#).unwrap()), 3);
    let error = load("4", "0").unwrap_err();
    let other = LoadProblem::OtherVersion { name: "Place", found: 4, here: 3 };
    assert_eq!(error.problem(), Some(&other));
    let error = load("2", "[2]").unwrap_err();
    assert!(error.to_string().starts_with("component `Place` of entity 0v1@0: "), "{error}");
}

#[test]
fn what_is_not_told_is_an_error() {
    let world = saved();
    let json = serde_json::to_string(&world).unwrap();
    let bytes = postcard::to_allocvec(&world).unwrap();
    let problem = |loader: Loader<new::Match>| {
        let error = loader.load(&mut serde_json::Deserializer::from_str(&json)).unwrap_err();
        let same = loader.load(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap_err();
        assert_eq!(error.problem(), same.problem(), "in each format");
        // This format forgets what it is told.
        assert_eq!(same.to_string(), error.problem().unwrap().to_string());
        error.to_string()
    };
    let new = Loader::<new::Match>::new;
    assert!(problem(new()).starts_with("this save is of a world with the schema `Game`, and"));
    let text = problem(new().rename_schema("Game"));
    assert!(
        text.starts_with("this save has a component `Hp`, which is not in the schema: say what")
    );
    let renamed = || new().rename_schema("Game").rename::<new::Health>("Hp");
    let text = problem(renamed());
    assert!(text.starts_with("component `Place` was saved in version 1 and is now at 3: say by"));
    let text = problem(renamed().migrate(1, |_: OldPlace| new::Place { x: 0, y: 0 }));
    assert!(
        text.contains("`Mana`, which is not in the schema: if it is now `Mama`, say"),
        "{text}"
    );
    let text = problem(renamed().skip_as::<OldPlace>("Place").rename::<new::Mama>("Mana"));
    assert!(text.starts_with("this save has the component `Mama`, which can't be deserialized"));
}

#[test]
fn unknown_components_are_skipped_where_the_format_allows() {
    let world = saved();
    let json = serde_json::to_string(&world).unwrap();
    let loader = || Loader::<new::Match>::new().rename_schema("Game").skip("Place");
    let few = loader().skip_unknown();
    let loaded = few.load(&mut serde_json::Deserializer::from_str(&json)).unwrap();
    assert!(loaded.len() == 2 && loaded.view::<&new::Health>().count() == 0);
    let few = loader().skip("Mana").skip("Hp");
    assert!(few.load(&mut serde_json::Deserializer::from_str(&json)).is_ok());
    // This one does not say where a value ends.
    let bytes = postcard::to_allocvec(&Saved::of(&world)).unwrap();
    assert!(few.load(&mut postcard::Deserializer::from_bytes(&bytes)).is_err());
}
