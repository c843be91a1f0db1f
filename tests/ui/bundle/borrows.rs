use static_ecs::prelude::*;

#[derive(Bundle)]
struct Borrowed<'a> {
    name: &'a str,
}

fn main() {}
