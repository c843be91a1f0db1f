use static_ecs::prelude::*;

#[world_config(components())]
struct Base;

#[world_config(base = Base, transfer_queue(on_full = block(1s)), neighbours = on_or_back, source)]
struct Zone;

// Forward to all, and a long way back.
const fn on_or_back(from: usize, to: usize) -> bool {
    from < to && to < from + 60 || from == 255 && to == 3
}

coordinator!(type Zones = [Zone; 256]);

fn main() {}
