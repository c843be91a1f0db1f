//! A convoy of trucks, each a tree of parts, drives through three worlds. Shows a
//! template with children, relations with both sides, and trees that move between worlds
//! as a unit through a queue into which only two of them fit.
//!
//! Run it with `cargo run --release --example hierarchy`.

use std::error::Error;

use static_ecs::prelude::*;

#[derive(Component, Clone)]
struct Name(&'static str);

/// How long it takes to cross the bridge, on which there is room for three trucks.
const BRIDGE: u32 = 4;

/// How far a truck still has to go here.
#[derive(Component, Clone, Copy)]
struct Way(u32);

/// Follows another truck.
#[derive(Component, Clone, Copy)]
#[component(relation)]
struct Follows(Entity);

#[world_config(
    components(Name, Way, ChildOf, Children, Follows, Sources<Follows>),
    transfer_queue(capacity = 16, batch_size = 8)
)]
struct Base;

#[world_config(base = Base, source, targets(Bridge))]
struct Road;
#[world_config(base = Base, max_entities = 20, targets(Town))]
struct Bridge;
#[world_config(base = Base)]
struct Town;

coordinator!(type Map = (Road, Bridge, Town));

/// Sends on whoever has no way to go here, with all its parts.
fn drive<W: WorldConfig<Schema = Base>>(world: &mut World<W>) {
    let next = world.id().unwrap_or_default() + 1;
    let mut gone = Vec::new();
    for (truck, way) in world.query::<(Entity, &mut Way)>() {
        way.0 = way.0.saturating_sub(1);
        if way.0 == 0 {
            way.0 = BRIDGE;
            gone.push(truck);
        }
    }
    for truck in gone {
        // What is refused is said once, by `problems`.
        let _ = world.send_tree(truck, TransferMarker::to(next));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let wheel = || Template::<Base>::new(Name("wheel"));
    let trailer = Template::new(Name("trailer")).with_child(wheel()).with_child(wheel());
    let truck = Template::new((Name("truck"), Way(0)))
        .with_child(wheel())
        .with_child(wheel())
        .with_child(trailer);

    let mut map = Map::new();
    map.add_system::<Road, _>(drive::<Road>);
    map.add_system::<Bridge, _>(drive::<Bridge>);
    let road = map.world_mut::<Road>();
    let trucks = road.spawn_templates(&truck, 6)?.to_vec();
    for pair in trucks.windows(2) {
        road.relate::<Follows>(pair[1], pair[0])?;
    }
    for (n, &truck) in (1..).zip(&trucks) {
        road.get_mut::<Way>(truck)?.0 = n;
    }

    map.start()?;
    for tick in 1.. {
        map.tick()?;
        let [road, bridge] = [map.world::<Road>().len(), map.world::<Bridge>().len()];
        let town = map.world::<Town>();
        println!(
            "tick {tick:2}: {road:2} on the road, {bridge:2} on the bridge, {} in town",
            town.len()
        );
        assert!([road, bridge, town.len()].iter().all(|count| count % truck.len() == 0));
        if town.len() == 6 * truck.len() {
            break;
        }
    }

    let town = map.world::<Town>();
    let (first, last) = (trucks[0], trucks[5]);
    let names: Vec<&str> =
        town.descendants(last).map(|part| town.get::<Name>(part).map_or("", |n| n.0)).collect();
    println!("the last truck has: {}", names.join(", "));
    assert_eq!(names, ["wheel", "wheel", "trailer", "wheel", "wheel"]);
    assert_eq!(town.sources_of::<Follows>(first), [trucks[1]]);
    assert!(map.problems().is_empty() && map.close().holds());
    Ok(())
}
