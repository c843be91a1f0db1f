//! What is done to two worlds and to their model.

use ecs_core::block::{Block, block_bytes};
use ecs_core::commands::Commands;
use ecs_core::entity::Entity;
use ecs_core::query::With;
use ecs_core::relation::{ChildOf, Children, Relation, Sources};
use ecs_core::schema::Contains;
use ecs_core::transfer::TransferFlags;
use ecs_core::world::World;
use ecs_macros::{Component, world_config};
use proptest::prelude::*;

use crate::common::{Ledger, Owned};
use crate::model::{END, Model, RELATIONS, STAY, TREE};

#[derive(Component, Clone, Copy)]
#[component(crate = ecs_core)]
struct Tag;

#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation)]
struct Serves(Entity);

#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation(on_despawn = cascade))]
struct PartOf {
    whole: Entity,
}

#[world_config(
    crate = ecs_core,
    components(Owned, Tag, ChildOf, Children, Serves, Sources<Serves>, PartOf, Sources<PartOf>),
    max_entities = 400
)]
struct Base;

/// Entities are picked by their place among all, around.
#[derive(Clone, Debug)]
pub enum Step {
    Spawn(usize, bool),
    SpawnChild(usize, bool),
    Relate(usize, usize, usize),
    InsertAt(usize, usize, usize),
    Unrelate(usize, usize),
    Tag(usize),
    Untag(usize),
    Despawn(usize),
    DespawnRecursive(usize),
    DespawnBatch(Vec<usize>),
    DespawnTagged(usize),
    TagAll(usize),
    UntagAll(usize),
    Clone(usize),
    Template(usize, usize),
    Move(usize),
    MoveBatch(Vec<usize>),
    CloneWorld(usize),
    Command(usize, usize, usize, u8),
    Clear(usize),
    Shrink,
}

pub fn step() -> impl Strategy<Value = Step> {
    let (one, relation) = (0..40_usize, 0..RELATIONS);
    let some = prop::collection::vec(0..40_usize, 0..6);
    prop_oneof![
        6 => (0..2_usize, any::<bool>()).prop_map(|(world, tag)| Step::Spawn(world, tag)),
        8 => (one.clone(), any::<bool>()).prop_map(|(parent, tag)| Step::SpawnChild(parent, tag)),
        16 => (relation.clone(), one.clone(), one.clone())
            .prop_map(|(relation, from, to)| Step::Relate(relation, from, to)),
        4 => (one.clone(), 0..5_usize, one.clone())
            .prop_map(|(parent, index, child)| Step::InsertAt(parent, index, child)),
        3 => (relation.clone(), one.clone()).prop_map(|(relation, from)| Step::Unrelate(relation, from)),
        2 => one.clone().prop_map(Step::Tag),
        2 => one.clone().prop_map(Step::Untag),
        3 => one.clone().prop_map(Step::Despawn),
        1 => one.clone().prop_map(Step::DespawnRecursive),
        1 => some.clone().prop_map(Step::DespawnBatch),
        1 => (0..2_usize).prop_map(Step::DespawnTagged),
        1 => (0..2_usize).prop_map(Step::TagAll),
        1 => (0..2_usize).prop_map(Step::UntagAll),
        3 => one.clone().prop_map(Step::Clone),
        2 => (one.clone(), 0..4_usize).prop_map(|(root, count)| Step::Template(root, count)),
        8 => one.clone().prop_map(Step::Move),
        4 => some.prop_map(Step::MoveBatch),
        1 => (0..2_usize).prop_map(Step::CloneWorld),
        6 => (relation, one.clone(), one.clone(), 0..4_u8)
            .prop_map(|(relation, from, to, kind)| Step::Command(relation, from, to, kind)),
        1 => (0..2_usize).prop_map(Step::Clear),
        1 => Just(Step::Shrink),
    ]
}

pub struct Pair {
    worlds: [World<Base>; 2],
    model: Model,
    ledger: Ledger,
    values: u32,
}

impl Pair {
    pub fn new() -> Self {
        Self {
            worlds: [World::with_origin(1), World::with_origin(2)],
            model: Model::default(),
            ledger: Ledger::default(),
            values: 0,
        }
    }

    /// An entity and the world that it is in.
    fn pick(&self, at: usize) -> Option<(usize, Entity)> {
        let count = self.model.entities.len();
        let (&entity, one) = self.model.entities.iter().nth(at.checked_rem(count)?)?;
        Some((one.world, entity))
    }

