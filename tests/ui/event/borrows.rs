use static_ecs::prelude::*;

#[derive(Event)]
struct Borrowed<'a>(&'a str);

fn main() {}
