use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[world_config(components(A))]
struct Base;

fn main() {
    let mut transfer = EntityTransfer::<Base>::new(0, 1);
    let _ = transfer.pack_bundle((A, TransferMarker::to(1)));
}