    fn value(&mut self) -> Owned {
        self.values += 1;
        self.ledger.owned(self.values)
    }

    pub fn make(&mut self, step: &Step) {
        self.try_make(step);
    }

    /// `None` if there is no entity to do it to.
    fn try_make(&mut self, step: &Step) -> Option<()> {
        match *step {
            Step::Spawn(world, tag) => {
                let value = self.value();
                let entity = spawn(&mut self.worlds[world], value, tag);
                self.model.spawn(world, entity, self.values, tag);
            }
            Step::SpawnChild(parent, tag) => {
                let (world, parent) = self.pick(parent)?;
                let value = self.value();
                let at = &mut self.worlds[world];
                let entity = match tag {
                    true => at.spawn_child(parent, (value, Tag)).unwrap(),
                    false => at.spawn_child(parent, value).unwrap(),
                };
                self.model.spawn(world, entity, self.values, tag);
                self.model.relate(TREE, entity, parent);
            }
            Step::Relate(relation, from, to) => {
                let ((world, from), (_, to)) = (self.pick(from)?, self.pick(to)?);
                let old = self.model.entities[&from].targets[relation];
                let related = relate(&mut self.worlds[world], relation, from, to);
                let can = self.model.can_relate(world, relation, from, to);
                assert_eq!(related.ok(), can.then_some(old));
                if can {
                    self.model.relate(relation, from, to);
                }
            }
            Step::InsertAt(parent, index, child) => {
                let ((_, parent), (world, child)) = (self.pick(parent)?, self.pick(child)?);
                let can = self.model.can_relate(world, TREE, child, parent);
                let inserted = self.worlds[world].insert_child_at(parent, index, child);
                assert_eq!(inserted.is_ok(), can);
                if can {
                    self.model.relate(TREE, child, parent);
                    self.model.place(TREE, child, index);
                }
            }
            Step::Unrelate(relation, from) => {
                let (world, from) = self.pick(from)?;
                let old = unrelate(&mut self.worlds[world], relation, from);
                assert_eq!(old, self.model.entities[&from].targets[relation]);
                self.model.unrelate(relation, from);
            }
            Step::Tag(at) => {
                let (world, entity) = self.pick(at)?;
                self.worlds[world].insert(entity, Tag).unwrap();
                self.model.entities.get_mut(&entity)?.tag = true;
            }
            Step::Untag(at) => {
                let (world, entity) = self.pick(at)?;
                let one = self.model.entities.get_mut(&entity)?;
                assert_eq!(self.worlds[world].remove::<Tag>(entity).is_ok(), one.tag);
                one.tag = false;
            }
            Step::Despawn(at) => {
                let (world, entity) = self.pick(at)?;
                self.worlds[world].despawn(entity).unwrap();
                self.model.despawn(entity);
            }
            Step::DespawnRecursive(at) => {
                let (world, entity) = self.pick(at)?;
                let members = self.model.subtree(entity);
                self.worlds[world].despawn_recursive(entity).unwrap();
                for member in members {
                    self.model.despawn(member);
                }
            }
            Step::DespawnBatch(ref some) => {
                let some: Vec<_> = some.iter().filter_map(|&at| self.pick(at)).collect();
                let world = some.first()?.0;
                let entities: Vec<Entity> = some.iter().map(|&(_, entity)| entity).collect();
                self.worlds[world].despawn_batch(&entities);
                for &(at, entity) in &some {
                    if at == world {
                        self.model.despawn(entity);
                    }
                }
            }
            Step::DespawnTagged(world) => {
                self.worlds[world].despawn_where::<With<Tag>>();
                let entities = self.model.entities.iter();
                let tagged = entities.filter(|(_, one)| one.world == world && one.tag);
                let tagged: Vec<Entity> = tagged.map(|(&entity, _)| entity).collect();
                for entity in tagged {
                    self.model.despawn(entity);
                }
            }
            Step::TagAll(world) => {
                self.worlds[world].insert_where::<With<Owned>, _>(|_| Tag).unwrap();
                let here = self.model.entities.values_mut().filter(|one| one.world == world);
                here.for_each(|one| one.tag = true);
            }
            Step::UntagAll(world) => {
                self.worlds[world].remove_where::<With<Owned>, Tag>().unwrap();
                let here = self.model.entities.values_mut().filter(|one| one.world == world);
                here.for_each(|one| one.tag = false);
            }
            Step::Clone(at) => {
                let (world, entity) = self.pick(at)?;
                let copy = self.worlds[world].clone_entity(entity).unwrap();
                self.model.copy(entity, copy);
                // The model has no target in another world in its lists otherwise.
            }
            Step::Template(root, count) => {
                let (world, root) = self.pick(root)?;
                self.instances(world, root, count);
            }
            Step::Move(at) => {
                let (world, entity) = self.pick(at)?;
                let transfer = self.worlds[world].take(entity).unwrap();
                self.model.leave(entity);
                self.worlds[1 - world].insert_transfer(transfer).unwrap();
                self.model.come(entity, 1 - world);
            }
            Step::MoveBatch(ref some) => self.batch(some)?,
            Step::CloneWorld(world) => {
                let clone = self.worlds[world].clone();
                self.compare(&clone, world);
            }
            Step::Command(relation, from, to, kind) => self.command(relation, from, to, kind)?,
            Step::Clear(world) => {
                self.worlds[world].clear();
                let entities = self.model.entities.iter().filter(|(_, one)| one.world == world);
                let here: Vec<Entity> = entities.map(|(&entity, _)| entity).collect();
                for entity in here {
                    self.model.despawn(entity);
                }
            }
            Step::Shrink => self.worlds.iter_mut().for_each(World::shrink),
        }
        Some(())
    }

