use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

fn main() {
    let mut transfer = EntityTransfer::<Base>::new(0, 1);
    transfer.pack_bundle((A, B)).unwrap();
}
