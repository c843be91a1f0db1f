use static_ecs::prelude::*;

fn main() {
    let words = [[1_u8, 2, 3, 4]];
    let _ = words.lanes::<u32>();
}
