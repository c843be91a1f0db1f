//! Instances of templates are made.

use alloc::vec::Vec;

use super::cloning::Clones;
use super::copying::not_clone;
use super::{World, admits};
use crate::bundle::{Bundle, assert_distinct};
use crate::config::WorldConfig;
use crate::entity::Entity;
use crate::error::{EntityError, Refusal, Refused};
use crate::memory::bits;
use crate::relation::tree;
use crate::schema::{Mask, Schema};
use crate::template::{Template, Tie, To};
use crate::transfer::{Row, clone_row};
use crate::world::CopyError;

impl<W: WorldConfig> World<W> {
    /// A template with clones of the components of an entity and its descendants.
    ///
    /// Relations between them become relations between those of an instance. Where one of
    /// them is related to another entity, so are those of the instances, if that entity
    /// is in their world then; but that the root has a parent is left out.
    ///
    /// # Errors
    /// If the entity is not here, or one of the components is not `Clone`.
    ///
    /// # Examples
    /// ```
    /// # use static_ecs::prelude::*;
    /// # #[derive(Component, Clone)] struct Name(&'static str);
    /// # #[world_config(components(Name, ChildOf, Children))] struct Scene;
    /// # let mut scene = World::<Scene>::new();
    /// let tree = scene.spawn(Name("tree"))?;
    /// scene.spawn_child(tree, Name("nest"))?;
    /// let template = scene.template(tree)?;
    /// let forest = scene.spawn_templates(&template, 10)?.to_vec();
    /// assert!(forest.iter().all(|&tree| scene.children(tree).len() == 1));
    /// assert_eq!(scene.len(), 22);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn template(&self, entity: Entity) -> Result<Template<W::Schema>, CopyError> {
        let members = self.subtree(entity)?;
        let mut nodes = Vec::with_capacity(members.len());
        for &member in &members {
            let place = self.entities.find(member)?;
            let mask = self.row_mask(place, Mask::MAX) & !W::Schema::LINKED;
            let table = self.tables.get(place.table);
            // SAFETY: the row holds a value of each component of its mask.
            let row = unsafe { clone_row(mask, |index| table.cell(index, place.row as usize)) };
            nodes.push(row.ok_or_else(|| not_clone(W::Schema::COMPONENTS, mask))?);
        }
        let ties = if const { W::Schema::LINKED == 0 } { Vec::new() } else { self.ties(&members)? };
        Ok(Template::of(nodes, ties))
    }

    /// How these entities, which are here, are related.
    fn ties(&self, members: &[Entity]) -> Result<Vec<Tie>, EntityError> {
        let mut sorted: Vec<(Entity, usize)> = members.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let node_of = |entity: Entity| {
            let found = sorted.binary_search_by_key(&entity, |&(member, _)| member);
            found.ok().map(|at| sorted[at].1)
        };
        let mut ties = Vec::new();
        for (node, &member) in members.iter().enumerate() {
            let place = self.entities.find(member)?;
            for relation in bits(W::Schema::RELATIONS) {
                // Of each target, so that the order of its sources is kept.
                let sources = self.list_at(place, relation).into_iter().flatten();
                let sources = sources.filter_map(|&source| node_of(source));
                let target = To::Node(node);
                ties.extend(sources.map(|source| Tie { relation, source, target }));
                let up = node == 0 && tree::<W::Schema>() == Some(relation);
                if let Some(target) = self.target_at(place, relation)
                    && !up
                    && node_of(target).is_none()
                {
                    ties.push(Tie { relation, source: node, target: To::Entity(target) });
                }
            }
        }
        Ok(ties)
    }

    /// Makes an instance of a template. Answers its root.
    ///
    /// # Errors
    /// If the world has not room for all of it, is closed to an archetype of it, or has
    /// no archetype left. Nothing has changed then.
    ///
    /// # Panics
    /// If the clone of a value does. Nothing has changed then.
    pub fn spawn_template(&mut self, template: &Template<W::Schema>) -> Result<Entity, Refusal> {
        Ok(self.spawn_templates(template, 1)?[0])
    }

    /// As [`spawn_template`](Self::spawn_template), but the root gets the components of
    /// `overrides` as well, in place of those that the template has for it.
    ///
    /// # Errors
    /// As [`spawn_template`](Self::spawn_template): the bundle is handed back.
    ///
    /// # Panics
    /// As [`spawn_template`](Self::spawn_template).
    pub fn spawn_template_with<B: Bundle<W::Schema>>(
        &mut self,
        template: &Template<W::Schema>,
        overrides: B,
    ) -> Result<Entity, Refused<B>> {
        const {
            assert_distinct::<W::Schema, B>();
            assert!(!B::MARKER, "leave the marker out and insert it in the instance");
        };
        let plan = match self.plan(template, 1, B::MASK) {
            Ok(plan) => plan,
            Err(why) => return Err(Refused::new(overrides, why)),
        };
        let mut row = Row::new();
        row.put(overrides);
        Ok(self.make_instances(template, plan, row)[0])
    }

    /// Makes `count` instances of a template, column by column. Answers their roots.
    ///
    /// # Errors
    /// As [`spawn_template`](Self::spawn_template).
    ///
    /// # Panics
    /// As [`spawn_template`](Self::spawn_template). If so many rows don't fit into the
    /// address space.
    pub fn spawn_templates(
        &mut self,
        template: &Template<W::Schema>,
        count: usize,
    ) -> Result<&[Entity], Refusal> {
        let plan = self.plan(template, count, 0)?;
        Ok(self.make_instances(template, plan, Row::new()))
    }

    /// Makes room for `count` instances, whose roots have the components of `more` as
    /// well.
    fn plan(
        &mut self,
        template: &Template<W::Schema>,
        count: usize,
        more: Mask,
    ) -> Result<Plan, Refusal> {
        let total = template.len().saturating_mul(count);
        self.check_room(total)?;
        let mut tables = Vec::with_capacity(template.len());
        let mut more = more;
        for row in template.nodes() {
            let mask = row.mask() | core::mem::take(&mut more);
            if !admits::<W>(mask) {
                self.counts.refused += 1;
                return Err(Refusal::ClosedArchetype);
            }
            tables.push(self.table_for(mask, 0)?);
        }
        let mut sorted = tables.clone();
        sorted.sort_unstable();
        for same in sorted.chunk_by(|one, other| one == other) {
            self.tables.get_mut(same[0]).make_room(same.len() * count);
        }
        self.entities.make_room(total);
        Ok(Plan { tables, count })
    }

    fn make_instances(
        &mut self,
        template: &Template<W::Schema>,
        plan: Plan,
        mut overrides: Row<W::Schema>,
    ) -> &[Entity] {
        let Plan { tables, count } = plan;
        let mut clones = Clones::<W>::new(&mut self.tables);
        let mut firsts = Vec::with_capacity(tables.len());
        for (node, &table) in template.nodes().iter().zip(&tables) {
            // SAFETY: the plan made room for all rows, and its tables hold what is sparse.
            firsts.push(unsafe { clones.begin(table, count) });
            for index in bits(node.mask() & !overrides.mask()) {
                // SAFETY: the node has a value of the component, and all in it are `Clone`.
                unsafe { clones.fill(index, node.place(index)) };
            }
            for index in bits(overrides.mask()) {
                // SAFETY: the overrides hold the value, and give it up; there are some
                // for the root of one instance only.
                unsafe {
                    clones.put(index, overrides.place(index));
                    overrides.set_mask(overrides.mask() & !(1 << index));
                }
            }
        }
        // SAFETY: each node's components are those of its table, and all were filled.
        unsafe { clones.commit(&mut self.entities, &mut self.counts, self.clock.ticks()) };
        if const { W::Schema::OBSERVED == 0 }
            && (const { W::Schema::LINKED == 0 } || template.ties().is_empty())
        {
            return &self.tables.get(tables[0]).entities()[firsts[0]..][..count];
        }
        // Node by node, the roots first. What observers write down may move them.
        let (spare, mut made) = self.scratch.lists();
        for (&table, &first) in tables.iter().zip(&firsts) {
            made.extend_from_slice(&self.tables.get(table).entities()[first..][..count]);
        }
        self.tie(template.ties(), &made, count);
        for &entity in &made {
            let mask = self.mask_of(entity).unwrap_or_default();
            self.after_insert(entity, mask & Self::WATCHED, 0);
        }
        made.truncate(count);
        self.settle(Self::WATCHED);
        self.scratch.give_back(spare, made)
    }

    /// Relates the entities of `count` instances, which are given node by node, as if they
    /// were made one after the other.
    fn tie(&mut self, ties: &[Tie], made: &[Entity], count: usize) {
        for instance in 0..count {
            for &Tie { relation, source, target } in ties {
                let source = made[source * count + instance];
                let target = match target {
                    To::Node(node) => made[node * count + instance],
                    To::Entity(entity) => entity,
                };
                if let Ok(place) = self.entities.find(source)
                    && self.entities.find(target).is_ok()
                {
                    self.set_target(place, relation, target);
                    self.list_source(source, relation, target);
                }
            }
        }
    }
}

/// Where the instances of each node go; there is room for all.
struct Plan {
    tables: Vec<u32>,
    count: usize,
}
