//! The model, and the comparison.

use std::collections::{BTreeMap, BTreeSet};

use ecs_core::block::{Block, block_bytes};
use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::error::EntityError;
use ecs_core::outbox::{Request, TransferMarker};
use ecs_core::query::{Filter, Or, ReadOnlyQueryData, With, Without};
use ecs_core::schema::Schema;
use ecs_core::transfer::EntityTransfer;
use ecs_core::world::World;
use ecs_macros::{Bundle, Component, world_config};

use crate::common::{Ledger, Owned};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
pub struct Plain(pub u32);

#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core)]
pub struct Tag;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
#[repr(align(128))]
pub struct Wide(pub u32);

/// Can't be cloned.
#[derive(Component, Debug)]
#[component(crate = ecs_core)]
pub struct Sole(pub Box<u32>);

/// Beside the tables, and owns memory.
#[derive(Component, Clone, Debug)]
#[component(crate = ecs_core, storage = "sparse")]
pub struct Spark(pub Owned);

/// Beside the tables, and takes no bytes.
#[derive(Component, Clone, Debug)]
#[component(crate = ecs_core, storage = "sparse")]
pub struct Flag;

#[world_config(
    crate = ecs_core,
    components(Plain, Owned, Tag, Spark, Wide, Sole, Flag),
    archetypes(plain(Plain, capacity = 2)),
    max_entities = 24
)]
#[derive(Debug)]
pub struct Small;

#[derive(Bundle)]
#[bundle(crate = ecs_core)]
pub struct Nested {
    pub plain: Plain,
    pub rest: (Owned, Sole),
}

/// One entity of the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub plain: Option<u32>,
    pub owned: Option<u32>,
    pub tag: bool,
    pub wide: Option<u32>,
    pub sole: Option<u32>,
    pub spark: Option<u32>,
    pub flag: bool,
    pub request: Option<Request>,
}

pub const KINDS: u8 = 10;

impl Row {
    /// What the bundle of this kind holds.
    pub fn of(kind: u8, value: u32) -> Self {
        let (value, row) = (Some(value), Row::default());
        match kind {
            0 => row,
            1 => Row { plain: value, ..row },
            2 => Row { plain: value, owned: value, ..row },
            3 => Row { owned: value, tag: true, wide: value, ..row },
            4 => Row { plain: value, request: Some(marked(value.unwrap())), ..row },
            5 => Row { plain: value, owned: value, sole: value, ..row },
            6 => Row { wide: value, ..row },
            7 => Row { spark: value, ..row },
            8 => Row { plain: value, flag: true, ..row },
            _ => Row { owned: value, spark: value, flag: true, ..row },
        }
    }

    pub fn insert(&mut self, other: Row) {
        self.plain = other.plain.or(self.plain);
        self.owned = other.owned.or(self.owned);
        self.tag |= other.tag;
        self.wide = other.wide.or(self.wide);
        self.sole = other.sole.or(self.sole);
        self.spark = other.spark.or(self.spark);
        self.flag |= other.flag;
        self.request = other.request.or(self.request);
    }

    /// Whether it has all of `other`.
    pub fn covers(&self, other: &Row) -> bool {
        let marked = matches!(self.request, Some(Request::Marked(_)));
        (self.plain.is_some() || other.plain.is_none())
            && (self.owned.is_some() || other.owned.is_none())
            && (self.tag || !other.tag)
            && (self.wide.is_some() || other.wide.is_none())
            && (self.sole.is_some() || other.sole.is_none())
            && (self.spark.is_some() || other.spark.is_none())
            && (self.flag || !other.flag)
            && (marked || other.request.is_none())
    }

    /// Takes away what `other` has; answers that.
    pub fn split(&mut self, other: &Row) -> Row {
        let mut gone = Row::default();
        if other.plain.is_some() {
            gone.plain = self.plain.take();
        }
        if other.owned.is_some() {
            gone.owned = self.owned.take();
        }
        if other.tag {
            gone.tag = std::mem::take(&mut self.tag);
        }
        if other.wide.is_some() {
            gone.wide = self.wide.take();
        }
        if other.sole.is_some() {
            gone.sole = self.sole.take();
        }
        if other.spark.is_some() {
            gone.spark = self.spark.take();
        }
        if other.flag {
            gone.flag = std::mem::take(&mut self.flag);
        }
        if other.request.is_some() {
            self.request = None;
        }
        gone
    }

    /// Which components it has.
    pub fn shape(&self) -> [bool; 7] {
        let Row { plain, owned, tag, wide, sole, spark, flag, .. } = self;
        let some = [plain, owned, wide, sole, spark].map(Option::is_some);
        [some[0], some[1], some[2], some[3], some[4], *tag, *flag]
    }

    /// How many values of it are in the ledger.
    fn owned(&self) -> usize {
        usize::from(self.owned.is_some()) + usize::from(self.spark.is_some())
    }
}

pub fn marked(target: u32) -> Request {
    Request::Marked(TransferMarker::to(target as u16))
}

