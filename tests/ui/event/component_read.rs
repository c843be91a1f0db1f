use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[world_config(components(A), events(Damage))]
struct Base;

fn hurt(_: EventReader<A>) {}

fn main() {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(hurt);
}
