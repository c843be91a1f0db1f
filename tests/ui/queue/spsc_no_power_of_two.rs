use static_ecs::prelude::*;

fn main() {
    let _ = SpscQueue::<u32, 3>::new();
}