    /// Instances of a template of a subtree.
    fn instances(&mut self, world: usize, root: Entity, count: usize) {
        let members = self.model.subtree(root);
        let at = &mut self.worlds[world];
        let template = at.template(root).unwrap();
        assert_eq!(template.len(), members.len());
        if at.room() < members.len() * count {
            assert!(at.spawn_templates(&template, count).is_err());
            return;
        }
        let roots = at.spawn_templates(&template, count).unwrap().to_vec();
        for root in roots {
            // By the hierarchy, which `check` compares with the lists of the model.
            let made: Vec<Entity> = [root].into_iter().chain(at.descendants(root)).collect();
            assert_eq!(made.len(), members.len());
            for (&member, &entity) in members.iter().zip(&made) {
                let one = self.model.entities[&member].clone();
                self.model.spawn(world, entity, one.value, one.tag);
            }
            let twin = |entity: Entity| {
                members.iter().position(|&member| member == entity).map(|at| made[at])
            };
            for &target in &members {
                for relation in 0..RELATIONS {
                    for source in self.model.list(world, relation, target).to_vec() {
                        if let Some(source) = twin(source) {
                            self.model.relate(relation, source, twin(target).unwrap());
                        }
                    }
                }
            }
            for (node, (&member, &entity)) in members.iter().zip(&made).enumerate() {
                for relation in 0..RELATIONS {
                    let target = self.model.entities[&member].targets[relation];
                    let outside = target.filter(|&target| twin(target).is_none());
                    if let Some(target) = outside
                        && !(relation == TREE && node == 0)
                        && self.model.is_in(world, target)
                    {
                        self.model.relate(relation, entity, target);
                    }
                }
            }
        }
    }