/// What is on its way, and what it should be.
pub struct Flight {
    pub transfer: EntityTransfer<Small>,
    pub entity: Option<Entity>,
    pub row: Row,
}

pub struct Pair {
    pub ledger: Ledger,
    pub worlds: [World<Small>; 2],
    pub models: [BTreeMap<Entity, Row>; 2],
    pub flights: Vec<Flight>,
    pub block: Block<Small>,
    pub block_model: Vec<(Option<Entity>, Row)>,
    /// How many more fit behind those that are, or were, in the block.
    pub block_room: usize,
    pub commands: Commands<Small>,
    /// All ids ever given out.
    pub seen: BTreeSet<Entity>,
    /// Guests that died in each world, for their origin to know.
    pub returns: [BTreeSet<Entity>; 2],
    /// Ids whose entities are no more.
    pub dead: Vec<Entity>,
}

impl Pair {
    pub fn new() -> Self {
        Self {
            ledger: Ledger::default(),
            worlds: [World::with_origin(1), World::with_origin(2)],
            models: Default::default(),
            flights: Vec::new(),
            block: Block::new(block_bytes::<Small>(6)),
            block_model: Vec::new(),
            block_room: 0,
            commands: Commands::with_capacity(64),
            seen: BTreeSet::new(),
            returns: Default::default(),
            dead: Vec::new(),
        }
    }

    /// Any entity of a world.
    pub fn pick(&self, at: usize, pick: u8) -> Option<Entity> {
        let model = &self.models[at];
        model.keys().nth(pick as usize % model.len().max(1)).copied()
    }

    /// A fresh entity is in the model from now on.
    pub fn born(&mut self, at: usize, entity: Entity, row: Row) {
        assert!(self.seen.insert(entity), "{entity} was given out before");
        assert_eq!(entity.origin(), at as u16 + 1);
        self.models[at].insert(entity, row);
    }

    pub fn died(&mut self, at: usize, entity: Entity) {
        self.models[at].remove(&entity).expect("it was here");
        self.dead.push(entity);
        if entity.origin() != self.worlds[at].origin() {
            self.returns[at].insert(entity);
        }
    }

    pub fn check(&self) {
        self.ledger.check();
        let mut live: usize = self.flights.iter().map(|flight| flight.row.owned()).sum();
        live += self.block_model.iter().map(|(_, row)| row.owned()).sum::<usize>();
        for (world, model) in self.worlds.iter().zip(&self.models) {
            live += model.values().map(Row::owned).sum::<usize>();
            check_world(world, model);
            for &entity in &self.dead {
                let expected = if entity.origin() == world.origin() {
                    EntityError::Dead(entity)
                } else {
                    EntityError::NotHere(entity)
                };
                let found = world.check(entity).expect_err("it is dead");
                // Until its origin hears of it, one that died abroad is away.
                assert!(found == expected || found == EntityError::NotHere(entity));
            }
        }
        assert_eq!(self.ledger.live(), live);
        for (from, to) in [(0, 1), (1, 0)] {
            for &entity in self.models[from].keys() {
                assert_eq!(self.worlds[to].check(entity), Err(EntityError::NotHere(entity)));
            }
        }
        for flight in &self.flights {
            assert_eq!(flight.transfer.entity(), flight.entity);
            assert_eq!(flight.transfer.get::<Plain>().map(|plain| plain.0), flight.row.plain);
            assert_eq!(flight.transfer.get::<Owned>().map(|owned| owned.value), flight.row.owned);
            assert_eq!(flight.transfer.has::<Tag>(), flight.row.tag);
            assert_eq!(flight.transfer.get::<Wide>().map(|wide| wide.0), flight.row.wide);
            assert_eq!(flight.transfer.get::<Sole>().map(|sole| *sole.0), flight.row.sole);
            let spark = flight.transfer.get::<Spark>();
            assert_eq!(spark.map(|spark| spark.0.value), flight.row.spark);
            assert_eq!(flight.transfer.has::<Flag>(), flight.row.flag);
        }
        let ids: Vec<_> = self.block_model.iter().map(|(id, _)| *id).collect();
        assert_eq!(self.block.ids(), ids);
    }
}

