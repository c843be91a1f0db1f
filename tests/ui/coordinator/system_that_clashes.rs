use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Zone;

coordinator!(type Server = (Zone,));

fn step(_: Query<Zone, &mut A>, _: Query<Zone, &A>) {}

fn main() {
    Server::new().add_system::<Zone, _>(step);
}
