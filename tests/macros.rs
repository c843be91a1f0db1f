//! What the macros emit: the constants of worlds and schemas, and the impls of
//! bundles and queries.
#![forbid(unsafe_code)]
// Visibilities are part of what is tested.
#![allow(unreachable_pub)]
#![warn(missing_docs, clippy::pedantic, clippy::undocumented_unsafe_blocks)]

use core::mem::{MaybeUninit, offset_of};
use core::time::Duration;
use std::rc::Rc;

use ecs_macros::{Bundle, Component, Query, coordinator, pipeline_configs, world_config};
use static_ecs::__support::{
    Access, Bundle, Contains, Entity, MAX_WORLDS, NeighbourMatrix, Neighbours, OnFull, QueryData,
    ReadOnlyQueryData, Resource, Role, Route, Schema, Target, WorldConfig, WorldDesc, neighbours,
};
use static_ecs::prelude::World;

#[derive(Component, Clone, Copy)]
struct Position {
    _x: f32,
    _y: f32,
}

#[derive(Component)]
struct Request {
    _body: Vec<u8>,
}

#[derive(Component)]
struct Failed;

#[derive(Component)]
struct Local(#[expect(dead_code)] Rc<u8>);

mod path {
    #[derive(ecs_macros::Component, Clone, Debug)]
    #[repr(align(32))]
    pub struct Wide;
}

#[derive(Component)]
struct Tagged<T, const N: usize>([T; N]);

/// Has private components.
#[world_config(
    components(Position, Request, Failed, path::Wide, Local, Tagged<u8, 3>,),
    archetypes(mover(Position, path::Wide), tagged(Tagged<u8, 3>), closed),
    max_entities = 1 << 10,
    transfer_queue(capacity = 1024, batch_size = 32, spsc = true, on_full = block(5ms)),
    routing(default_target = Io, Failed => Accept, path::Wide => 2),
    targets(Audit, 3),
    neighbours = neighbours::ring::<16>,
    role = custom,
    world_id = 7,
    source
)]
#[derive(Debug)]
pub struct Base;

#[world_config(base = Base)]
struct Heir;

#[world_config(
    targets(),
    source,
    world_id = ID,
    routing(Position => Heir),
    transfer_queue(capacity = CAPACITY, on_full = spill(100)),
    role = io,
    base = Base
)]
struct Io;

#[world_config(base = Base, routing(default_target = Io), transfer_queue(on_full = block(TIMEOUT)))]
struct Accept;

#[world_config(components())]
struct Audit;

const ID: u16 = 2;
const CAPACITY: u32 = 1 << 8;
const TIMEOUT: Duration = Duration::from_nanos(7);

const fn desc<W: WorldConfig>() -> WorldDesc {
    W::DESC
}

fn routes(desc: &WorldDesc) -> Vec<(usize, Target)> {
    desc.routing.routes.iter().map(|Route { component, target }| (*component, *target)).collect()
}

#[test]
fn schema_lists_its_components_in_order() {
    let components = Base::COMPONENTS;
    let names: Vec<_> = components.iter().map(|component| component.name).collect();
    assert_eq!(names, ["Position", "Request", "Failed", "Wide", "Local", "Tagged<u8,3>"]);
    assert_eq!(<Base as Contains<Position>>::INDEX, 0);
    assert_eq!(<Base as Contains<path::Wide>>::INDEX, 3);
    assert_eq!(<Base as Contains<Tagged<u8, 3>>>::BIT, 1 << 5);
    assert_eq!(Base::ALL, 0b11_1111);
    assert_eq!(Base::NEEDS_DROP, 0b01_0010);
    assert_eq!(<Base as Schema>::NAME, "Base");
    assert_eq!(<Base as Schema>::PATH, "macros::Base");
    let can = |what: fn(&static_ecs::__support::ComponentInfo) -> bool| -> Vec<bool> {
        components.iter().map(what).collect()
    };
    assert_eq!(
        can(|component| component.clone.is_some()),
        [true, false, false, true, false, false]
    );
    assert_eq!(can(|component| component.send), [true, true, true, true, false, true]);
}

