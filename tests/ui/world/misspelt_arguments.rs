use static_ecs::prelude::*;

#[derive(Component)]
struct A;

// Each is taken for what was meant, so that nothing else is told.
#[world_config(componets(A), rol = oi, transfer_queu(capcity = 64), archetype(one(A)))]
struct Base;

#[world_config(bas = Base, targts(Base))]
struct Heir;

fn main() {
    let _ = World::<Base>::new().spawn(A);
}