    /// Moves some entities of one world and archetype in a block.
    fn batch(&mut self, some: &[usize]) -> Option<()> {
        const FLAGS: TransferFlags =
            TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };
        let (world, first) = self.pick(*some.first()?)?;
        let mask = self.worlds[world].select(first).unwrap().mask;
        let mut chosen = Vec::new();
        for &at in some {
            let (_, entity) = self.pick(at)?;
            let alike = self.worlds[world].select(entity).is_ok_and(|at| at.mask == mask);
            if alike && !chosen.contains(&entity) {
                chosen.push(entity);
            }
        }
        let mut block = Block::<Base>::new(block_bytes::<Base>(64));
        block.begin(mask, 0, FLAGS);
        assert_eq!(self.worlds[world].depart(&chosen, &mut block, 1), chosen.len());
        chosen.iter().for_each(|&entity| self.model.leave(entity));
        assert_eq!(self.worlds[1 - world].arrive(&mut block, 64), Ok(chosen.len()));
        for &entity in &chosen {
            self.model.entities.get_mut(&entity)?.world = 1 - world;
        }
        chosen.iter().for_each(|&entity| self.model.come(entity, 1 - world));
        Some(())
    }

    /// By a buffer of commands.
    fn command(&mut self, relation: usize, from: usize, to: usize, kind: u8) -> Option<()> {
        let ((world, from), (_, to)) = (self.pick(from)?, self.pick(to)?);
        let mut commands = Commands::<Base>::with_capacity(8);
        commands.insert(from, Tag).unwrap();
        let missed = match kind {
            0 => {
                match relation {
                    TREE => commands.set_parent(from, to).unwrap(),
                    STAY => commands.relate::<Serves>(from, to).unwrap(),
                    _ => commands.relate::<PartOf>(from, to).unwrap(),
                }
                let can = self.model.can_relate(world, relation, from, to);
                if can {
                    self.model.relate(relation, from, to);
                }
                usize::from(!can)
            }
            1 => {
                match relation {
                    TREE => commands.remove_parent(from).unwrap(),
                    STAY => commands.unrelate::<Serves>(from).unwrap(),
                    _ => commands.unrelate::<PartOf>(from).unwrap(),
                }
                self.model.unrelate(relation, from);
                0
            }
            2 => {
                let value = self.value();
                commands.spawn_child(from, value).unwrap();
                0
            }
            _ => {
                commands.despawn_recursive(to).unwrap();
                commands.insert(from, Tag).unwrap();
                let here = self.model.is_in(world, to);
                for member in self.model.subtree(to).into_iter().filter(|_| here) {
                    self.model.despawn(member);
                }
                usize::from(!here) + usize::from(!self.model.is_in(world, from))
            }
        };
        if let Some(one) = self.model.entities.get_mut(&from) {
            one.tag = true;
        }
        let applied = commands.apply(&mut self.worlds[world]).unwrap();
        assert_eq!(applied.missed, missed);
        if kind == 2 {
            let child = *self.worlds[world].children(from).last()?;
            self.model.spawn(world, child, self.values, false);
            self.model.relate(TREE, child, from);
        }
        Some(())
    }

    pub fn check(&self, step: &Step) {
        for (at, world) in self.worlds.iter().enumerate() {
            self.compare(world, at);
            assert_eq!(world.counts().live(), world.len() as u64, "after {step:?}");
        }
        self.ledger.check();
    }

    fn compare(&self, world: &World<Base>, at: usize) {
        let here = self.model.entities.iter().filter(|(_, one)| one.world == at);
        assert_eq!(world.len(), here.clone().count());
        for (&entity, one) in here {
            assert_eq!(world.get::<Owned>(entity).unwrap().value, one.value);
            assert_eq!(world.has::<Tag>(entity), one.tag);
            self.compare_relation::<ChildOf>(world, at, TREE, entity);
            self.compare_relation::<Serves>(world, at, STAY, entity);
            self.compare_relation::<PartOf>(world, at, END, entity);
            let descendants = self.model.subtree(entity);
            assert!(world.descendants(entity).eq(descendants[1..].iter().copied()));
            assert!(world.ancestors(entity).count() <= self.model.entities.len() + 1);
        }
    }

    fn compare_relation<R: Relation>(
        &self,
        world: &World<Base>,
        at: usize,
        relation: usize,
        entity: Entity,
    ) where
        Base: Contains<R> + Contains<Sources<R>>,
    {
        let one = &self.model.entities[&entity];
        assert_eq!(world.target_of::<R>(entity), one.targets[relation]);
        assert_eq!(world.sources_of::<R>(entity), self.model.list(at, relation, entity));
        let value = world.get::<R>(entity).ok().map(R::target);
        assert_eq!(value, one.targets[relation]);
    }

    pub fn end(self) {
        drop(self.worlds);
        self.ledger.check_empty();
    }
}

fn spawn(world: &mut World<Base>, value: Owned, tag: bool) -> Entity {
    if tag { world.spawn((value, Tag)).unwrap() } else { world.spawn(value).unwrap() }
}

type Related = Result<Option<Entity>, ecs_core::relation::RelateError>;

fn relate(world: &mut World<Base>, relation: usize, from: Entity, to: Entity) -> Related {
    match relation {
        TREE => world.set_parent(from, to),
        STAY => world.relate::<Serves>(from, to),
        _ => world.relate::<PartOf>(from, to),
    }
}

fn unrelate(world: &mut World<Base>, relation: usize, from: Entity) -> Option<Entity> {
    match relation {
        TREE => world.remove_parent(from).unwrap(),
        STAY => world.unrelate::<Serves>(from).unwrap(),
        _ => world.unrelate::<PartOf>(from).unwrap(),
    }
}