#[test]
fn row_has_room_for_each_component() {
    type Row = <Base as Schema>::Row;
    let mut end = 0;
    for component in Base::COMPONENTS {
        assert!(component.offset >= end, "{} overlaps", component.name);
        assert_eq!(component.offset % component.align, 0);
        end = component.offset + component.size;
    }
    assert!(end <= size_of::<Row>());
    assert_eq!(align_of::<Row>(), 32);
    assert_eq!(size_of::<MaybeUninit<path::Wide>>(), 0);
}

/// Some begin behind a gap, one of which an empty one makes.
#[world_config(components(Tagged<u8, 3>, path::Wide, Tagged<u8, 1>, Request, Failed, Tagged<u16, 3>))]
struct Gaps;

#[test]
fn components_are_where_the_compiler_puts_them() {
    #[repr(C)]
    struct Fields {
        bytes: MaybeUninit<Tagged<u8, 3>>,
        wide: MaybeUninit<path::Wide>,
        byte: MaybeUninit<Tagged<u8, 1>>,
        request: MaybeUninit<Request>,
        failed: MaybeUninit<Failed>,
        words: MaybeUninit<Tagged<u16, 3>>,
    }
    let offsets: Vec<usize> = Gaps::COMPONENTS.iter().map(|component| component.offset).collect();
    let expected = [
        offset_of!(Fields, bytes),
        offset_of!(Fields, wide),
        offset_of!(Fields, byte),
        offset_of!(Fields, request),
        offset_of!(Fields, failed),
        offset_of!(Fields, words),
    ];
    assert_eq!(offsets, expected);
    assert_eq!(size_of::<<Gaps as Schema>::Row>(), size_of::<Fields>());
}

#[test]
fn world_has_what_is_set() {
    let desc = desc::<Base>();
    assert_eq!((desc.name, desc.path, desc.schema), ("Base", "macros::Base", "macros::Base"));
    assert_eq!((desc.role, desc.id, desc.source), (Role::Custom, Some(7), true));
    assert_eq!((desc.max_entities, desc.closed), (1024, true));
    assert_eq!((desc.queue.capacity, desc.queue.batch_size, desc.queue.spsc), (1024, 32, true));
    assert_eq!(desc.queue.on_full, OnFull::Block(Duration::from_millis(5)));
    assert_eq!(desc.routing.default, Some(Target::World("macros::Io")));
    assert_eq!(routes(&desc), [(2, Target::World("macros::Accept")), (3, Target::Id(2))]);
    assert_eq!(desc.targets, [Target::World("macros::Audit"), Target::Id(3)]);
    let archetypes: Vec<_> = desc.archetypes.iter().map(|each| (each.name, each.mask)).collect();
    assert_eq!(archetypes, [("mover", 0b1001), ("tagged", 0b10_0000)]);
    assert!(desc.neighbours.reaches(15, 0) && !desc.neighbours.reaches(0, 2));
}

#[test]
fn world_with_nothing_set_has_the_defaults() {
    let (audit, plain) =
        (desc::<Audit>(), WorldDesc::new("Audit", "macros::Audit", "macros::Audit"));
    assert_eq!(format!("{audit:?}"), format!("{plain:?}"));
}

#[test]
fn base_hands_down_everything_but_the_id() {
    let (heir, base) = (desc::<Heir>(), desc::<Base>());
    assert_eq!((heir.name, heir.path, heir.id), ("Heir", "macros::Heir", None));
    let renamed = WorldDesc { name: "Base", path: "macros::Base", id: Some(7), ..heir };
    assert_eq!(format!("{renamed:?}"), format!("{base:?}"));
}

#[test]
fn world_replaces_only_what_it_sets() {
    let (io, base) = (desc::<Io>(), desc::<Base>());
    assert_eq!((io.role, io.id), (Role::Io, Some(2)));
    assert_eq!(io.queue.capacity, 256);
    assert_eq!(io.queue.batch_size, base.queue.batch_size);
    assert_eq!(io.queue.spsc, base.queue.spsc);
    assert_eq!(io.queue.on_full, OnFull::Spill(100));
    assert_eq!(io.routing.default, base.routing.default);
    assert_eq!(routes(&io), [(0, Target::World("macros::Heir"))]);
    assert!(io.targets.is_empty());
    assert_eq!(io.schema, "macros::Base");

    let accept = desc::<Accept>();
    assert_eq!(accept.queue.on_full, OnFull::Block(Duration::from_nanos(7)));
    assert_eq!(accept.queue.capacity, base.queue.capacity);
    assert_eq!(accept.routing.default, Some(Target::World("macros::Io")));
    assert_eq!(routes(&accept), routes(&base));
}

