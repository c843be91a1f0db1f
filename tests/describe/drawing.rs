//! The worlds of a coordinator as text and as pictures.

use static_ecs::prelude::*;

#[derive(Component)]
struct Job(#[expect(dead_code)] [u64; 4]);
#[derive(Component, Clone, Copy)]
#[component(relation)]
struct Owes(Entity);

#[world_config(
    components(Job, Owes, Sources<Owes>),
    max_entities = 100,
    transfer_queue(capacity = 8, batch_size = 2)
)]
struct Base;
#[world_config(base = Base, role = accept, routing(default_target = Io))]
struct Accept;
#[world_config(
    base = Base,
    role = io,
    routing(default_target = Work, Sources<Owes> => Log),
    transfer_queue(capacity = 8, batch_size = 2, on_full = block(2ms))
)]
struct Io;
#[world_config(base = Base, role = compute, neighbours = apart, routing(default_target = Io), targets(Own))]
struct Work;
#[world_config(base = Base, transfer_queue(capacity = 4, batch_size = 2, on_full = shed))]
struct Log;
#[world_config(
    base = Base,
    role = custom,
    transfer_queue(capacity = 4, batch_size = 2, on_full = spill(3))
)]
struct Own;
coordinator!(type Server = (Accept, Io, [Work; 3], Log, Own));

const fn apart(_: usize, _: usize) -> bool {
    false
}

/// Bytes depend on the machine's words: they are read back.
fn bytes(to: usize) -> String {
    let queue = Server::describe().queues.into_iter().find(|queue| queue.to == to);
    let bytes = queue.expect("something leads there").bytes;
    if bytes < 10_240 { format!("{bytes} B") } else { format!("{} KiB", bytes >> 10) }
}

#[test]
fn a_coordinator_is_tables_of_members_edges_and_queues() {
    let text = Server::describe().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("7 worlds, 9 edges: up to "), "{text}");
    let expected = [
        "  from      to        why                           edges",
        "  Accept    Io        completed                         1",
        "  Work x 3  Io        completed                         3",
        "  Io        Work x 3  completed                         1",
        "  Io        Log       completed with Sources<Owes>      1",
        "  Work x 3  Own       marked                            3",
    ];
    assert_eq!(lines[7..13], expected, "{text}");
    assert!(lines[4].starts_with("  Work x 3  2 to 4  compute"), "{text}");
    assert!(lines[15].starts_with("  Work x 3  shared inbox         8      2  retain"), "{text}");
}

#[test]
fn a_coordinator_of_one_world_has_one_table() {
    #[world_config(base = Base, source)]
    struct Alone;
    let text = static_ecs::WorldCoordinator::<(Alone,)>::describe().to_string();
    assert!(text.starts_with("1 world, 0 edges: up to "), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn a_coordinator_is_a_mermaid_flowchart() {
    let expected = format!(
        "\
flowchart LR
  w0([\"Accept<br>accept, id 0\"])
  w1[/\"Io<br>io, id 1<br>inbox: 8, block(2ms), {}\"/]
  w2[\"Work x 3<br>compute, ids 2 to 4<br>shared inbox: 8, retain, {}\"]
  w3(\"Log<br>standalone, id 5<br>inbox: 4, shed, {}\")
  w4{{{{\"Own<br>custom, id 6<br>inbox: 4, spill(3), {}\"}}}}
  w0 ==>|\"completed\"| w1
  w2 ==>|\"completed<br>3 edges\"| w1
  w1 -->|\"completed, to any\"| w2
  w1 --x|\"completed with Sources#60;Owes#62;\"| w3
  w2 -.->|\"marked<br>3 edges\"| w4
",
        bytes(1),
        bytes(2),
        bytes(3),
        bytes(4)
    );
    assert_eq!(Server::describe().mermaid().to_string(), expected);
}

/// A statement of a digraph: the nodes that it names, and its attributes.
fn parse(line: &str) -> (Vec<&str>, Vec<(&str, String)>) {
    let statement = line.strip_prefix("  ").and_then(|line| line.strip_suffix("];"));
    let (nodes, mut rest) = statement.and_then(|line| line.split_once(" [")).expect(line);
    let nodes: Vec<_> = nodes.split(" -> ").collect();
    assert!(nodes.iter().all(|node| node.chars().all(|c| c.is_ascii_alphanumeric())), "{line}");
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=').expect(line);
        let end = match value.strip_prefix('"') {
            None => value.find(", ").unwrap_or(value.len()),
            Some(quoted) => {
                let mut escaped = false;
                let end = quoted.find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                end.expect("a quote ends") + 2
            }
        };
        attributes.push((name, value[..end].trim_matches('"').to_owned()));
        let more = &value[end..];
        rest = more.strip_prefix(", ").unwrap_or(more);
        assert!(rest.is_empty() || more.starts_with(", "), "{line}");
    }
    (nodes, attributes)
}

#[test]
fn a_coordinator_is_a_graphviz_digraph() {
    let dot = Server::describe().graphviz().to_string();
    let body = dot.strip_prefix("digraph worlds {\n  rankdir=LR;\n");
    let body = body.and_then(|body| body.strip_suffix("}\n")).expect("a digraph");
    let parsed: Vec<_> = body.lines().map(parse).collect();
    let (nodes, edges) = parsed.split_at(5);
    let shapes = ["ellipse", "parallelogram", "box", "box", "hexagon"];
    for (index, ((names, attributes), shape)) in nodes.iter().zip(shapes).enumerate() {
        assert_eq!(names, &[format!("w{index}")]);
        assert_eq!(attributes[0].0, "label");
        assert_eq!(attributes[1], ("shape", shape.to_owned()));
    }
    // One is an array, one is not rectangular.
    assert_eq!(nodes[2].1[2], ("peripheries", "2".to_owned()));
    assert_eq!(nodes[3].1[2], ("style", "rounded".to_owned()));
    let label = format!("Work x 3\\ncompute, ids 2 to 4\\nshared inbox: 8, retain, {}", bytes(2));
    assert_eq!(nodes[2].1[0].1, label);
    let found: Vec<_> = edges
        .iter()
        .map(|(nodes, attributes)| {
            let style = attributes.get(1).map_or("", |(_, style)| style.as_str());
            (nodes[0], nodes[1], attributes[0].1.as_str(), style)
        })
        .collect();
    let expected = [
        ("w0", "w1", "completed", "bold"),
        ("w2", "w1", "completed\\n3 edges", "bold"),
        ("w1", "w2", "completed, to any", ""),
        ("w1", "w3", "completed with Sources<Owes>", "tee"),
        ("w2", "w4", "marked\\n3 edges", "dashed"),
    ];
    assert_eq!(found, expected);
}

#[cfg(feature = "serde")]
#[test]
fn a_description_can_be_serialized() -> Result<(), serde_json::Error> {
    let json = serde_json::to_value(Server::describe())?;
    assert_eq!(json["members"][2]["world"]["name"], "Work");
    assert_eq!(json["queues"][0]["config"]["on_full"]["Block"]["nanos"], 2_000_000);
    assert_eq!(json["queues"][2]["edges"][0]["why"][0]["Route"], "Sources<Owes>");
    Ok(())
}
