//! Relations at the borders: circles over worlds, links to those who are elsewhere or
//! dead, closed worlds, observers, panics, and what it costs.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::sync::{Arc, Mutex};

use ecs_core::block::{Block, block_bytes};
use ecs_core::entity::Entity;
use ecs_core::error::{EntityError, Refusal};
use ecs_core::query::{With, Without};
use ecs_core::relation::{ChildOf, Children, RelateError, Relation, Sources};
use ecs_core::schema::Schema;
use ecs_core::template::Template;
use ecs_core::track::{Added, Changed, RemovedReader};
use ecs_core::transfer::{EntityTransfer, TransferFlags};
use ecs_core::world::World;
use ecs_macros::{Component, world_config};

use common::{Ledger, Owned, panics, scaled};

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Id(u32);

#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation, observe)]
struct Serves(Entity);
type Crew = Sources<Serves>;

#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation(on_despawn = cascade))]
struct PartOf(Entity);

#[world_config(
    crate = ecs_core,
    components(Id, Owned, ChildOf, Children, Serves, Crew, PartOf, Sources<PartOf>)
)]
struct Base;

#[world_config(crate = ecs_core, base = Base, archetypes(only(Id), closed), max_entities = 3)]
struct Closed;

/// Without relations, and as large.
#[world_config(crate = ecs_core, components(Id, Owned))]
struct Plain;

fn move_to(from: &mut World<Base>, to: &mut World<Base>, entity: Entity) {
    let transfer = from.take(entity).unwrap();
    assert_eq!(to.insert_transfer(transfer).unwrap(), entity);
}

#[test]
fn what_can_not_be_is_refused_and_changes_nothing() {
    let mut world = World::<Base>::new();
    let [a, b, c] = [0, 1, 2].map(|n| world.spawn(Id(n)).unwrap());
    assert_eq!(world.set_parent(b, a), Ok(None));
    assert_eq!(world.set_parent(c, b), Ok(None));
    assert_eq!(world.set_parent(c, b), Ok(Some(b)));
    assert_eq!(world.set_parent(a, a), Err(RelateError::Itself(a)));
    let cycle = RelateError::Cycle { child: a, parent: c };
    assert_eq!(world.set_parent(a, c), Err(cycle));
    assert_eq!(world.insert_child_at(c, 0, a), Err(cycle));
    assert!(cycle.to_string().contains("is a descendant of"));
    assert_eq!(world.relate::<Serves>(a, a), Err(RelateError::Itself(a)));
    // Other relations may lead around.
    world.relate::<Serves>(a, c).unwrap();
    world.relate::<Serves>(c, a).unwrap();
    let dead = world.spawn(Id(3)).unwrap();
    world.despawn(dead).unwrap();
    let error = RelateError::Entity(EntityError::Dead(dead));
    assert_eq!(world.set_parent(a, dead), Err(error));
    assert_eq!(world.set_parent(dead, a), Err(error));
    assert_eq!(world.remove_parent(dead), Err(EntityError::Dead(dead)));
    assert_eq!((world.parent(dead), world.children(dead)), (None, &[][..]));
    let refused = world.spawn_child(dead, Id(9)).unwrap_err();
    assert_eq!(refused.why(), Refusal::Entity(EntityError::Dead(dead)));
    assert_eq!(refused.into_inner(), Id(9));
    assert_eq!((world.root(c), world.root(a)), (a, a));
    assert!(world.ancestors(c).eq([b, a]) && world.descendants(a).eq([b, c]));
    assert_eq!(world.len(), 3);
}

#[test]
fn a_target_more_is_no_archetype_more() {
    let mut world = World::<Base>::new();
    let entities = world.spawn_batch((0..scaled(2000, 50)).map(Id)).unwrap().to_vec();
    let tables = world.tables().len();
    for pair in entities.windows(2) {
        world.set_parent(pair[1], pair[0]).unwrap();
        world.relate::<Serves>(pair[0], pair[1]).unwrap();
    }
    assert_eq!(world.tables().len(), tables);
    assert_eq!(world.view_filtered::<Entity, Without<ChildOf>>().count(), 1);
    assert_eq!(world.view_filtered::<Entity, With<Children>>().count(), entities.len() - 1);
    assert_eq!(world.ancestors(*entities.last().unwrap()).count(), entities.len() - 1);
    assert_eq!(world.despawn_recursive(entities[0]), Ok(entities.len()));
}

