//! `GET /stats`: what the worlds and edges have counted, as JSON.

use std::fmt::Write;

use static_ecs::{CoordinatorStats, EdgeEnd};

/// `{"worlds": [{"id", "name", "entities", "ticks"}], "edges": [{"from", "to", "sent", "received",
/// "in_flight", "returned", "full"}]}`, in order of the worlds' ids.
pub(crate) fn stats_json(stats: &CoordinatorStats) -> String {
    let name = |id: u16| stats.worlds.get(usize::from(id)).map_or("", |world| world.name);
    let worlds = stats.worlds.iter().map(|world| {
        format!(
            r#"{{"id":{},"name":"{}","entities":{},"ticks":{}}}"#,
            world.id, world.name, world.counts.entities, world.counts.ticks
        )
    });
    let edges = stats.edges.iter().map(|edge| {
        let (EdgeEnd::World(to) | EdgeEnd::Group(to)) = edge.to;
        let counts = edge.counts;
        format!(
            r#"{{"from":"{}","to":"{}","sent":{},"received":{},"in_flight":{},"returned":{},"full":{}}}"#,
            name(edge.from),
            name(to),
            counts.taken,
            counts.received,
            counts.unaccounted(),
            counts.returned,
            counts.full
        )
    });
    let mut json = String::from(r#"{"worlds":["#);
    join(&mut json, worlds);
    json.push_str(r#"],"edges":["#);
    join(&mut json, edges);
    json.push_str("]}\n");
    json
}

fn join(json: &mut String, items: impl Iterator<Item = String>) {
    for (index, item) in items.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(json, "{comma}{item}");
    }
}
