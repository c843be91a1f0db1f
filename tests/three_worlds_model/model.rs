//! Random steps, one at a time, with a plain map beside.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use static_ecs::world::DepartureKind;

use crate::*;

/// What is done. Entities are chosen among all that ever were.
#[derive(Clone, Copy, Debug)]
enum Step {
    Spawn { world: u16, owned: bool, detour: bool },
    Insert { entity: usize, value: u64 },
    Remove { entity: usize },
    Detour { entity: usize },
    Mark { entity: usize, target: u16, priority: bool, copy: bool },
    Query { world: u16, extra: bool, target: u16, priority: bool },
    CompleteQuery { world: u16, extra: bool },
    Complete { entity: usize },
    Recall { entity: usize },
    Despawn { entity: usize },
    Tick { world: u16 },
    PopAndInsert { world: u16 },
    PopAndDrop { world: u16 },
    TakeAndQueue { entity: usize, target: u16, priority: bool },
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let (world, entity) = (0..3u16, 0..64usize);
    let w = || world.clone();
    let e = || entity.clone();
    prop_oneof![
        6 => (w(), any::<bool>(), any::<bool>())
            .prop_map(|(world, owned, detour)| Spawn { world, owned, detour }),
        2 => (e(), any::<u64>()).prop_map(|(entity, value)| Insert { entity, value }),
        1 => e().prop_map(|entity| Remove { entity }),
        1 => e().prop_map(|entity| Detour { entity }),
        4 => (e(), 0..5u16, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(entity, target, priority, copy)| Mark { entity, target, priority, copy }),
        2 => (w(), any::<bool>(), w(), any::<bool>())
            .prop_map(|(world, extra, target, priority)| Query { world, extra, target, priority }),
        2 => (w(), any::<bool>()).prop_map(|(world, extra)| CompleteQuery { world, extra }),
        6 => e().prop_map(|entity| Complete { entity }),
        1 => e().prop_map(|entity| Recall { entity }),
        1 => e().prop_map(|entity| Despawn { entity }),
        8 => w().prop_map(|world| Tick { world }),
        1 => w().prop_map(|world| PopAndInsert { world }),
        1 => w().prop_map(|world| PopAndDrop { world }),
        1 => (e(), w(), any::<bool>())
            .prop_map(|(entity, target, priority)| TakeAndQueue { entity, target, priority }),
    ]
}

/// What an entity should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Data {
    number: u32,
    extra: Option<u64>,
    owned: bool,
    detour: bool,
}

/// All that is alive, wherever.
struct Model<T> {
    worlds: T,
    alive: Arc<AtomicI64>,
    entities: BTreeMap<Entity, Data>,
    /// All that ever were, in order.
    known: Vec<Entity>,
    next: u32,
    /// What was shed, or arrived as a copy, since the last look.
    shed: Arc<Mutex<Vec<Entity>>>,
}

impl<T: Worlds> Model<T> {
    fn new() -> Self {
        let mut worlds = T::make();
        let shed = Arc::new(Mutex::new(Vec::new()));
        for world in 0..3 {
            let shed = shed.clone();
            with_world!(worlds, world, |world| world.on_depart(move |_, entity, departure| {
                if departure.kind == DepartureKind::Shed {
                    shed.lock().unwrap().push(entity);
                }
            }));
        }
        let (alive, entities) = (Arc::default(), BTreeMap::new());
        Self { worlds, alive, entities, known: Vec::new(), next: 0, shed }
    }

    fn choose(&self, entity: usize) -> Option<Entity> {
        let count = self.known.len();
        (count > 0).then(|| self.known[count - 1 - entity % count])
    }

