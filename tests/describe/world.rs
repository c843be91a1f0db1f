//! One world.

use std::time::Duration;

use static_ecs::component::Storage;
use static_ecs::config::{QueueConfig, Target};
use static_ecs::event::Overflow;
use static_ecs::prelude::*;
use static_ecs::schema::Schema;

#[derive(Component, Clone, Copy, Debug, Hash)]
struct Tag;
#[derive(Component, Clone)]
#[component(track)]
struct Position(#[expect(dead_code)] [f32; 3]);
#[derive(Component)]
#[component(observe, version = 3)]
struct Name(#[expect(dead_code)] String);
#[derive(Component)]
#[component(storage = "sparse")]
struct Hurt(#[expect(dead_code)] u16);
#[derive(Component, Clone, Copy)]
#[component(relation)]
struct Owes(Entity);
/// May not go to another thread.
#[derive(Component)]
struct Local(#[expect(dead_code)] std::rc::Rc<u8>);

#[derive(Event)]
struct Hit(#[expect(dead_code)] [u32; 5]);

#[world_config(
    components(Tag, Position, Name, Hurt, Owes, Sources<Owes>, Local),
    events(Hit(capacity = 9, on_full = drop_oldest)),
    archetypes(walker(Position), named(Name, Tag, capacity = 12)),
    max_entities = 1000,
    world_id = 0,
    role = io,
    routing(default_target = Other, Name => 2),
    targets(Other, 3),
    transfer_queue(capacity = 32, batch_size = 8, spsc = true, linger = 2, on_full = block(5ms))
)]
struct Field;
#[world_config(base = Field, role = standalone, source)]
struct Other;
#[world_config(base = Field, archetypes(walker(Position), named(Name, Tag), closed))]
struct Closed;

#[test]
fn components_are_as_they_are_in_the_schema() {
    let field = World::<Field>::describe();
    let all = field.components.iter();
    let layouts: Vec<_> = all.map(|c| (c.index, c.name, c.size, c.align, c.storage)).collect();
    let of = |index, name, (size, align)| (index, name, size, align, Storage::Table);
    const WORD: usize = size_of::<usize>();
    let expected = [
        of(0, "Tag", (0, 1)),
        of(1, "Position", (12, 4)),
        of(2, "Name", (3 * WORD, WORD)),
        (3, "Hurt", 2, 2, Storage::Sparse),
        // Relations come and go.
        (4, "Owes", 8, 8, Storage::Sparse),
        (5, "Sources<Owes>", size_of::<Sources<Owes>>(), WORD, Storage::Sparse),
        of(6, "Local", (WORD, WORD)),
    ];
    assert_eq!(layouts, expected);
    let traits: Vec<Vec<_>> = field.components.iter().map(|c| c.traits().collect()).collect();
    let expected: [&[_]; 7] = [
        &["send", "copy", "debug", "hash"],
        &["send", "clone", "tracked"],
        &["send", "drop", "observed"],
        &["send"],
        &["send", "copy", "relation"],
        &["send", "drop", "sources"],
        &["drop"],
    ];
    for (traits, expected) in traits.iter().zip(expected) {
        let missing: Vec<_> = expected.iter().filter(|word| !traits.contains(word)).collect();
        assert!(missing.is_empty(), "{traits:?} without {missing:?}");
    }
    assert_eq!(traits[..3], expected[..3]);
    assert_eq!((field.components[2].version, field.components[3].version), (3, 1));
}

/// Values don't overlap, and the next would not fit before.
#[test]
fn offsets_are_those_of_the_row() {
    let field = World::<Field>::describe();
    let mut end = 0;
    for component in &field.components {
        let offset = end_to(end, component.align);
        assert_eq!(component.offset, offset, "{}", component.name);
        end = offset + component.size;
    }
    let align = field.components.iter().map(|component| component.align).max().unwrap();
    assert_eq!(field.row_bytes, end_to(end, align));
    assert_eq!(field.row_bytes, size_of::<<Field as Schema>::Row>());
    assert_eq!(field.transfer_bytes, size_of::<EntityTransfer<Field>>());
    assert!(field.transfer_bytes > field.row_bytes);
}

fn end_to(end: usize, align: usize) -> usize {
    end.next_multiple_of(align)
}

const _: () = assert!(World::<Field>::TRANSFER_BYTES > World::<Field>::ROW_BYTES);
const _: () = assert!(World::<Field>::MAX_BYTES == 1000 * World::<Field>::ENTITY_BYTES);

#[test]
fn bytes_are_those_of_the_largest_archetype() {
    let field = World::<Field>::describe();
    let sizes: usize = field.components.iter().map(|component| component.size).sum();
    // Stamps of the one that is tracked, an id, a slot, and bits for the sparse ones.
    assert_eq!(field.entity_bytes, sizes + 8 + 8 + 12 + 1);
    assert_eq!(field.entity_bytes, World::<Field>::ENTITY_BYTES);
    assert_eq!(field.max_bytes, World::<Field>::MAX_BYTES);
    // Position with its stamps, or Name, whichever is more; and all that are sparse.
    let largest = (12 + 8).max(size_of::<Name>());
    let sparse = size_of::<Hurt>() + size_of::<Owes>() + size_of::<Sources<Owes>>();
    assert_eq!(World::<Closed>::ENTITY_BYTES, largest + sparse + 8 + 12 + 1);
    let closed = World::<Closed>::describe();
    assert_eq!((closed.closed, field.closed), (true, false));
    assert_eq!(closed.entity_bytes, World::<Closed>::ENTITY_BYTES);
}

#[test]
fn settings_are_those_of_the_attribute() {
    let field = World::<Field>::describe();
    assert_eq!((field.name, field.role, field.id), ("Field", Role::Io, Some(0)));
    assert_eq!((field.path, field.schema), (<Field as WorldConfig>::PATH, <Field as Schema>::PATH));
    assert_eq!((field.source, field.max_entities), (false, 1000));
    let queue = QueueConfig {
        capacity: 32,
        batch_size: 8,
        linger: 2,
        spsc: true,
        on_full: OnFull::Block(Duration::from_millis(5)),
    };
    assert_eq!(field.queue, queue);
    assert_eq!(field.default_target, Some(Target::World(Other::PATH)));
    let routes: Vec<_> = field.routes.iter().map(|r| (r.component, r.target)).collect();
    assert_eq!(routes, [("Name", Target::Id(2))]);
    assert_eq!(field.targets, [Target::World(Other::PATH), Target::Id(3)]);
    let archetypes: Vec<_> =
        field.archetypes.iter().map(|a| (a.name, a.components.as_slice(), a.capacity)).collect();
    let expected: [(_, &[_], _); 2] =
        [("walker", &["Position"], None), ("named", &["Tag", "Name"], Some(12))];
    assert_eq!(archetypes, expected);
    assert_eq!(field.archetypes[0].table_row_bytes, 12 + 8 + 8);
    let event = &field.events[0];
    assert_eq!((event.name, event.size, event.align, event.capacity), ("Hit", 20, 4, 9));
    assert_eq!(event.overflow, Overflow::DropOldest);
    let other = World::<Other>::describe();
    assert_eq!((other.source, other.role, other.id), (true, Role::Standalone, None));
}

#[derive(Component)]
struct Small(#[expect(dead_code)] u8);
#[derive(Component)]
#[component(storage = "sparse")]
struct Big(#[expect(dead_code)] [u64; 16]);
#[derive(Event)]
struct Ping;
#[world_config(
    components(Small, Big),
    events(Ping),
    archetypes(small(Small, capacity = 5), closed),
    max_entities = 200,
    role = compute,
    routing(default_target = Small2, Big => 1),
    targets(Small2)
)]
struct Text;
#[world_config(base = Text)]
struct Small2;

#[test]
fn a_world_is_a_table_of_its_components() {
    let expected = format!(
        "\
world Text: compute, up to 200 entities of up to 150 B, 29 KiB in all
  path {path}, schema {path}
  component  index  size  align  offset  storage  is
  Small          0     1      1       0  table    send
  Big            1   128      8       8  sparse   send
  in a transfer: a row of 136 B, {transfer} B with what is known of its way
  archetype  bytes  capacity  components
  small          9         5  Small
  closed: there are no other archetypes
  events Ping: up to 1024 of 0 B, one more: refuse
  takes in: 4096 in batches of 64 through one inbox, retain
  completed with Big: to id 1
  completed, others: to Small2
  by marker: to Small2
",
        path = <Text as Schema>::PATH,
        transfer = size_of::<EntityTransfer<Text>>(),
    );
    assert_eq!(World::<Text>::describe().to_string(), expected);
    let text = World::<Field>::describe().to_string();
    let queue =
        "32 in batches of 8 through a ring for each source, block(5ms), batches fill for 2 ticks";
    assert!(text.contains(queue) && text.starts_with("world Field (id 0): io, "), "{text}");
}

#[cfg(feature = "serde")]
#[test]
fn a_description_can_be_serialized() -> Result<(), serde_json::Error> {
    let json = serde_json::to_value(World::<Field>::describe())?;
    assert_eq!(json["components"][3]["storage"], "Sparse");
    assert_eq!(json["queue"]["on_full"]["Block"]["nanos"], 5_000_000);
    assert_eq!(json["routes"][0]["target"]["Id"], 2);
    Ok(())
}

#[test]
#[should_panic(expected = "a world is described by its own schema")]
fn a_world_is_described_by_no_other_schema() {
    #[world_config(components(Tag))]
    struct Small;
    let _ = static_ecs::describe::WorldDescription::new::<Small>(&Field::DESC);
}
