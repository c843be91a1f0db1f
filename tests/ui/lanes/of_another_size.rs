use static_ecs::prelude::*;

fn main() {
    let bytes = [1_u8, 2, 3];
    let _ = bytes.lanes::<u16>();
}
