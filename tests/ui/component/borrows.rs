use static_ecs::prelude::*;

#[derive(Component)]
struct Borrowed<'a>(&'a str);

fn main() {}
