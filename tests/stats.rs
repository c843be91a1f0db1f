//! What is counted is counted where it happened.

use static_ecs::prelude::*;

#[derive(Component)]
struct Job;

#[world_config(components(Job), max_entities = 100)]
struct Base;
#[world_config(base = Base, role = accept, routing(default_target = Sink))]
struct Source;
#[world_config(base = Base, max_entities = 4, transfer_queue(capacity = 4, batch_size = 2))]
struct Sink;
coordinator!(type Pair = (Source, Sink));

#[test]
fn each_world_counts_for_itself() {
    let mut pair = Pair::new();
    pair.start().unwrap();
    pair.world_mut::<Source>().spawn_batch([(Job,), (Job,), (Job,)]).unwrap();
    pair.tick().unwrap();
    pair.tick_world::<Source>().unwrap();
    let stats = pair.stats();
    let counts: Vec<_> =
        stats.worlds.iter().map(|world| (world.counts.ticks, world.counts.entities)).collect();
    assert_eq!(counts, [(2, 3), (1, 0)]);
    assert_eq!(stats.ticks, 3);
}

#[test]
fn pressure_downstream_outlasts_the_ticks_of_the_source() {
    let mut pair = Pair::new();
    pair.start().unwrap();
    assert!(pair.world::<Source>().try_admit(1).is_ok());
    for _ in 0..4 {
        let source = pair.world_mut::<Source>();
        let job = source.spawn(Job).unwrap();
        source.complete(job).unwrap();
    }
    pair.tick().unwrap();
    assert_eq!(pair.world::<Sink>().len(), 4);
    pair.tick_world::<Source>().unwrap();
    let refused = pair.world::<Source>().try_admit(1).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "world `Sink` can take no more now: refuse work, or ask again later"
    );
}
