use static_ecs::prelude::*;

fn main() {
    let points = [[1.0_f32, 2.0], [3.0, 4.0]];
    assert_eq!(points.lanes::<f32>(), [1.0, 2.0, 3.0, 4.0]);
}