#[test]
fn a_closed_world_takes_relations() {
    let mut world = World::<Closed>::new();
    let parent = world.spawn(Id(0)).unwrap();
    let child = world.spawn_child(parent, Id(1)).unwrap();
    let template = world.template(parent).unwrap();
    assert_eq!(world.spawn_template(&template), Err(Refusal::WorldFull { limit: 3 }));
    assert_eq!((world.len(), world.children(parent)), (2, &[child][..]));
    world.despawn(parent).unwrap();
    assert_eq!(world.parent(child), None);
    let copy = world.spawn_template(&template).unwrap();
    assert_eq!(world.children(copy).len(), 1);
}

#[test]
fn a_child_that_leaves_keeps_its_parent_and_finds_it_again() {
    let (mut one, mut two) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    let parent = one.spawn(Id(0)).unwrap();
    let [a, b, c] = [1, 2, 3].map(|n| one.spawn_child(parent, Id(n)).unwrap());
    move_to(&mut one, &mut two, b);
    assert_eq!((two.parent(b), one.children(parent)), (Some(parent), &[a, c][..]));
    assert_eq!(two.check(parent), Err(EntityError::NotHere(parent)));
    assert_eq!((two.children(parent), two.root(b)), (&[][..], parent));
    // The parent follows, and the others are its children again when they come.
    move_to(&mut one, &mut two, parent);
    assert_eq!(two.children(parent), [b]);
    assert_eq!((one.parent(a), one.parent(c)), (Some(parent), Some(parent)));
    move_to(&mut one, &mut two, c);
    assert_eq!(two.children(parent), [b, c]);
    // A clone of the world waits for the parent too.
    let mut clone = one.clone();
    let transfer = two.take(parent).unwrap();
    clone.insert_transfer(transfer).unwrap();
    assert_eq!((clone.parent(a), clone.children(parent)), (Some(parent), &[a][..]));
}

#[test]
fn a_parent_that_dies_elsewhere_stays_the_parent() {
    let (mut one, mut two) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    let parent = one.spawn(Id(0)).unwrap();
    let child = one.spawn_child(parent, Id(1)).unwrap();
    move_to(&mut one, &mut two, parent);
    two.despawn(parent).unwrap();
    let mut dead = Vec::new();
    two.drain_returns(&mut dead);
    dead.iter().for_each(|&entity| one.reclaim(entity));
    assert_eq!(one.parent(child), Some(parent));
    assert_eq!(one.check(parent), Err(EntityError::Dead(parent)));
    // Its slot is used again, by another.
    let next = one.spawn(Id(2)).unwrap();
    assert_eq!(next.index(), parent.index());
    assert_eq!(one.children(next), []);
    assert_eq!(one.set_parent(child, next), Ok(Some(parent)));
    assert_eq!(one.children(next), [child]);
    one.despawn(child).unwrap();
    assert_eq!(one.children(next), []);
}

/// Each link is right in its world, and only when all meet do they lead around.
#[test]
fn a_circle_over_worlds_is_cut_where_it_closes() {
    for batch in [false, true] {
        let mut worlds = [1, 2, 3].map(World::<Base>::with_origin);
        let [one, two, three] = &mut worlds;
        let [a, b, d] = [0, 1, 2].map(|n| one.spawn(Id(n)).unwrap());
        one.set_parent(a, b).unwrap();
        move_to(one, two, b);
        move_to(one, two, d);
        two.set_parent(b, d).unwrap();
        move_to(two, one, d);
        one.set_parent(d, a).unwrap();
        assert!(one.ancestors(d).eq([a, b]));
        if batch {
            // All three come to a world where two others wait for them.
            for entity in [a, d] {
                move_to(one, three, entity);
            }
            move_to(two, three, b);
            let links = [a, b, d].map(|entity| three.parent(entity));
            assert_eq!(links, [Some(b), None, Some(a)]);
        } else {
            move_to(two, one, b);
            assert_eq!([a, b, d].map(|entity| one.parent(entity)), [Some(b), None, Some(a)]);
            assert!(one.descendants(b).eq([a, d]));
        }
    }
}

/// Links and lists that no world made.
#[test]
fn what_comes_by_hand_is_put_right() {
    let mut world = World::<Base>::new();
    let [a, b] = [0, 1].map(|n| world.spawn(Id(n)).unwrap());
    world.relate::<Serves>(a, b).unwrap();
    let crew = world.get::<Crew>(b).unwrap().clone();
    let mut transfer = EntityTransfer::<Base>::new(0, 0);
    transfer.pack(Serves(b)).unwrap();
    transfer.pack(crew).unwrap();
    let c = world.insert_transfer(transfer).unwrap();
    assert_eq!(world.sources_of::<Serves>(b), [a, c]);
    assert_eq!(world.sources_of::<Serves>(c), []);
    // To itself, which it knows from before.
    let mut transfer = world.take(c).unwrap();
    transfer.get_mut::<Serves>().unwrap().0 = c;
    world.insert_transfer(transfer).unwrap();
    assert_eq!((world.target_of::<Serves>(c), world.sources_of::<Serves>(b)), (None, &[a][..]));
    // A copy goes without relations.
    let copy = world.copy(a).unwrap();
    assert!(!copy.has::<Serves>() && copy.has::<Id>());
    world.end_transfer(copy);
}

