use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, transfer_queue(on_full = block(1s)), neighbours = next)]
struct Zone;

const fn next(from: usize, to: usize) -> bool {
    to == (from + 1) % 256
}

coordinator!(type Zones = [Zone; 256]);

fn main() {}
