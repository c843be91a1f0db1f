//! Shows what the macros made of a small server: the components with their sizes and places in a
//! transfer, the archetypes, routes and queues of each world, and the edges between worlds with
//! what they take at most; as text, or as a picture for Mermaid or Graphviz.
//!
//! Run it with `cargo run --example describe`, or with `-- --graphviz | dot -Tsvg > server.svg`.

use clap::Parser;
use static_ecs::prelude::*;

#[derive(Component)]
struct Connection {
    _socket: u64,
}

#[derive(Component, Clone, Debug)]
struct Request {
    _body: Vec<u8>,
}

#[derive(Component, Clone, Copy, Debug)]
struct Score {
    _value: f32,
}

/// What could not be answered.
#[derive(Component, Debug)]
#[component(storage = "sparse")]
struct Failed {
    _code: u16,
}

/// The client has gone: stop working for it.
#[derive(Event)]
struct Cancel {
    _request: Entity,
}

#[world_config(
    components(Connection, Request, Score, Failed),
    events(Cancel(capacity = 64)),
    archetypes(connection(Connection), request(Request), answer(Request, Score)),
    max_entities = 4_096,
    transfer_queue(capacity = 256, batch_size = 32)
)]
struct Base;

#[world_config(base = Base, role = accept, max_entities = 64, routing(default_target = Io))]
struct Accept;

#[world_config(
    base = Base,
    role = io,
    routing(default_target = Compute, Failed => Log),
    transfer_queue(capacity = 256, batch_size = 32, on_full = block(1ms))
)]
struct Io;

#[world_config(base = Base, role = compute, max_entities = 1_024, routing(default_target = Io))]
struct Compute;

#[world_config(base = Base, transfer_queue(capacity = 16, batch_size = 4, on_full = shed))]
struct Log;

coordinator!(type Server = (Accept, Io, [Compute; 4], Log));

// Who raises a capacity too far learns it when this is compiled.
const _: () = assert!(Server::MAX_BYTES < 64 << 20);
const _: () = assert!(Server::WORLDS == 7);
const _: () = assert!(World::<Io>::TRANSFER_BYTES <= 128);

/// What a small server is made of, without running it.
#[derive(Parser)]
struct Options {
    /// Draw the worlds for Mermaid.
    #[arg(long, conflicts_with = "graphviz")]
    mermaid: bool,
    /// Draw the worlds for Graphviz.
    #[arg(long)]
    graphviz: bool,
}

fn main() {
    let options = Options::parse();
    let server = Server::describe();
    if options.mermaid {
        print!("{}", server.mermaid());
    } else if options.graphviz {
        print!("{}", server.graphviz());
    } else {
        println!("{server}");
        // Each of these is also `World::<Io>::describe()`, and its like.
        for member in &server.members {
            println!("{}", member.world);
        }
        print!("{}", server.mermaid());
    }
}
