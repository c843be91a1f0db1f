use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Damage;

#[derive(Event)]
struct Heal;

#[world_config(components(A), events(Damage))]
struct Base;

fn heal(commands: &mut Commands<Base>, hero: Entity) {
    let _ = commands.send_to_entity(hero, Heal);
}

fn main() {
    let mut world = World::<Base>::new();
    let _ = world.send(Heal);
    let _ = world.send_to(1, Heal);
}
