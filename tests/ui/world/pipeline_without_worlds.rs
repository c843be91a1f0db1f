use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

pipeline_configs!(Base);

fn main() {}
