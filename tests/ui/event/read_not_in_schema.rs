use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[derive(Event)]
struct Heal;

#[world_config(components(A), events(Damage))]
struct Base;

fn heal(_: EventReader<Heal>) {}

fn main() {
    let mut schedule = Schedule::<Base>::new();
    schedule.add(heal);
}