    /// The world that an entity is in, if it is in one.
    fn place(&mut self, entity: Entity) -> Option<u16> {
        let (a, b, c) = self.worlds.all();
        let places = [a.contains(entity), b.contains(entity), c.contains(entity)];
        assert!(places.iter().filter(|&&here| here).count() <= 1, "{entity} is in two worlds");
        places.iter().position(|&here| here).map(|place| place as u16)
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Spawn { world, owned, detour } => self.spawn(world, owned, detour),
            Step::Tick { world } => self.worlds.tick_one(world),
            Step::Query { world, extra, target, priority } => {
                let marker =
                    TransferMarker { target_world: target, priority, destroy_on_transfer: true };
                with_world!(self.worlds, world, |world| _ = match extra {
                    true => world.transfer_query::<With<Extra>>(marker),
                    false => world.transfer_query::<Without<Extra>>(marker),
                });
            }
            Step::CompleteQuery { world, extra } => {
                with_world!(self.worlds, world, |world| _ = match extra {
                    true => world.complete_query::<With<Extra>>(),
                    false => world.complete_query::<Without<Extra>>(),
                });
            }
            Step::PopAndInsert { world } => {
                let room = with_world!(self.worlds, world, |world| world.room());
                if room > 0
                    && let Some(transfer) = self.worlds.pop(world)
                {
                    let id = transfer.entity();
                    let new = with_world!(self.worlds, world, |world| {
                        world.insert_transfer(transfer).unwrap()
                    });
                    assert_eq!(id, Some(new));
                }
            }
            Step::PopAndDrop { world } => {
                if let Some(transfer) = self.worlds.pop(world) {
                    // It may be a copy that was not seen before.
                    self.entities.remove(&transfer.entity().unwrap());
                }
            }
            Step::Insert { entity, .. }
            | Step::Remove { entity }
            | Step::Detour { entity }
            | Step::Mark { entity, .. }
            | Step::Complete { entity }
            | Step::Recall { entity }
            | Step::Despawn { entity }
            | Step::TakeAndQueue { entity, .. } => {
                if let Some(entity) = self.choose(entity) {
                    self.run_on(entity, step);
                }
            }
        }
        for entity in self.shed.lock().unwrap().drain(..) {
            // It may be a copy that was not seen before, sent on by a query.
            self.entities.remove(&entity);
        }
    }

    fn spawn(&mut self, world: u16, owned: bool, detour: bool) {
        let (number, alive) = (Number(self.next), &self.alive);
        let spawned = with_world!(self.worlds, world, |world| {
            let spawned = world.spawn_batch([(number,)]).map(|ids| ids[0]).ok();
            if let Some(entity) = spawned {
                if owned {
                    world.insert(entity, (Owned::new(alive, number.0),)).unwrap();
                }
                if detour {
                    world.insert(entity, (Detour,)).unwrap();
                }
            }
            spawned
        });
        if let Some(entity) = spawned {
            let data = Data { number: number.0, extra: None, owned, detour };
            assert_eq!(self.entities.insert(entity, data), None, "an id came twice");
            self.known.push(entity);
            self.next += 1;
        }
    }

    fn run_on(&mut self, entity: Entity, step: Step) {
        let Some(place) = self.place(entity) else { return };
        let data = self.entities.get_mut(&entity).expect("who is in a world is alive");
        match step {
            Step::Insert { value, .. } => {
                data.extra = Some(value);
                with_world!(self.worlds, place, |world| {
                    world.insert(entity, (Extra(value),)).unwrap();
                });
            }
            Step::Remove { .. } => {
                let removed = with_world!(self.worlds, place, |world| {
                    world.remove::<(Extra,)>(entity).ok()
                });
                assert_eq!(removed.map(|(Extra(value),)| value), data.extra.take());
            }
            Step::Detour { .. } => {
                data.detour = true;
                with_world!(self.worlds, place, |world| world.insert(entity, (Detour,)).unwrap());
            }
            Step::Mark { target, priority, copy, .. } => {
                let marker =
                    TransferMarker { target_world: target, priority, destroy_on_transfer: !copy };
                with_world!(self.worlds, place, |world| world.insert(entity, (marker,)).unwrap());
            }
            Step::Complete { .. } => {
                with_world!(self.worlds, place, |world| world.complete(entity).unwrap());
            }
            Step::Recall { .. } => {
                with_world!(self.worlds, place, |world| _ = world.recall(entity).unwrap());
            }
            Step::Despawn { .. } => {
                self.entities.remove(&entity);
                with_world!(self.worlds, place, |world| world.despawn(entity).unwrap());
            }
            Step::TakeAndQueue { target, priority, .. } => {
                let taken = with_world!(self.worlds, place, |world| world.take(entity).unwrap());
                let sent = self.worlds.queue(place, target, taken.with_priority(priority));
                if let Err(refused) = sent {
                    let back = with_world!(self.worlds, place, |world| {
                        world.insert_transfer(refused).unwrap()
                    });
                    assert_eq!(back, entity);
                }
            }
            _ => unreachable!("the other steps are about a world"),
        }
    }

    /// Takes over the copies that are in the worlds: their originals have none
    /// that is not `Clone`, and the same number.
    fn find_copies(&mut self) {
        let mut found = Vec::new();
        for world in 0..3 {
            with_world!(self.worlds, world, |world| {
                for (entity, number, extra, owned) in
                    world.view::<(Entity, &Number, Option<&Extra>, Option<&Owned>)>()
                {
                    let extra = extra.map(|extra| extra.0);
                    let data = Data {
                        number: number.0,
                        extra,
                        owned: owned.is_some(),
                        detour: world.has::<Detour>(entity),
                    };
                    assert!(owned.is_none_or(|owned| owned.number == number.0));
                    found.push((entity, data));
                }
            });
        }
        for (entity, data) in found {
            if let Entry::Vacant(free) = self.entities.entry(entity) {
                assert!(!self.known.contains(&entity), "{entity} is back from the dead");
                assert!(!data.owned && data.number < self.next);
                free.insert(data);
                self.known.push(entity);
            }
        }
    }

    /// Each entity is in one place, with its data, and the counts agree.
    fn check(&mut self) {
        self.find_copies();
        let conservation = self.worlds.balance();
        assert!(conservation.holds(), "{conservation}");
        let mut seen = BTreeSet::new();
        for world in 0..3 {
            with_world!(self.worlds, world, |world| {
                assert_eq!(world.entities().count(), world.len());
                for entity in world.entities() {
                    assert!(seen.insert(entity), "{entity} is in two places");
                    let data = self.entities.get(&entity).expect("who is in a world is alive");
                    assert_eq!(world.get::<Number>(entity).unwrap().0, data.number);
                    let extra = world.get::<Extra>(entity).ok().map(|extra| extra.0);
                    assert_eq!(extra, data.extra);
                    assert_eq!(world.has::<Owned>(entity), data.owned);
                    assert_eq!(world.has::<Detour>(entity), data.detour);
                }
            });
        }
        let owned = self.entities.values().filter(|data| data.owned).count();
        assert_eq!(self.alive.load(Ordering::Relaxed), owned as i64);
        let away = self.entities.keys().filter(|entity| !seen.contains(entity)).count() as u64;
        // Copies on their way are not known yet.
        assert!(away <= conservation.in_flight(), "{away} of {}", conservation.in_flight());
    }

    /// Empties all queues, and checks that nothing was in them that is not known.
    fn end(mut self) {
        for round in 0..400 {
            // Room for all: what is here has been checked, and ends.
            self.check();
            for world in 0..3 {
                let ended: Vec<Entity> =
                    with_world!(self.worlds, world, |world| world.entities().collect());
                for entity in ended {
                    self.entities.remove(&entity);
                    with_world!(self.worlds, world, |world| world.despawn(entity).unwrap());
                }
            }
            let at_rest = self.worlds.at_rest();
            for entity in self.shed.lock().unwrap().drain(..) {
                self.entities.remove(&entity);
            }
            if at_rest && self.worlds.balance().live() == 0 {
                break;
            }
            assert!(round < 399, "it never comes to rest");
        }
        assert!(self.entities.is_empty(), "lost: {:?}", self.entities);
        let conservation = self.worlds.balance();
        assert_eq!((conservation.live(), conservation.in_flight()), (0, 0));
        assert!(conservation.holds(), "{conservation}");
        assert_eq!(self.alive.load(Ordering::Relaxed), 0);
    }
}

pub(crate) fn check<T: Worlds>() {
    let cases = if cfg!(miri) { 2 } else { 96 };
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: if cfg!(miri) { 0 } else { 4096 },
        ..ProptestConfig::default()
    };
    let length = if cfg!(miri) { 60 } else { 300 };
    proptest!(config, |(steps in prop::collection::vec(step(), 0..length), drop_early: bool)| {
        let mut model = Model::<T>::new();
        for (index, step) in steps.into_iter().enumerate() {
            model.run(step);
            if index % 16 == 0 {
                model.check();
            }
        }
        model.check();
        if drop_early {
            // With whatever is in worlds, queues and spills.
            let alive = model.alive.clone();
            drop(model);
            prop_assert_eq!(alive.load(Ordering::Relaxed), 0);
        } else {
            model.end();
        }
    });
}
