//! A relation that is written by hand with the storage of tables.
use static_ecs::prelude::*;
use static_ecs::relation::Relation;

#[derive(Clone, Copy)]
struct Likes(Entity);
impl Component for Likes {
    const RELATION: bool = true;
}
unsafe impl Relation for Likes {
    fn to(target: Entity) -> Self {
        Self(target)
    }
    fn target(&self) -> Entity {
        self.0
    }
}

#[world_config(components(Likes, Sources<Likes>))]
struct Base;

fn main() {
    let _ = World::<Base>::new();
}
