use static_ecs::prelude::*;

#[derive(Component)]
struct Local(std::rc::Rc<u8>);

#[world_config(components(Local))]
struct Base;

fn main() {
    // Without `coordinator!`, which would tell of it at the world.
    let _ = WorldCoordinator::<(Base,)>::new().run(Placement::PerWorld);
}