#[test]
fn a_shed_target_lets_its_sources_go() {
    let mut world = World::<Base>::with_origin(1);
    let ship = world.spawn(Id(0)).unwrap();
    let sailor = world.spawn_related::<Serves, _>(ship, Id(1)).unwrap();
    let mast = world.spawn_related::<PartOf, _>(ship, Id(2)).unwrap();
    world.shed(ship, 1).unwrap();
    assert_eq!(world.target_of::<Serves>(sailor), None);
    assert!(!world.contains(mast));
    assert_eq!(world.counts().live(), 1);
}

#[test]
fn sources_end_with_their_target_however_long_the_chain() {
    let mut world = World::<Base>::new();
    let first = world.spawn(Id(0)).unwrap();
    let mut last = first;
    for n in 1..scaled(100_000, 100) {
        last = world.spawn_related::<PartOf, _>(last, Id(n)).unwrap();
    }
    let kept = world.spawn(Id(0)).unwrap();
    // Around, as well.
    world.relate::<PartOf>(first, last).unwrap();
    world.despawn(last).unwrap();
    assert_eq!((world.len(), world.contains(kept)), (1, true));
}

#[test]
fn many_sources_of_one_target_end_in_one_pass() {
    let count = scaled(100_000, 60);
    let mut world = World::<Base>::new();
    let parent = world.spawn(()).unwrap();
    let child = Template::<Base>::new(Id(0));
    let children = world.spawn_templates(&child, count as usize).unwrap().to_vec();
    for &child in &children {
        world.set_parent(child, parent).unwrap();
    }
    let half: Vec<Entity> = children.iter().copied().step_by(2).collect();
    assert_eq!(world.despawn_batch(&half), half.len());
    assert_eq!(world.children(parent).len(), children.len() - half.len());
    assert_eq!(world.despawn_where::<With<Id>>(), children.len() - half.len());
    assert_eq!(world.children(parent), []);
}

#[test]
fn observers_are_told_of_relations() {
    let mut world = World::<Base>::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    world.on_add::<Serves>(move |world, entity| {
        let target = world.get::<Serves>(entity).unwrap().target();
        log.lock().unwrap().push(("add", entity, target));
    });
    let log = seen.clone();
    world.on_remove::<Serves>(move |world, entity| {
        let target = world.get::<Serves>(entity).unwrap().target();
        log.lock().unwrap().push(("remove", entity, target));
    });
    let [a, b] = [0, 1].map(|n| world.spawn(Id(n)).unwrap());
    let c = world.spawn_related::<Serves, _>(a, Id(2)).unwrap();
    world.relate::<Serves>(c, b).unwrap();
    world.unrelate::<Serves>(c).unwrap();
    world.relate::<Serves>(c, a).unwrap();
    world.despawn(a).unwrap();
    let told = std::mem::take(&mut *seen.lock().unwrap());
    let wanted = [("add", c, a), ("remove", c, b), ("add", c, a), ("remove", c, a)];
    assert_eq!(told, wanted);
    world.relate::<Serves>(b, c).unwrap();
    let copy = world.clone_entity(b).unwrap();
    assert_eq!(seen.lock().unwrap().last(), Some(&("add", copy, c)));
    world.despawn_batch(&[b, copy]);
    assert_eq!(seen.lock().unwrap().last(), Some(&("remove", copy, c)));
}

/// Whichever of the two is met first.
#[test]
fn observers_are_told_once_where_both_sides_end_at_once() {
    for sailor_first in [false, true] {
        let mut world = World::<Base>::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = told.clone();
        world.on_remove::<Serves>(move |_, entity| log.lock().unwrap().push(entity));
        let [one, other] = [0, 1].map(|n| world.spawn(Id(n)).unwrap());
        let (sailor, ship) = if sailor_first { (one, other) } else { (other, one) };
        world.relate::<Serves>(sailor, ship).unwrap();
        world.clear();
        assert_eq!(*told.lock().unwrap(), [sailor]);
    }
}

#[derive(Component, Clone, Copy, Debug)]
#[component(crate = ecs_core, relation, track)]
struct Follows(Entity);

#[world_config(crate = ecs_core, components(Id, Follows, Sources<Follows>))]
struct Tracked;

