use static_ecs::prelude::*;

#[derive(Component)]
struct Health(u32);

#[world_config(components(Health))]
struct Base;

fn bury(mut removed: Removed<Health>) {
    println!("{}", removed.read().count());
}

fn main() {
    Schedule::<Base>::new().add(bury);
}
