//! Snapshots of other programs are refused by name.

use ecs_core::component::Storage;
use ecs_core::error::Refusal;
use ecs_core::snapshot::{Layout, RestoreError};
use ecs_core::world::World;
use ecs_macros::world_config;

use super::{Position, Small, Tag, Team, some};

/// Schemas with one name and other components.
macro_rules! program {
    ($module:ident, $($component:ident : $attribute:literal $ty:ty),+) => {
        mod $module {
            use bytemuck::{Pod, Zeroable};
            use ecs_macros::{Component, world_config};
            $(
                #[derive(Component, Clone, Copy, Debug, Pod, Zeroable)]
                #[component(crate = ecs_core, version = $attribute)]
                #[repr(C)]
                pub struct $component(pub $ty);
            )+
            #[world_config(crate = ecs_core, components($($component),+))]
            pub struct Game;
        }
    };
}
program!(first, Place: 1 u32, Speed: 1 u32);
program!(reordered, Speed: 1 u32, New: 1 u8, Place: 1 u32);
program!(renamed, Places: 1 u32, Speed: 1 u32);
program!(without, Speed: 1 u32);
program!(wider, Place: 1 u64, Speed: 1 u32);
program!(newer, Place: 2 u32, Speed: 1 u32);

mod sparse {
    use bytemuck::{Pod, Zeroable};
    use ecs_macros::{Component, world_config};
    #[derive(Component, Clone, Copy, Debug, Pod, Zeroable)]
    #[component(crate = ecs_core, storage = "sparse")]
    #[repr(C)]
    pub struct Place(pub u32);
    #[derive(Component)]
    #[component(crate = ecs_core)]
    pub struct Speed;
    #[world_config(crate = ecs_core, components(Place, Speed))]
    pub struct Game;
}
mod rich {
    use ecs_macros::{Component, world_config};
    #[derive(Component)]
    #[component(crate = ecs_core)]
    pub struct Place(#[expect(dead_code)] String);
    #[world_config(crate = ecs_core, components(Place))]
    pub struct Game;
}

fn saved() -> Vec<u8> {
    let mut world = World::<first::Game>::new();
    world.spawn((first::Place(1), first::Speed(2))).unwrap();
    world.spawn(first::Speed(3)).unwrap();
    world.snapshot().unwrap().to_vec()
}

#[test]
fn components_are_known_by_name() {
    let mut world = World::<reordered::Game>::new();
    world.restore(&saved()).unwrap();
    let found: Vec<_> = world.view::<(&reordered::Place, &reordered::Speed)>().collect();
    assert!(found.len() == 1 && found[0].0.0 == 1 && found[0].1.0 == 2);
    assert_eq!(world.view::<&reordered::Speed>().map(|speed| speed.0).sum::<u32>(), 5);
}

#[test]
fn what_has_changed_is_named() {
    let saved = saved();
    let error = World::<renamed::Game>::new().restore(&saved).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this snapshot has a component `Place`, which is not in the schema: `Places` is the nearest there"
    );
    let error = World::<without::Game>::new().restore(&saved).unwrap_err();
    let unknown = RestoreError::UnknownComponent { name: "Place".to_owned(), nearest: None };
    assert_eq!(error, unknown);
    let four = Layout { size: 4, align: 4, version: 1, storage: Storage::Table };
    let others = [
        (World::<wider::Game>::new().restore(&saved), Layout { size: 8, align: 8, ..four }),
        (World::<newer::Game>::new().restore(&saved), Layout { version: 2, ..four }),
        (World::<sparse::Game>::new().restore(&saved), Layout { storage: Storage::Sparse, ..four }),
    ];
    for (answer, here) in others {
        let error = answer.unwrap_err();
        assert_eq!(error, RestoreError::OtherLayout { name: "Place", found: four, here });
        assert!(error.to_string().starts_with(
            "component `Place` was written as 4 bytes aligned to 4, version 1, storage \"table\""
        ));
    }
    let error = World::<rich::Game>::new().restore(&saved).unwrap_err();
    assert_eq!(error, RestoreError::NotPlain("Place"));
    let error = World::<super::Base>::new().restore(&saved).unwrap_err();
    assert_eq!(error, RestoreError::OtherSchema { found: "Game".to_owned(), here: "Base" });
    let error = World::<super::Base>::new().restore(b"PNG or whatever it is").unwrap_err();
    assert_eq!(error.to_string(), "this is no snapshot of a world: look which file it is");
    let mut reversed = saved.clone();
    reversed[8..12].reverse();
    let error = World::<super::Base>::new().restore(&reversed).unwrap_err();
    assert_eq!(error, RestoreError::OtherByteOrder);
}

#[world_config(crate = ecs_core, base = super::Base, max_entities = 3)]
struct Little;
#[world_config(
    crate = ecs_core,
    base = super::Base,
    archetypes(one(Position, Team), two(Small), three(Tag), closed)
)]
struct Closed;

#[test]
fn limits_of_the_world_hold() {
    let bytes = some().snapshot().unwrap().to_vec();
    let mut little = World::<Little>::new();
    little.spawn(Small(1)).unwrap();
    let full = little.restore(&bytes).unwrap_err();
    assert_eq!(full, RestoreError::Refused(Refusal::WorldFull { limit: 3 }));
    assert_eq!(little.view::<&Small>().map(|small| small.0).collect::<Vec<_>>(), [1]);
    let mut closed = World::<Closed>::new();
    let error = closed.restore(&bytes).unwrap_err();
    assert_eq!(error, RestoreError::Refused(Refusal::ClosedArchetype));

    // Those that it can take, and the tables that it declares.
    let mut open = World::<super::Base>::new();
    open.spawn((Position { x: 1.0, y: 2.0 }, Team::Red)).unwrap();
    closed.restore(&open.snapshot().unwrap().to_vec()).unwrap();
    assert_eq!(closed.view::<(&Position, &Team)>().count(), 1);
    assert_eq!(closed.tables().len(), 4);
}
