//! What queries and filters give, one by one, folded and by columns.
#![allow(missing_docs, unreachable_pub)]

mod common;

use std::collections::BTreeSet;

use ecs_core::entity::Entity;
use ecs_core::error::AccessError;
use ecs_core::outbox::TransferMarker;
use ecs_core::query::{Or, With, Without};
use ecs_core::schema::{Contains, Schema};
use ecs_core::transfer::EntityTransfer;
use ecs_core::world::World;
use ecs_macros::{Bundle, Component, Query, world_config};

use common::scaled;

#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Place(u32);
#[derive(Component, Clone, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Name(String);
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct Tag;
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
#[repr(align(128))]
struct Wide(u8);
/// No bytes, and yet aligned.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(crate = ecs_core)]
#[repr(align(128))]
struct WideTag;

#[world_config(crate = ecs_core, components(Place, Name, Tag, Wide, WideTag))]
struct Base;

fn name(number: u32) -> Name {
    Name(number.to_string())
}

/// Ten entities in each of four tables, numbered from 0.
fn world() -> World<Base> {
    let mut world = World::new();
    for number in 0..40 {
        let place = Place(number);
        let entity = match number / 10 {
            0 => world.spawn(place),
            1 => world.spawn((place, name(number))).map_err(|_| unreachable!()),
            2 => world.spawn((place, Tag, WideTag)).map_err(|_| unreachable!()),
            _ => world.spawn((name(number), Wide(number as u8), place)).map_err(|_| unreachable!()),
        };
        if number % 10 == 3 {
            world.insert(entity.unwrap(), TransferMarker::to(1)).unwrap();
        }
    }
    world
}

fn is_aligned<T>(value: &T) -> bool {
    std::ptr::from_ref(value).addr().is_multiple_of(align_of::<T>())
}

#[test]
fn next_and_fold_give_the_same_also_in_turns() {
    let mut world = world();
    let all: Vec<u32> = world.view::<&Place>().map(|place| place.0).collect();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
    for begun in [0, 1, 9, 10, 11, 39, 40] {
        let mut query = world.query::<&mut Place>();
        let mut seen: Vec<&mut Place> = query.by_ref().take(begun).collect();
        assert_eq!(query.size_hint(), (40 - begun, Some(40 - begun)));
        query.for_each(|place| seen.push(place));
        // All borrowed at once.
        for place in &mut seen {
            place.0 += 1;
        }
        assert!(seen.iter().map(|place| place.0).eq(1..41));
        for place in seen {
            place.0 -= 1;
        }
    }
    let mut ended = world.view::<&Wide>();
    assert_eq!(ended.by_ref().count(), 10);
    assert!(ended.next().is_none() && ended.next().is_none());
    assert_eq!(ended.size_hint(), (0, Some(0)));
    assert!(format!("{ended:?}").contains("QueryIter"));
}

#[test]
fn options_give_what_is_there() {
    let mut world = world();
    for (place, tag, wide) in world.query::<(&Place, Option<&Tag>, Option<&mut Wide>)>() {
        assert_eq!(tag.is_some(), place.0 / 10 == 2);
        assert_eq!(wide.is_some(), place.0 / 10 == 3);
        if let Some(wide) = wide {
            assert!(is_aligned(wide));
            wide.0 += 1;
        }
    }
    assert!(world.view::<(&Place, &Wide)>().all(|(place, wide)| place.0 + 1 == wide.0.into()));
    let both = world.view::<(&Place, Option<(&Name, &Wide)>)>();
    assert!(both.into_iter().all(|(place, both)| both.is_some() == (place.0 / 10 == 3)));
    // Nothing asked for: each entity once, also those without components.
    world.spawn(()).unwrap();
    assert_eq!(world.view::<()>().count(), 41);
    assert_eq!(world.view::<(Option<Option<&Tag>>, Option<Entity>)>().count(), 41);
}

#[test]
fn filters() {
    let world = world();
    let numbers = |iter: &mut dyn Iterator<Item = &Place>| -> BTreeSet<u32> {
        iter.map(|place| place.0 / 10).collect()
    };
    type Nested = Or<(Without<Name>, With<Wide>)>;
    type AllOf = (With<Name>, Without<Wide>);
    type Deep = (Or<(AllOf, With<Tag>)>, Or<(With<Tag>, Or<(With<Wide>,)>)>);
    assert_eq!(numbers(&mut world.view_filtered::<&Place, With<Name>>()), [1, 3].into());
    assert_eq!(numbers(&mut world.view_filtered::<&Place, Without<Name>>()), [0, 2].into());
    assert_eq!(numbers(&mut world.view_filtered::<&Place, Nested>()), [0, 2, 3].into());
    assert_eq!(numbers(&mut world.view_filtered::<&Place, AllOf>()), [1].into());
    assert_eq!(numbers(&mut world.view_filtered::<&Place, Deep>()), [2].into());
    assert_eq!(world.view_filtered::<Entity, ()>().count(), 40);
}

