use static_ecs::prelude::*;

#[derive(Component)]
struct A;

#[derive(Event)]
struct Tag;

#[derive(Event)]
enum Either {
    This(String),
    That { number: u32 },
}

#[derive(Event)]
struct Generic<T, const N: usize>([T; N]);

mod inner {
    use static_ecs::prelude::*;

    #[derive(Event)]
    pub struct Nested;
}

const ROOM: u32 = 16;

#[world_config(
    events(
        Tag,
        Either(capacity = 64, on_full = drop_oldest),
        Generic<u8, 4>(capacity = ROOM),
        inner::Nested(on_full = refuse),
        self::more::Nested2,
    ),
    components(A),
)]
struct Base;

mod more {
    use static_ecs::prelude::*;

    #[derive(Event)]
    pub struct Nested2;
}
use more::Nested2;

#[world_config(base = Base)]
struct Heir;

#[world_config(components(A), events())]
struct Silent;

fn both(_: EventReader<Tag>, _: EventReader<Tag>, _: EventWriter<Either>) {}

fn main() {
    let mut world = World::<Heir>::new();
    world.send(Either::That { number: 1 }).unwrap();
    world.send(Either::This(String::new())).unwrap();
    world.send(Generic([0_u8; 4])).unwrap();
    world.send(inner::Nested).unwrap();
    world.send(Nested2).unwrap();
    let mut schedule = Schedule::<Heir>::new();
    schedule.add(both);
    schedule.run(&mut world).unwrap();
    let _ = World::<Silent>::new();
}
