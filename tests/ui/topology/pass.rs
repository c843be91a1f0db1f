use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, role = accept, world_id = 0, routing(default_target = Io))]
struct Accept;

#[world_config(base = Base, role = io, world_id = 1, routing(default_target = Compute), targets(Audit, 3))]
struct Io;

#[world_config(base = Base, role = compute, world_id = 2, routing(default_target = Io))]
struct Compute;

#[world_config(base = Base, targets(Shard))]
struct Audit;

/// Reached member by member, so that no inbox is shared.
#[world_config(base = Base, transfer_queue(capacity = 1 << 24, spsc = true))]
struct Shard;

#[world_config(base = Base, neighbours = static_ecs::config::neighbours::grid::<16, 16>)]
struct Zone;

coordinator!(type Server = (Accept, Io, [Compute; 4], Audit, [Shard; 2]));
coordinator! {
    /// The limit.
    pub(crate) type Shards = [Zone; 256];
}
coordinator!(crate = ::static_ecs; type Alone = (Base,));

fn main() {
    let _: (Option<Server>, Option<Shards>, Option<Alone>) = (None, None, None);
}
