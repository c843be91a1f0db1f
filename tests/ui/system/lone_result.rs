use static_ecs::system::SystemResult;

fn is_returned<R: SystemResult>() {}

fn main() {
    is_returned::<u32>();
}