#[derive(Bundle)]
struct Pair {
    wide: path::Wide,
    rest: (Position, Failed),
}

#[derive(Bundle)]
struct Nested<T: static_ecs::__support::Component>(Pair, T);

#[test]
fn bundle_is_its_fields_together() {
    assert_eq!(<Pair as Bundle<Base>>::MASK, 0b1101);
    assert_eq!(<Nested<Request> as Bundle<Base>>::MASK, 0b1111);
    const { assert!(<Nested<Request> as Bundle<Base>>::TWICE.is_none()) };
    const { assert!(<Nested<Position> as Bundle<Base>>::TWICE.is_some()) };
    const { assert!(!<Pair as Bundle<Base>>::MARKER) };
    const { assert!(<(Pair, static_ecs::outbox::TransferMarker) as Bundle<Base>>::MARKER) };
}

#[derive(Query)]
struct Ids {
    _entity: Entity,
}

#[derive(Query)]
struct Seen<'w> {
    _ids: Ids,
    _failed: Option<&'w Failed>,
    _both: (&'w Position, Entity),
}

#[derive(Query)]
struct Moved<'w, C: static_ecs::__support::Component> {
    _seen: Seen<'w>,
    _wide: &'w mut path::Wide,
    _body: Option<&'w mut C>,
    _id: Entity,
}

#[derive(Query)]
#[allow(dead_code)]
struct Clash<'a>(&'a mut Position, Seen<'a>);

fn read_only<S: Schema, Q: ReadOnlyQueryData<S>>() -> Access {
    Q::ACCESS
}

#[test]
fn query_touches_what_its_fields_touch() {
    let access = read_only::<Base, Seen<'_>>();
    assert_eq!(access, Access { required: 0b1, read: 0b101, ..Access::NONE });
    let access = <Moved<'_, Request> as QueryData<Base>>::ACCESS;
    assert_eq!(access, Access { required: 0b1001, read: 0b101, write: 0b1010, ..Access::NONE });
    const { assert!(<Clash<'_> as QueryData<Base>>::ACCESS.fault.is_some()) };
}

/// Gives itself: this compiles only if the item is the struct.
#[allow(dead_code)]
fn query_gives_the_struct<'w>(
    item: <Moved<'static, Request> as QueryData<Base>>::Item<'w>,
) -> Moved<'w, Request> {
    item
}

/// The slices are a tuple in the order of the fields.
#[allow(dead_code)]
fn query_gives_slices<'w>(
    slices: <Clash<'static> as QueryData<Base>>::Slices<'w>,
) -> &'w mut [Position] {
    slices.0
}

