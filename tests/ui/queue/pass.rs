use static_ecs::prelude::*;

fn main() {
    assert_eq!(LockFreeQueue::<u32, 4>::new().len(), 0);
    let _ = SpscQueue::<u32, 1>::new();
}