fn check_world(world: &World<Small>, model: &BTreeMap<Entity, Row>) {
    assert_eq!(world.len(), model.len());
    assert_eq!(world.counts().live(), model.len() as u64);
    assert_eq!(world.room(), 24 - model.len());
    let entities: BTreeSet<_> = world.entities().collect();
    assert!(entities.iter().eq(model.keys()));
    for table in world.tables() {
        assert!(table.len() <= table.capacity());
    }
    for (&entity, row) in model {
        assert!(world.contains(entity));
        assert_eq!(world.get::<Plain>(entity).ok().map(|plain| plain.0), row.plain);
        assert_eq!(world.get::<Owned>(entity).ok().map(|owned| owned.value), row.owned);
        assert_eq!(world.has::<Tag>(entity), row.tag);
        assert_eq!(world.get::<Wide>(entity).ok().map(|wide| wide.0), row.wide);
        assert_eq!(world.get::<Sole>(entity).ok().map(|sole| *sole.0), row.sole);
        assert_eq!(world.get::<Spark>(entity).ok().map(|spark| spark.0.value), row.spark);
        assert_eq!(world.has::<Flag>(entity), row.flag);
        assert_eq!(world.request(entity), Ok(row.request));
    }
    let mut plains = world.view_lookup::<(Entity, &Plain, Option<&Spark>)>();
    for (&entity, row) in model {
        let found = plains.get(entity);
        assert_eq!(found.is_ok(), row.plain.is_some());
        if let Ok((found, plain, spark)) = found {
            assert_eq!((found, Some(plain.0)), (entity, row.plain));
            assert_eq!(spark.map(|spark| spark.0.value), row.spark);
        }
    }
    let (ids, mut found): (Vec<_>, _) = (model.keys().copied().collect(), Vec::new());
    let sparks = world.view_lookup::<&Spark>().for_each(&ids, |entity, _| found.push(entity));
    let expected = model.iter().filter(|(_, row)| row.spark.is_some()).map(|(&entity, _)| entity);
    assert!(found.iter().copied().eq(expected) && sparks == found.len());

    let asked = world.outbox().map(|parcel| (parcel.entity, Some(parcel.request)));
    let expected = model.iter().filter(|(_, row)| row.request.is_some());
    let expected: BTreeMap<_, _> = expected.map(|(&entity, row)| (entity, row.request)).collect();
    assert_eq!(asked.collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(world.outbox_len(), expected.len());

    let marked = |row: &Row| matches!(row.request, Some(Request::Marked(_)));
    matches::<Entity, ()>(world, model, |_| true);
    matches::<(Entity, &Plain), ()>(world, model, |row| row.plain.is_some());
    matches::<(Entity, Option<&Owned>, &Wide), Without<Sole>>(world, model, |row| {
        row.wide.is_some() && row.sole.is_none()
    });
    matches::<Entity, (With<Owned>, Or<(With<Tag>, Without<Plain>)>)>(world, model, |row| {
        row.owned.is_some() && (row.tag || row.plain.is_none())
    });
    matches::<Entity, With<TransferMarker>>(world, model, marked);
    matches::<(Entity, &Plain), Without<TransferMarker>>(world, model, |row| {
        row.plain.is_some() && !marked(row)
    });
    matches::<(Entity, &Spark), ()>(world, model, |row| row.spark.is_some());
    matches::<(Entity, Option<&Spark>, &Flag), Without<Plain>>(world, model, |row| {
        row.flag && row.plain.is_none()
    });
    matches::<Entity, (With<Flag>, Without<Spark>)>(world, model, |row| {
        row.flag && row.spark.is_none()
    });
    matches::<(Entity, &Owned), Or<(With<Spark>, With<Tag>, With<TransferMarker>)>>(
        world,
        model,
        |row| row.owned.is_some() && (row.spark.is_some() || row.tag || marked(row)),
    );
    type Any = Or<(With<TransferMarker>, With<Tag>, (With<Wide>, Without<Owned>))>;
    matches::<Entity, Any>(world, model, |row| {
        marked(row) || row.tag || (row.wide.is_some() && row.owned.is_none())
    });
}

/// An item that begins with its entity.
pub trait HasEntity {
    fn entity(&self) -> Entity;
}
impl HasEntity for Entity {
    fn entity(&self) -> Entity {
        *self
    }
}
impl<A> HasEntity for (Entity, A) {
    fn entity(&self) -> Entity {
        self.0
    }
}
impl<A, B> HasEntity for (Entity, A, B) {
    fn entity(&self) -> Entity {
        self.0
    }
}

fn matches<Q, F>(
    world: &World<Small>,
    model: &BTreeMap<Entity, Row>,
    expected: impl Fn(&Row) -> bool,
) where
    Q: ReadOnlyQueryData<Small>,
    for<'w> Q::Item<'w>: HasEntity,
    F: Filter<Small>,
{
    let expected: Vec<_> =
        model.iter().filter(|(_, row)| expected(row)).map(|(&entity, _)| entity).collect();
    let exact = !F::ROWS && Q::ACCESS.required & Small::SPARSE == 0;
    let mut by_next = Vec::new();
    let mut iter = world.view_filtered::<Q, F>();
    loop {
        let (least, most) = iter.size_hint();
        let left = expected.len() - by_next.len();
        assert!(least <= left && most.is_some_and(|most| left <= most));
        assert!(!exact || least == left);
        let Some(item) = iter.next() else { break };
        by_next.push(item.entity());
    }
    assert!(iter.next().is_none());
    let mut by_fold = Vec::new();
    world.view_filtered::<Q, F>().for_each(|item| by_fold.push(item.entity()));
    assert_eq!(by_next, by_fold);
    let chunks = world.view_filtered::<Q, F>().chunks(3);
    let by_chunks: Vec<_> = chunks.flatten().map(|item| item.entity()).collect();
    assert_eq!(by_next, by_chunks);
    by_fold.sort_unstable();
    assert_eq!(by_fold, expected);
}