pipeline_configs!(Base => pub Listen, /// Waits.
    Wait, pub(crate) r#Work);

#[test]
fn pipeline_has_three_worlds() {
    let [listen, wait, work] = [desc::<Listen>(), desc::<Wait>(), desc::<Work>()];
    assert_eq!([listen.name, wait.name, work.name], ["Listen", "Wait", "Work"]);
    assert_eq!([listen.role, wait.role, work.role], [Role::Accept, Role::Io, Role::Compute]);
    assert_eq!([listen.id, wait.id, work.id], [Some(0), Some(1), Some(2)]);
    let default = |desc: &WorldDesc| desc.routing.default;
    assert_eq!(default(&listen), Some(Target::World("macros::Wait")));
    assert_eq!(default(&wait), Some(Target::World("macros::Work")));
    assert_eq!(default(&work), Some(Target::World("macros::Wait")));
    for world in [listen, wait, work] {
        assert_eq!(world.queue, desc::<Base>().queue);
        assert_eq!(routes(&world), routes(&desc::<Base>()));
    }
}

/// The facade under another name.
mod renamed {
    pub use static_ecs::__support;
}

mod bare {
    //! No prelude is in scope, the crate has another name, and the names that
    //! the prelude and the standard library use mean something else.
    #![no_implicit_prelude]
    #![allow(non_camel_case_types, dead_code)]

    struct Option;
    struct Some;
    struct Copy;
    struct Send;
    struct Schema;
    struct str;
    struct usize;
    struct bool;
    mod core {}

    #[derive(::ecs_macros::Component)]
    #[component(crate = super::renamed)]
    pub struct A;

    #[derive(::ecs_macros::Component)]
    #[component(crate = super::renamed)]
    pub enum r#B {
        One,
    }

    #[derive(::ecs_macros::Component)]
    #[component(crate = super::renamed, storage = "sparse", version = 3, observe, track)]
    pub struct Sparse<T: ::core::marker::Send>(T);

    #[derive(::ecs_macros::Component)]
    #[component(crate = super::renamed, relation(on_despawn = cascade))]
    pub struct r#In(::static_ecs::prelude::Entity);

    #[derive(::ecs_macros::Event)]
    #[event(crate = super::renamed)]
    pub struct r#Told<T>(T);

    #[derive(::ecs_macros::Resource)]
    #[resource(crate = super::renamed)]
    pub struct r#Kept<T>(T);

    #[derive(::ecs_macros::Bundle)]
    #[bundle(crate = super::renamed)]
    pub struct Both {
        r#type: A,
        r#b: r#B,
    }

    #[derive(::ecs_macros::Query)]
    #[query(crate = super::renamed)]
    pub struct Seen<'w> {
        r#type: &'w A,
        nested: (&'w B,),
    }

    #[::ecs_macros::world_config(
        crate = super::renamed,
        components(A, r#B, Sparse<[u8; 4]>, r#In, ::static_ecs::prelude::Sources<r#In>),
        events(r#Told<A>(capacity = 4, on_full = drop_oldest)),
        routing(default_target = Two, A => Two),
        targets(Two),
        archetypes(r#type(A, capacity = 3)),
        transfer_queue(capacity = 2, batch_size = 2, linger = 1, spsc = true, on_full = block(1us)),
        neighbours = super::neighbours::all,
        role = accept,
        world_id = 0,
        source,
        max_entities = 5
    )]
    pub struct r#One;

    #[::ecs_macros::world_config(crate = super::renamed, base = One)]
    pub struct Two;

    #[::ecs_macros::world_config(crate = super::renamed, base = One, routing(A => X), targets(X), transfer_queue(on_full = retain))]
    pub struct Plain;

    ::ecs_macros::pipeline_configs!(crate = super::renamed, Plain => pub X, pub Y, pub Z);
    ::ecs_macros::coordinator!(crate = super::renamed; pub type Server = (X, Y, Z,););
}

#[test]
fn names_are_written_without_their_raw_mark() {
    assert_eq!(bare::One::COMPONENTS[1].name, "B");
    assert_eq!(bare::One::COMPONENTS[2].name, "Sparse<[u8;4]>");
    assert_eq!(bare::One::COMPONENTS[3].name, "In");
    assert_eq!(<bare::One as Schema>::EVENTS[0].name, "Told<A>");
    assert_eq!(<bare::Kept<u8> as Resource>::NAME, "macros::bare::Kept");
    assert_eq!(desc::<bare::One>().name, "One");
    assert_eq!(desc::<bare::One>().archetypes[0].name, "type");
    assert_eq!(<bare::Both as Bundle<bare::One>>::MASK, 0b11);
    assert_eq!(read_only::<bare::One, bare::Seen<'_>>().read, 0b11);
    let _: Option<bare::Server> = None;
}

#[test]
fn everything_works_in_a_function() {
    #[derive(Component)]
    struct Here;

    #[world_config(components(Here), routing(default_target = Two))]
    struct One;
    #[world_config(base = One, routing(default_target = One))]
    struct Two;

    coordinator!(type Both = (One, Two));

    let _: Option<Both> = None;
    assert_eq!(<One as Contains<Here>>::INDEX, 0);
    assert_eq!(desc::<Two>().routing.default, Some(Target::World("macros::One")));
}

coordinator! {
    /// Like worlds.
    pub(crate) type Many = [Lone; MAX_WORLDS]
}
coordinator!(
    type Alone = (Audit,);
);

#[world_config(components(Position), neighbours = every_second)]
struct Lone;

const fn every_second(from: usize, to: usize) -> bool {
    from % 2 == to % 2
}

#[test]
fn neighbours_are_a_matrix() {
    const EXPECTED: NeighbourMatrix = {
        let even = [0x5555_5555_5555_5555; MAX_WORLDS / 64];
        let odd = [0xaaaa_aaaa_aaaa_aaaa; MAX_WORLDS / 64];
        let mut rows = [even; MAX_WORLDS];
        let mut row = 1;
        while row < MAX_WORLDS {
            rows[row] = odd;
            row += 2;
        }
        rows
    };
    let Neighbours::Matrix(rows) = desc::<Lone>().neighbours else { panic!("no matrix") };
    assert_eq!(rows, &EXPECTED);
    let _: (Option<Many>, Option<Alone>) = (None, None);
}

#[derive(Component, Clone, Copy, Debug, PartialEq)]
struct Count(u32);

#[derive(Component)]
struct Name(#[expect(dead_code)] Rc<str>);

#[world_config(components(Count, Name, Failed), archetypes(named(Count, Name)))]
struct Small;

#[derive(Bundle)]
struct Named {
    count: Count,
    name: Name,
}

#[derive(Bundle)]
struct FailedToo(Named, Failed);

#[derive(Query)]
struct Counted<'w> {
    name: Option<&'w Name>,
    count: &'w mut Count,
    rest: Rest<'w>,
}

#[derive(Query)]
struct Rest<'w>(Entity, Option<&'w Failed>);

#[test]
fn derived_bundles_and_queries_work_in_a_world() {
    let name: Rc<str> = "name".into();
    let named = |count| Named { count: Count(count), name: Name(Rc::clone(&name)) };
    let mut world = World::<Small>::new();
    let one = world.spawn(named(1)).ok();
    let two = world.spawn(FailedToo(named(2), Failed)).ok();
    let three = world.spawn((Count(3),)).ok();
    assert!(one.is_some() && two.is_some() && three.is_some());

    for Counted { name, count, rest: Rest(entity, failed) } in world.query::<Counted>() {
        assert_eq!(name.is_some(), Some(entity) != three);
        assert_eq!(failed.is_some(), Some(entity) == two);
        count.0 *= 10;
    }
    let mut counts: Vec<u32> = world.view::<&Count>().map(|count| count.0).collect();
    counts.sort_unstable();
    assert_eq!(counts, [10, 20, 30]);
    assert_eq!(Rc::strong_count(&name), 3);
    drop(world);
    assert_eq!(Rc::strong_count(&name), 1);
}

macro_rules! declare {
    ($base:ident, $io:ident, $query:ident, $all:ident: $worlds:ty, $c:ty, $p:path, $o:ty, $n:expr, $t:literal) => {
        #[world_config(components($c, $p), archetypes(both($c, $p)), max_entities = $n)]
        struct $base;
        #[world_config(base = $base, routing($c => $base), targets($t))]
        struct $io;
        #[world_config(base = $base, source, targets($io))]
        struct Source;
        #[derive(Query)]
        struct $query<'w> {
            _one: &'w $c,
            _two: $o,
            _three: Option<&'w mut $p>,
        }
        coordinator!(type $all = $worlds);
    };
}

#[test]
fn everything_works_from_a_declarative_macro() {
    declare!(First, Second, Both, All: (First, Second, Source), Count, Failed, Option<Entity>, 7, 0);
    let _: Option<All> = None;
    assert_eq!(desc::<First>().max_entities, 7);
    assert_eq!(desc::<First>().archetypes[0].mask, 0b11);
    assert_eq!(desc::<Second>().targets, [Target::Id(0)]);
    assert_eq!(<Both<'_> as QueryData<First>>::ACCESS.write, 0b10);
}
