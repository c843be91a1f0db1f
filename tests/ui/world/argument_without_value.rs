use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(
    components(A),
    role = ,
    max_entities,
    world_id =,
    transfer_queue(capacity = , spsc, on_full =),
    routing(default_target =),
    neighbours =
)]
struct Base;

fn main() {}
