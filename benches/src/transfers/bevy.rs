//! bevy_ecs.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use bevy_ecs::query::QueryState;
use bevy_ecs::world::World;

use super::parts::{Row, components};
use super::peer::{Move, Peer};

pub const NAME: &str = "bevy_ecs";

components! { Component }

pub struct Bevy;

type Query = QueryState<(&'static A, &'static B, &'static C, &'static D)>;

impl Peer for Bevy {
    type World = (World, Query);
    type Row = Row;
    type Id = Entity;

    fn empty() -> Self::World {
        let mut world = World::new();
        let query = world.query();
        (world, query)
    }

    fn extend((world, _): &mut Self::World, rows: &[Row]) {
        world.spawn_batch(rows.iter().map(bundle).collect::<Vec<_>>());
    }

    fn push((world, _): &mut Self::World, row: Row) -> Entity {
        world.spawn(bundle(&row)).id()
    }

    fn each((world, query): &mut Self::World, mut each: impl FnMut(Row)) {
        for (a, b, c, d) in query.iter(world) {
            each(unbundle((*a, *b, *c, *d)));
        }
    }

    fn clear((world, query): &mut Self::World) {
        // `clear_entities` forgets the generations, and is the fastest way there is.
        world.clear_entities();
        *query = world.query();
    }

    const MOVE: Option<Move<Self>> = Some(|(from, _), (to, _), entity| {
        let bundle = from.entity_mut(entity).take::<Bundle>().expect("it has them");
        from.despawn(entity);
        to.spawn(bundle).id()
    });
}
