use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[world_config(components(A), events(Damage(capacity = 33_554_432)))]
struct Base;

fn main() {
    let _ = World::<Base>::new();
}