#[test]
fn filters_by_the_marker_look_at_entities() {
    let mut world = world();
    let marked: Vec<_> =
        world.view_filtered::<&Place, With<TransferMarker>>().map(|place| place.0).collect();
    assert_eq!(marked, [3, 13, 23, 33]);
    type Unmarked = (Without<TransferMarker>, With<Name>);
    assert_eq!(world.view_filtered::<Entity, Unmarked>().count(), 18);
    let mut query = world.query_filtered::<&mut Place, Or<(With<TransferMarker>, With<Tag>)>>();
    assert_eq!(query.size_hint(), (0, Some(40)));
    query.next().unwrap().0 += 100;
    assert_eq!(query.map(|place| place.0).collect::<Vec<_>>().len(), 12);
    // Completed is not marked; a marker stays in force.
    let entities: Vec<_> = world.entities().collect();
    world.complete(entities[0]).unwrap();
    world.complete(entities[3]).unwrap();
    assert_eq!(world.view_filtered::<Entity, With<TransferMarker>>().count(), 4);
    assert_eq!(world.remove::<TransferMarker>(entities[3]), Ok(TransferMarker::to(1)));
    assert!(world.remove::<TransferMarker>(entities[0]).is_err());
    assert_eq!(world.view_filtered::<Entity, With<TransferMarker>>().count(), 3);
}

#[test]
fn slices_are_whole_columns() {
    let mut world = world();
    let mut rows = 0;
    for (entities, places, names, tags) in
        world.query::<(Entity, &mut Place, Option<&Name>, Option<&WideTag>)>().slices()
    {
        assert_eq!(entities.len(), places.len());
        assert!(names.is_none_or(|names| names.len() == places.len()));
        assert!(tags.is_none_or(|tags| tags.len() == places.len() && is_aligned(&tags[0])));
        assert_eq!(places.as_ptr().addr() % 64, 0);
        rows += places.len();
        places.iter_mut().for_each(|place| place.0 *= 2);
    }
    assert_eq!(rows, 40);
    let sum: u32 = world.view::<&Place>().slices().flatten().map(|place| place.0).sum();
    assert_eq!(sum, (0..40).sum::<u32>() * 2);
    assert_eq!(world.view_filtered::<Entity, With<Tag>>().slices().count(), 1);
    for wides in world.query::<&mut Wide>().slices() {
        assert!(wides.iter().all(is_aligned));
    }
}

#[test]
fn slices_leave_out_what_was_given() {
    let mut world = world();
    let mut query = world.query::<&mut Place>();
    let first = query.next().unwrap();
    let rest: Vec<&mut [Place]> = query.slices().collect();
    assert_eq!(rest.len(), 3);
    // All of them are borrowed at once, so no row may be given twice.
    first.0 = 700;
    rest.into_iter().flatten().for_each(|place| place.0 = 8);
    assert_eq!(world.view::<&Place>().filter(|place| place.0 == 700).count(), 1);
}

#[test]
fn query_one() {
    let mut world = world();
    let entities: Vec<_> = world.entities().collect();
    type Row<'w> = (Entity, &'w mut Place, Option<&'w mut Name>, &'w Wide);
    let (entity, place, name, wide) = world.query_one::<Row<'_>>(entities[35]).unwrap();
    place.0 = 99;
    name.unwrap().0.push('!');
    assert_eq!((entity, wide), (entities[35], &Wide(35)));
    assert_eq!(world.get::<Place>(entity), Ok(&Place(99)));
    assert_eq!(world.get::<Name>(entity).unwrap().0, "35!");
    let missing = world.query_one::<(&Place, &Wide)>(entities[0]);
    assert!(matches!(missing, Err(AccessError::Missing { .. })));
    assert_eq!(
        world.query_one::<(Entity, Option<&Tag>)>(entities[20]),
        Ok((entities[20], Some(&Tag)))
    );
}