#[test]
fn relations_are_tracked() {
    let mut world = World::<Tracked>::new();
    let ids = world.spawn_batch((0..6).map(Id)).unwrap().to_vec();
    let (mut seen, mut reader) = (world.advance(), RemovedReader::<Follows>::default());
    for &follower in &ids[1..] {
        world.relate::<Follows>(follower, ids[0]).unwrap();
    }
    let added = world.since(&mut seen);
    assert!(added.view_filtered::<Entity, Added<Follows>>().eq(ids[1..].iter().copied()));
    drop(added);
    world.relate::<Follows>(ids[1], ids[2]).unwrap();
    let changed = world.since(&mut seen);
    assert_eq!(changed.view_filtered::<Entity, Added<Follows>>().count(), 0);
    assert!(changed.view_filtered::<Entity, Changed<Follows>>().eq([ids[1]]));
    drop(changed);
    // By itself, with its own end, with its target's, in a batch and with all.
    world.unrelate::<Follows>(ids[1]).unwrap();
    world.despawn(ids[2]).unwrap();
    world.despawn_batch(&[ids[3]]);
    assert!(world.removed(&mut reader).read().eq([ids[1], ids[2], ids[3]]));
    world.despawn(ids[0]).unwrap();
    assert!(world.removed(&mut reader).read().eq([ids[4], ids[5]]));
    world.relate::<Follows>(ids[4], ids[5]).unwrap();
    world.clear();
    assert!(world.removed(&mut reader).read().eq([ids[4]]));
}

/// In one block, before and after the one whom they are related to.
#[test]
fn sources_that_come_with_their_target_are_listed() {
    let (mut here, mut there) = (World::<Base>::with_origin(1), World::<Base>::with_origin(2));
    let top = here.spawn(Id(0)).unwrap();
    let parents = [1, 2].map(|id| here.spawn_child(top, Id(id)).unwrap());
    let middle = here.spawn_child(parents[0], Id(3)).unwrap();
    here.spawn_child(middle, Id(4)).unwrap();
    here.set_parent(parents[1], middle).unwrap();
    here.spawn_child(parents[1], Id(5)).unwrap();
    let going = [parents[1], middle, parents[0]];
    let mut block = Block::<Base>::new(block_bytes::<Base>(8));
    let flags = TransferFlags { destroy_on_arrive: true, priority: false, full_transfer: true };
    block.begin(here.select(middle).unwrap().mask, 0, flags);
    assert_eq!(here.depart(&going, &mut block, 1), 3);
    assert_eq!(there.arrive(&mut block, 8), Ok(3));
    assert!(there.descendants(parents[0]).eq([middle, parents[1]]));
}

#[test]
fn instances_are_related_one_after_the_other() {
    let mut world = World::<Base>::new();
    let (ship, captain) = (world.spawn(Id(0)).unwrap(), world.spawn(Id(1)).unwrap());
    let mate = world.spawn_child(captain, Id(2)).unwrap();
    for sailor in [captain, mate] {
        world.relate::<Serves>(sailor, ship).unwrap();
    }
    let template = world.template(captain).unwrap();
    let captains = world.spawn_templates(&template, 2).unwrap().to_vec();
    let crew = captains.iter().flat_map(|&captain| [captain, world.children(captain)[0]]);
    assert!(world.sources_of::<Serves>(ship)[2..].iter().copied().eq(crew));
}

#[test]
fn a_drop_that_panics_leaves_both_sides_right() {
    let ledger = Ledger::default();
    let mut world = World::<Base>::new();
    let root = world.spawn(ledger.owned(0)).unwrap();
    let mined = world.spawn_child(root, ledger.bomb(1)).unwrap();
    let leaf = world.spawn_child(mined, ledger.owned(2)).unwrap();
    let part = world.spawn_related::<PartOf, _>(mined, ledger.owned(3)).unwrap();
    panics(|| world.despawn_recursive(root));
    assert!(!world.contains(root) && !world.contains(mined));
    assert_eq!((world.parent(leaf), world.contains(leaf)), (None, true));
    // What was to end with it ends with the next.
    let other = world.spawn(ledger.owned(4)).unwrap();
    world.despawn(other).unwrap();
    assert!(!world.contains(part));
    assert_eq!(world.counts().live(), world.len() as u64);
    drop(world);
    ledger.check_empty();
}

#[test]
fn who_has_no_relations_pays_nothing() {
    assert_eq!(Plain::LINKED, 0);
    let (mut world, mut plain) = (World::<Base>::new(), World::<Plain>::new());
    world.spawn_batch((0..100).map(Id)).unwrap();
    plain.spawn_batch((0..100).map(Id)).unwrap();
    assert_eq!(world.bytes(), plain.bytes(), "none of the columns is there");
}
