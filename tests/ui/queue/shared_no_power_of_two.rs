use static_ecs::prelude::*;

fn main() {
    let _ = LockFreeQueue::<u32, 3>::new();
}