#[test]
fn what_borrows_twice_conflicts() {
    type Pair = (Option<&'static mut Place>, &'static Place);
    type Inside = Option<(&'static mut Place, &'static Place)>;
    type Deep = (&'static Name, (Option<(&'static Place,)>, Option<Option<&'static mut Place>>));
    type Twice = (&'static mut Place, &'static mut Place);
    type Fine = (&'static Place, Option<&'static Place>, &'static mut Name, Entity);
    const fn conflicts<Q: ecs_core::query::QueryData<Base>>() -> bool {
        matches!(Q::ACCESS.fault, Some(ecs_core::query::Fault::Twice(_)))
    }
    assert!(conflicts::<Pair>() && conflicts::<Inside>() && conflicts::<Deep>());
    assert!(conflicts::<Twice>() && conflicts::<Option<Twice>>() && !conflicts::<Fine>());
    assert!(conflicts::<(Twice, Fine)>() && conflicts::<Twofold<'static>>());
    let access = <Inside as ecs_core::query::QueryData<Base>>::ACCESS;
    assert_eq!((access.required, access.read, access.write), (0, 1, 1));
    const fn doubles<B: ecs_core::bundle::Bundle<Base>>() -> bool {
        B::TWICE.is_some()
    }
    type Marked = ((TransferMarker, Place), TransferMarker);
    assert!(doubles::<(Place, (Name, Place))>() && doubles::<Marked>());
    assert!(!doubles::<(Place, (Name, (), TransferMarker))>());
}

#[derive(Query)]
#[query(crate = ecs_core)]
#[allow(dead_code)]
struct Twofold<'w> {
    read: Option<&'w Place>,
    written: &'w mut Place,
}

#[test]
fn entities_without_components_and_empty_bundles() {
    let mut world = World::<Base>::new();
    let plain = world.spawn(()).unwrap();
    world.spawn_batch(vec![(); 5]).unwrap();
    world.insert(plain, ()).unwrap();
    assert_eq!(world.remove::<()>(plain), Ok(()));
    world.insert(plain, ((), (Tag, ()))).unwrap();
    assert_eq!(world.remove::<((), Tag)>(plain), Ok(((), Tag)));
    assert_eq!(world.query::<Entity>().count(), 6);
    assert_eq!(world.query_filtered::<Entity, Without<Tag>>().count(), 6);
    let transfer = world.take(plain).unwrap();
    assert_eq!(transfer.mask(), 0);
    assert_eq!(world.insert_transfer(transfer).unwrap(), plain);
}

#[test]
fn values_without_bytes_are_counted_and_aligned() {
    let mut world = World::<Base>::new();
    let count = scaled(1000, 50) as usize;
    world.spawn_batch((0..count).map(|_| (Tag, WideTag))).unwrap();
    assert_eq!(world.query::<(&mut Tag, &WideTag)>().count(), count);
    for (tags, wide) in world.query::<(&mut Tag, &mut WideTag)>().slices() {
        assert_eq!((tags.len(), wide.len()), (count, count));
        assert!(wide.iter().all(is_aligned));
    }
    let entity = world.entities().next().unwrap();
    assert!(is_aligned(world.get::<WideTag>(entity).unwrap()));
    let mut transfer: EntityTransfer<Base> = world.take(entity).unwrap();
    assert!(is_aligned(transfer.get::<WideTag>().unwrap()));
    assert_eq!(transfer.unpack::<WideTag>(), Some(WideTag));
    assert_eq!(transfer.unpack::<WideTag>(), None);
    transfer.pack(Wide(3)).unwrap();
    assert!(is_aligned(transfer.get::<Wide>().unwrap()));
    transfer.get_mut::<Wide>().unwrap().0 = 4;
    assert_eq!(transfer.unpack(), Some(Wide(4)));
}

/// A schema with as many components as there may be.
#[derive(Component, Clone, Debug, PartialEq)]
#[component(crate = ecs_core)]
struct N<const I: usize>(Box<usize>);

macro_rules! numbered {
    ($call:ident! $($rest:tt)*) => {
        numbered!(@ $call [$($rest)*] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
            24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52
            53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81
            82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103 104 105 106 107
            108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127);
    };
    (@ $call:ident [$($rest:tt)*] $($index:literal)*) => { $call!($($rest)* $($index)*); };
}

macro_rules! large {
    ($($index:literal)*) => {
        #[world_config(crate = ecs_core, components($(N<$index>),*))]
        struct Large;

        /// One after the other, so that a row goes through 128 tables.
        fn grow(world: &mut World<Large>, entity: Entity) {
            $(
                if taken($index) {
                    world.insert(entity, N::<$index>(Box::new($index))).unwrap();
                    let number = *world.get::<N<$index>>(entity).unwrap().0;
                    assert_eq!(number, <Large as Contains<N<$index>>>::INDEX);
                }
            )*
        }

        fn shrink(world: &mut World<Large>, entity: Entity) {
            $(
                if taken($index) {
                    assert_eq!(*world.remove::<N<$index>>(entity).unwrap().0, $index);
                }
            )*
        }
    };
}
numbered!(large!);

/// All, or a few from both ends under Miri.
fn taken(index: usize) -> bool {
    !cfg!(miri) || index.is_multiple_of(13) || index > 125
}

#[test]
fn a_schema_of_128_components() {
    assert_eq!((Large::COMPONENTS.len(), Large::ALL), (128, u128::MAX));
    let mut world = World::<Large>::new();
    let entity = world.spawn(()).unwrap();
    grow(&mut world, entity);
    let mask = (0..128).filter(|&index| taken(index)).fold(0, |mask, index| mask | 1_u128 << index);
    assert_eq!(world.select(entity).unwrap().mask, mask);
    assert_eq!(world.query::<(&mut N<0>, &N<127>)>().count(), 1);
    let transfer = world.take(entity).unwrap();
    let mut block = ecs_core::block::Block::new(ecs_core::block::block_bytes::<Large>(1));
    let rows = block.begin(transfer.mask(), 0, transfer.flags());
    assert!(rows == 1 || mask != u128::MAX);
    block.push(transfer);
    assert_eq!(world.arrive(&mut block, 1), Ok(1));
    let transfer = world.copy(entity).unwrap();
    drop(transfer);
    shrink(&mut world, entity);
    assert_eq!(world.select(entity).unwrap().mask, 0);
    assert_eq!(world.tables().len(), 2 * mask.count_ones() as usize);
}

#[derive(Bundle, Debug, PartialEq)]
#[bundle(crate = ecs_core)]
struct Many {
    a: N<20>,
    b: N<1>,
    c: (N<2>, N<3>, N<4>, N<5>),
    d: N<6>,
    e: N<7>,
    f: N<8>,
    g: N<9>,
    h: N<10>,
    i: N<11>,
    j: N<12>,
    k: N<13>,
    l: N<14>,
    m: N<15>,
    n: N<16>,
    o: N<17>,
    p: N<18>,
    q: N<19>,
}

#[derive(Query)]
#[query(crate = ecs_core)]
struct Asked<'w> {
    entity: Entity,
    a: &'w mut N<20>,
    b: &'w N<1>,
    c: Inner<'w>,
    d: Option<&'w N<6>>,
    e: Option<&'w mut N<100>>,
    f: &'w N<8>,
    g: &'w N<9>,
    h: &'w N<10>,
    i: &'w N<11>,
    j: &'w N<12>,
    k: &'w N<13>,
    l: &'w N<14>,
    m: &'w N<15>,
    n: &'w N<16>,
    o: &'w N<17>,
    p: &'w N<18>,
    q: &'w N<19>,
}

