use static_ecs::prelude::*;

struct Score;

fn is_asked_for<R: Resource>() {}

fn main() {
    is_asked_for::<Score>();
}
