use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B), source, routing(default_target = Closed))]
struct Open;

#[world_config(base = Open, archetypes(a(A), closed), routing(default_target = Open))]
struct Closed;

coordinator!(type Server = (Open, Closed));

fn main() {}
