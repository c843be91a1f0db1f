use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, neighbours = up)]
struct Zone;

const fn up(from: usize, to: usize) -> bool {
    from < to
}

coordinator!(type Zones = [Zone; 3]);

fn main() {}
