//! What ends with an entity that a queue has no room for.

use static_ecs::prelude::*;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Number(u32);
#[derive(Component, Clone, Copy)]
#[component(relation(on_despawn = cascade))]
struct PartOf(Entity);

#[world_config(components(Number, PartOf, Sources<PartOf>))]
struct Base;
#[world_config(base = Base, source, routing(default_target = Sink))]
struct Start;
#[world_config(base = Base, transfer_queue(capacity = 4, batch_size = 2, on_full = shed))]
struct Sink;
coordinator!(type Pair = (Start, Sink));

#[test]
fn parts_that_end_with_what_is_shed_don_t_go() {
    let mut pair = Pair::new();
    let start = pair.world_mut::<Start>();
    let ids = start.spawn_batch((0..10).map(Number)).unwrap().to_vec();
    for &entity in &ids {
        start.complete(entity).unwrap();
    }
    // Of the first, which are shed, parts are among those shed and those that go.
    for (part, whole) in [(1, 0), (5, 0), (7, 3), (9, 7)] {
        start.relate::<PartOf>(ids[part], ids[whole]).unwrap();
    }
    pair.tick_world::<Start>().unwrap();
    pair.tick_world::<Sink>().unwrap();
    let came: Vec<u32> = pair.world::<Sink>().view::<&Number>().map(|number| number.0).collect();
    assert!(pair.conservation().holds());
    assert_eq!(came, [6, 8]);
    assert!(pair.world::<Start>().is_empty());
}
