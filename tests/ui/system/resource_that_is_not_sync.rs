use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

#[derive(Resource)]
struct Inbox(std::sync::mpsc::Receiver<u32>);
fn step(inbox: Res<Inbox>) {
    let _ = inbox.0.recv();
}

fn main() {
    Schedule::<Base>::new().add(step);
}
