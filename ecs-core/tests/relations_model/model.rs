//! Relations as plain maps.

use std::collections::{BTreeMap, BTreeSet};

use ecs_core::entity::Entity;

/// The hierarchy, a relation whose sources stay, and one whose sources end.
pub const TREE: usize = 0;
pub const STAY: usize = 1;
pub const END: usize = 2;
pub const RELATIONS: usize = 3;

/// Where an entity is, and whom it is related to.
#[derive(Clone, Debug)]
pub struct One {
    pub world: usize,
    pub value: u32,
    pub tag: bool,
    pub targets: [Option<Entity>; RELATIONS],
}

/// By world, relation and target: the sources that are in the world, in order.
type Lists = BTreeMap<(usize, usize, Entity), Vec<Entity>>;

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub entities: BTreeMap<Entity, One>,
    lists: Lists,
}

impl Model {
    pub fn spawn(&mut self, world: usize, entity: Entity, value: u32, tag: bool) {
        let one = One { world, value, tag, targets: [None; RELATIONS] };
        assert!(self.entities.insert(entity, one).is_none(), "an id comes once");
    }

    pub fn is_in(&self, world: usize, entity: Entity) -> bool {
        self.entities.get(&entity).is_some_and(|one| one.world == world)
    }

    pub fn list(&self, world: usize, relation: usize, target: Entity) -> &[Entity] {
        self.lists.get(&(world, relation, target)).map_or(&[], Vec::as_slice)
    }

    /// Whether the way up from `from` leads to `above`, in one world.
    fn is_above(&self, world: usize, above: Entity, from: Entity) -> bool {
        let mut at = Some(from);
        let mut seen = BTreeSet::new();
        while let Some(entity) = at.filter(|&entity| seen.insert(entity)) {
            if entity == above {
                return true;
            }
            let here = self.entities.get(&entity).filter(|one| one.world == world);
            at = here.and_then(|one| one.targets[TREE]);
        }
        false
    }

    pub fn can_relate(&self, world: usize, relation: usize, from: Entity, to: Entity) -> bool {
        self.is_in(world, from)
            && self.is_in(world, to)
            && from != to
            && (relation != TREE || !self.is_above(world, from, to))
    }

    pub fn relate(&mut self, relation: usize, from: Entity, to: Entity) {
        let one = self.entities.get_mut(&from).unwrap();
        if one.targets[relation] != Some(to) {
            self.unrelate(relation, from);
            let one = self.entities.get_mut(&from).unwrap();
            one.targets[relation] = Some(to);
            self.lists.entry((one.world, relation, to)).or_default().push(from);
        }
    }

    pub fn place(&mut self, relation: usize, from: Entity, index: usize) {
        let one = &self.entities[&from];
        let list = self.lists.get_mut(&(one.world, relation, one.targets[relation].unwrap()));
        let list = list.unwrap();
        list.retain(|&other| other != from);
        list.insert(index.min(list.len()), from);
    }

    pub fn unrelate(&mut self, relation: usize, from: Entity) {
        let one = self.entities.get_mut(&from).unwrap();
        if let Some(target) = one.targets[relation].take() {
            let list = self.lists.get_mut(&(one.world, relation, target));
            list.unwrap().retain(|&other| other != from);
        }
    }

    /// Ends an entity and what ends with it. Answers how many.
    pub fn despawn(&mut self, entity: Entity) -> usize {
        let Some(One { world, .. }) = self.entities.get(&entity).cloned() else { return 0 };
        let mut ended = 1;
        for relation in 0..RELATIONS {
            self.unrelate(relation, entity);
        }
        let mut ending = Vec::new();
        for relation in 0..RELATIONS {
            for source in self.lists.remove(&(world, relation, entity)).unwrap_or_default() {
                self.entities.get_mut(&source).unwrap().targets[relation] = None;
                if relation == END {
                    ending.push(source);
                }
            }
        }
        self.entities.remove(&entity);
        for source in ending {
            ended += self.despawn(source);
        }
        ended
    }

    /// An entity and its descendants, parents first.
    pub fn subtree(&self, entity: Entity) -> Vec<Entity> {
        let mut members = vec![entity];
        for &child in self.list(self.entities[&entity].world, TREE, entity) {
            members.extend(self.subtree(child));
        }
        members
    }

    /// Moves an entity alone to another world.
    pub fn leave(&mut self, entity: Entity) {
        let One { world, targets, .. } = self.entities[&entity].clone();
        for (relation, target) in targets.into_iter().enumerate() {
            if let Some(target) = target {
                let list = self.lists.get_mut(&(world, relation, target)).unwrap();
                list.retain(|&other| other != entity);
            }
        }
        self.entities.get_mut(&entity).unwrap().world = usize::MAX;
    }

    pub fn come(&mut self, entity: Entity, world: usize) {
        let one = self.entities.get_mut(&entity).unwrap();
        one.world = world;
        for relation in 0..RELATIONS {
            let Some(target) = self.entities[&entity].targets[relation] else { continue };
            if relation == TREE && self.is_above(world, entity, target) {
                self.entities.get_mut(&entity).unwrap().targets[relation] = None;
            } else {
                self.lists.entry((world, relation, target)).or_default().push(entity);
            }
        }
    }

    /// A copy of an entity alone.
    pub fn copy(&mut self, entity: Entity, copy: Entity) {
        let One { world, value, tag, targets } = self.entities[&entity].clone();
        self.spawn(world, copy, value, tag);
        for (relation, target) in targets.into_iter().enumerate() {
            if let Some(target) = target {
                self.relate(relation, copy, target);
            }
        }
    }
}
