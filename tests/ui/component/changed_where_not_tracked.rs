use static_ecs::prelude::*;

#[derive(Component)]
struct Health(u32);

#[derive(Component)]
struct Shield;

#[world_config(components(Health, Shield))]
struct Base;

fn main() {
    let (mut world, mut other) = (World::<Base>::new(), World::<Base>::new());
    let _ = world.insert_where::<Changed<Health>, _>(|_| Shield);
    let _ = world.remove_where::<Changed<Health>, Shield>();
    world.despawn_where::<Changed<Health>>();
    world.transfer_query::<Changed<Health>>(1);
    world.complete_query::<Changed<Health>>();
    let _ = world.move_query_to::<Changed<Health>, _>(&mut other);
}