#[derive(Query)]
#[query(crate = ecs_core)]
struct Inner<'w> {
    two: &'w mut N<2>,
    five: &'w N<5>,
}

fn n<const I: usize>() -> N<I> {
    N(Box::new(I))
}

fn many() -> Many {
    Many {
        a: n(),
        b: n(),
        c: (n(), n(), n(), n()),
        d: n(),
        e: n(),
        f: n(),
        g: n(),
        h: n(),
        i: n(),
        j: n(),
        k: n(),
        l: n(),
        m: n(),
        n: n(),
        o: n(),
        p: n(),
        q: n(),
    }
}

#[test]
fn structs_have_no_limit_of_fields() {
    let mut world = World::<Large>::new();
    let first = world.spawn(many()).unwrap();
    let second = world.spawn((many(), N::<100>(Box::new(5)))).map_err(drop).unwrap();
    let mut found = Vec::new();
    for asked in world.query::<Asked<'_>>() {
        found.push(asked.entity);
        *asked.a.0 += 1;
        *asked.c.two.0 += *asked.c.five.0;
        let rest = [
            *asked.b.0, *asked.f.0, *asked.g.0, *asked.h.0, *asked.i.0, *asked.j.0, *asked.k.0,
            *asked.l.0, *asked.m.0, *asked.n.0, *asked.o.0, *asked.p.0, *asked.q.0,
        ];
        assert_eq!(rest, [1, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
        assert!(asked.d.is_some_and(|six| *six.0 == 6));
        if let Some(hundred) = asked.e {
            *hundred.0 = 6;
        }
    }
    assert_eq!(found, [first, second]);
    assert_eq!(*world.get::<N<2>>(first).unwrap().0, 7);
    assert_eq!(*world.get::<N<100>>(second).unwrap().0, 6);
    let mut expected = many();
    (*expected.a.0, *expected.c.0.0) = (21, 7);
    assert_eq!(world.remove::<Many>(second), Ok(expected));
    assert_eq!(world.select(second).unwrap().mask, 1 << 100);
    assert_eq!(<Many as ecs_core::bundle::Bundle<Large>>::MASK, (1 << 21) - 2);
    let names: Vec<_> = world.query::<Inner<'_>>().slices().map(|(two, _)| two.len()).collect();
    assert_eq!(names, [1]);
}
