use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[derive(Event)]
struct Death;

#[derive(Event)]
struct Heal;

#[world_config(components(A), events(Damage, Death))]
struct Base;

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.send(Heal);
}
