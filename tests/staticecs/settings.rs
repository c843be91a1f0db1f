//! What a world's attribute says, and that each part of it has an effect.

use std::sync::{Arc, Mutex};

use static_ecs::driver::Port;
use static_ecs::prelude::*;
use static_ecs::world::DepartureKind;

use crate::*;

#[test]
fn pipeline_configs() {
    #[world_config(
        components(Position, Failed),
        transfer_queue(capacity = 16, batch_size = 8),
        routing(Failed => Log)
    )]
    struct Plan;
    pipeline_configs!(Plan => First, Second, Third);
    #[world_config(base = Plan)]
    struct Log;
    coordinator!(type Pipeline = (First, Second, Third, Log));

    assert_eq!(First::DESC.role, Role::Accept);
    assert_eq!(Second::DESC.role, Role::Io);
    assert_eq!(Third::DESC.role, Role::Compute);
    assert_eq!(Second::DESC.queue.capacity, 16, "the base's queue is kept");
    let mut pipeline = Pipeline::new();
    const IDS: [u16; 3] =
        [Pipeline::id_of::<First>(), Pipeline::id_of::<Second>(), Pipeline::id_of::<Third>()];
    assert_eq!(IDS, [0, 1, 2]);
    let entity = pipeline.world_mut::<First>().spawn((HERE,)).unwrap();
    pipeline.world_mut::<First>().complete(entity).unwrap();
    pipeline.tick().unwrap();
    pipeline.world_mut::<Second>().complete(entity).unwrap();
    pipeline.tick().unwrap();
    pipeline.world_mut::<Third>().complete(entity).unwrap();
    pipeline.tick().unwrap();
    pipeline.tick().unwrap();
    assert!(pipeline.world::<Second>().contains(entity), "compute leads back to io");
    pipeline.world_mut::<Second>().insert(entity, (Failed,)).unwrap();
    pipeline.world_mut::<Second>().complete(entity).unwrap();
    pipeline.tick().unwrap();
    assert!(pipeline.world::<Log>().contains(entity), "the base's routes are kept");
}

/// Writes down what happens to it.
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }
}

impl<W: WorldConfig> Driver<W> for Diary {
    fn poll(
        &mut self,
        world: &mut World<W>,
        _: &mut Port<'_>,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        self.write(format!("{} has {}", W::DESC.name, world.len()));
        Ok(false)
    }

    fn close(&mut self, _: &mut World<W>, _: &mut Port<'_>) {
        self.write(format!("{} closes", W::DESC.name));
    }
}

#[world_config(base = Base, role = accept, routing(default_target = Middle))]
struct Door;
#[world_config(base = Base, role = io, routing(default_target = Door))]
struct Middle;
#[world_config(base = Base, role = custom, routing(default_target = Door))]
struct Own;
coordinator!(type Roles = (Door, Middle, Own));

fn with_diary() -> (Roles, Arc<Mutex<Vec<String>>>) {
    let mut roles = Roles::new();
    let diary = Arc::new(Mutex::new(Vec::new()));
    roles.set_driver::<Door>(Diary(diary.clone()));
    roles.set_driver::<Middle>(Diary(diary.clone()));
    roles.set_driver::<Own>(Diary(diary.clone()));
    (roles, diary)
}

/// Sends an entity to the world with id `to`, ticks it, and answers what its
/// driver saw.
fn seen_by_driver(from: u16, to: u16) -> String {
    let (mut roles, diary) = with_diary();
    let mut transfer = Roles::create_transfer(from, to);
    transfer.pack(HERE).unwrap();
    roles.queue_transfer(from, to, transfer).unwrap();
    roles.tick().unwrap();
    let diary = diary.lock().unwrap();
    diary[to as usize].clone()
}

#[test]
fn role_accept_polls_its_driver_first() {
    assert_eq!(seen_by_driver(2, 0), "Door has 0");
    assert!(Role::Accept.is_source(), "nothing needs to lead to it");
}

#[test]
fn role_io_polls_its_driver_after_arrivals() {
    assert_eq!(seen_by_driver(0, 1), "Middle has 1");
    assert!(!Role::Io.is_source());
}

#[test]
fn role_custom_has_a_driver_and_is_a_source() {
    // Nothing leads to `Own`, which compiles because of its role.
    let (mut roles, diary) = with_diary();
    roles.tick_world::<Own>().unwrap();
    assert_eq!(*diary.lock().unwrap(), ["Own has 0"]);
}

#[test]
fn roles_accept_and_custom_close_first() {
    let (roles, diary) = with_diary();
    let stopped = roles.run(Placement::Single).unwrap().stop();
    assert!(stopped.drained && stopped.failures.is_empty());
    let diary = diary.lock().unwrap();
    let place = |what: &str| diary.iter().position(|line| line == what).unwrap();
    assert!(place("Door closes") <= place("Middle closes"));
    assert!(place("Own closes") < place("Middle closes"));
}

#[test]
fn role_compute_spins_before_it_sleeps() {
    let [compute, io] = [Role::Compute, Role::Io].map(Idle::of);
    assert!(matches!(compute, Idle::Park(spin) if !spin.is_zero()));
    assert!(matches!(io, Idle::Park(spin) if spin.is_zero()));
    assert!(!Role::Compute.has_driver(), "so `set_driver` does not compile");
}

