use static_ecs::prelude::*;

#[derive(Component)]
struct A;
#[derive(Component)]
struct B;

#[world_config(components(A, B))]
struct Base;

#[derive(Resource)]
struct Score(u32);

fn step(_: Query<Base, (&mut A, &B)>, _: Query<Base, &B>, _: ResMut<Score>) {}
fn count(_: Option<Res<Score>>, _: Local<u32>, _: &mut Commands<Base>) -> Result<(), String> {
    Ok(())
}
fn whole(_: &mut World<Base>, _: &mut Commands<Base>) {}

/// The schema is known, and the world is not.
fn plugin<W: WorldConfig<Schema = Base>>(schedule: &mut Schedule<W>) {
    schedule.add(step);
}

fn main() {
    let mut schedule = Schedule::new();
    schedule.add(step).add(count).after(step).add(whole).add(|_: &World<Base>| {});
    plugin(&mut schedule);
    let mut world = World::<Base>::new();
    world.insert_resource(Score(0));
    schedule.run(&mut world).unwrap();
    assert_eq!(world.resource::<Score>().unwrap().0, 0);
}