#[test]
fn role_standalone_has_no_driver_and_stands_anywhere() {
    #[world_config(base = Base, source, routing(default_target = Two))]
    struct One;
    #[world_config(base = Base)]
    struct Two;
    coordinator!(type Plain = (One, Two));
    assert_eq!((One::DESC.role, Two::DESC.role), (Role::Standalone, Role::Standalone));
    assert!(!Role::Standalone.has_driver() && !Role::Standalone.is_source());
    let mut plain = Plain::new();
    let entity = plain.world_mut::<One>().spawn((HERE,)).unwrap();
    plain.world_mut::<One>().complete(entity).unwrap();
    plain.tick().unwrap();
    assert!(plain.world::<Two>().contains(entity));
}

/// A world type with two sources, and how many entities each of these could send.
macro_rules! sent_by_two_sources {
    ($($setting:tt)*) => {{
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Left;
        #[world_config(base = Base, source, routing(default_target = Sink))]
        struct Right;
        #[world_config(base = Base, transfer_queue($($setting)*))]
        struct Sink;
        coordinator!(type Funnel = (Left, Right, Sink));

        let mut funnel = Funnel::new();
        for index in 0..10 {
            let entity = funnel.world_mut::<Left>().spawn((Body(vec![index]),)).unwrap();
            funnel.world_mut::<Left>().complete(entity).unwrap();
            let entity = funnel.world_mut::<Right>().spawn((Body(vec![index]),)).unwrap();
            funnel.world_mut::<Right>().complete(entity).unwrap();
        }
        let shed = Arc::new(Mutex::new(0));
        let sheds = shed.clone();
        funnel.world_mut::<Left>().on_depart(move |_, _, departure| {
            *sheds.lock().unwrap() += u32::from(departure.kind == DepartureKind::Shed);
        });
        funnel.tick_world::<Left>().unwrap();
        funnel.tick_world::<Right>().unwrap();
        let stats = funnel.stats();
        let shed = *shed.lock().unwrap();
        (stats.edge(0, 2).copied().unwrap(), stats.edge(1, 2).copied().unwrap(), shed)
    }};
}

#[test]
fn transfer_queue_capacity_is_the_most_in_flight() {
    let (left, right, _) = sent_by_two_sources!(capacity = 8);
    assert_eq!((left.taken, right.taken), (8, 0));
    let (left, right, _) = sent_by_two_sources!(capacity = 16);
    assert_eq!((left.taken, right.taken), (10, 6));
}

#[test]
fn transfer_queue_batch_size_is_the_most_in_a_batch() {
    let (left, ..) = sent_by_two_sources!(capacity = 16, batch_size = 4);
    assert_eq!((left.taken, left.batches), (10, 3));
    let (left, ..) = sent_by_two_sources!(capacity = 16, batch_size = 16);
    assert_eq!((left.taken, left.batches), (10, 1));
}

#[test]
fn transfer_queue_spsc_gives_each_source_its_own() {
    let (left, right, _) = sent_by_two_sources!(capacity = 8, spsc = false);
    assert_eq!((left.taken, right.taken), (8, 0), "one inbox for both");
    let (left, right, _) = sent_by_two_sources!(capacity = 8, spsc = true);
    assert_eq!((left.taken, right.taken), (8, 8), "a ring each");
}

#[test]
fn transfer_queue_on_full_decides() {
    let (left, _, shed) = sent_by_two_sources!(capacity = 8, on_full = retain);
    assert_eq!((left.taken, left.shed, left.spilled, shed), (8, 0, 0, 0));
    assert!(left.full > 0);
    let (left, _, shed) = sent_by_two_sources!(capacity = 8, on_full = shed);
    assert_eq!((left.taken, left.shed, shed), (10, 2, 2));
    let (left, ..) = sent_by_two_sources!(capacity = 8, on_full = spill(1));
    assert_eq!((left.taken, left.spilled), (9, 1));
    let (left, ..) = sent_by_two_sources!(capacity = 8, on_full = block(10s));
    assert_eq!((left.taken, left.spilled), (10, 0), "it ticked the target meanwhile");
}

#[test]
fn max_entities_limits_residents() {
    #[world_config(base = Base, max_entities = 2)]
    struct Small;
    let mut world = World::<Small>::new();
    let entity = world.spawn((HERE,)).unwrap();
    world.spawn((HERE,)).unwrap();
    let refused = world.spawn((HERE,)).unwrap_err();
    assert!(refused.to_string().contains("`max_entities` is 2"), "{refused}");
    world.despawn(entity).unwrap();
    world.spawn((HERE,)).unwrap();
}

/// StaticECS had 8 worlds at most.
#[test]
fn limits_256_worlds_in_an_array() {
    #[world_config(
        components(Position),
        transfer_queue(capacity = 8, batch_size = 8),
        neighbours = static_ecs::config::neighbours::ring::<256>
    )]
    struct Zone;
    coordinator!(type Zones = [Zone; 256]);

    let mut zones = Zones::new();
    assert_eq!(zones.len(), 256);
    let entity = zones.world_at_mut::<Zone>(0).spawn((HERE,)).unwrap();
    for here in 0..256 {
        let next = (here + 1) % 256;
        let marker = TransferMarker::to(next as u16);
        zones.world_at_mut::<Zone>(here).insert(entity, (marker,)).unwrap();
        zones.tick().unwrap();
        if next == 0 {
            zones.tick().unwrap();
        }
        assert_eq!(zones.world_at::<Zone>(next).get::<Position>(entity), Ok(&HERE));
    }
    assert_eq!(zones.stats().received(), 256);
    assert!(zones.conservation().holds());
}
