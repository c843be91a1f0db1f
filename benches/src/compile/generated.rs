//! Apps with many components, worlds and systems, as text.
//!
//! World `k` has ten entities with three components each, and a system of its own over these.

use std::fmt::Write;

use crate::case::Size;

/// The most members of a coordinator: more worlds are several coordinators.
const GROUP: usize = 16;

/// Which three components a world uses.
fn used(world: usize, components: usize) -> [usize; 3] {
    [0, 1, 2].map(|place| (3 * world + place) % components)
}

/// Where a world's entities begin.
const SPAWN: &str = "for n in 0..10 {";

fn structs(text: &mut String, derive: &str, components: usize) {
    for component in 0..components {
        let _ = writeln!(text, "{derive}pub struct C{component}(f32);");
    }
}

/// The whole app. What an edit changes stands before all types, so that it moves their lines.
fn with_main(text: &str, body: &str) -> String {
    let (first, rest) = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("use ") => (first, rest),
        _ => ("", text),
    };
    format!(
        "{first}\nconst STEPS: u32 = 1;\n{rest}\nfn main() {{\n    let mut sum = 0.0;\n{body}    \
         println!(\"{{sum}}\");\n}}\n"
    )
}

pub fn hand(Size { entities: components, archetypes: worlds }: Size) -> String {
    let (mut text, mut body) = (String::new(), String::new());
    structs(&mut text, "", components);
    for world in 0..worlds {
        let [a, b, c] = used(world, components);
        let _ = writeln!(
            text,
            "#[derive(Default)]\nstruct W{world} {{ a: Vec<C{a}>, b: Vec<C{b}>, c: Vec<C{c}> }}\n\
             fn step{world}(world: &mut W{world}) {{\n    \
             for ((a, b), c) in world.a.iter_mut().zip(&world.b).zip(&world.c) {{ a.0 += b.0 * c.0; }}\n}}"
        );
        let _ = writeln!(
            body,
            "    let mut world = W{world}::default();\n    {SPAWN}\n        \
             world.a.push(C{a}(n as f32));\n        world.b.push(C{b}(2.0));\n        \
             world.c.push(C{c}(3.0));\n    }}\n    for _ in 0..STEPS {{ step{world}(&mut world); }}\n    \
             sum += world.a.iter().map(|a| a.0).sum::<f32>();"
        );
    }
    with_main(&text, &body)
}

/// The system of a world, where queries are parameters.
fn system(text: &mut String, world: usize, components: usize, query: &str, detects: bool) {
    let [a, b, c] = used(world, components);
    let mutable = if detects { "mut " } else { "" };
    let _ = writeln!(
        text,
        "fn step{world}({mutable}query: Query<{query}(&mut C{a}, &C{b}, &C{c})>) {{\n    \
         for ({mutable}a, b, c) in {}query {{ a.0 += b.0 * c.0; }}\n}}",
        if detects { "&mut " } else { "" }
    );
}

fn declared(text: &mut String, Size { entities: components, archetypes: worlds }: Size) {
    text.push_str("use static_ecs::prelude::*;\n");
    structs(text, "#[derive(Component)] ", components);
    let list: Vec<_> = (0..components).map(|component| format!("C{component}")).collect();
    let _ = writeln!(text, "#[world_config(components({}))]\npub struct Base;", list.join(", "));
    for world in 0..worlds {
        let group = world / GROUP * GROUP;
        let next = group + (world + 1 - group) % GROUP.min(worlds - group);
        let _ = writeln!(
            text,
            "#[world_config(base = Base, source, routing(default_target = W{next}))]\npub struct W{world};"
        );
        system(text, world, components, "Base, ", false);
    }
}

/// Worlds by hand, as the peers have them.
pub fn worlds(size: Size) -> String {
    let (mut text, mut body) = (String::new(), String::new());
    declared(&mut text, size);
    for world in 0..size.archetypes {
        let [a, b, c] = used(world, size.entities);
        let _ = writeln!(
            body,
            "    let mut world = World::<W{world}>::new();\n    {SPAWN}\n        \
             world.spawn((C{a}(n as f32), C{b}(2.0), C{c}(3.0))).unwrap();\n    }}\n    \
             let mut schedule = Schedule::<W{world}>::new();\n    schedule.add(step{world});\n    \
             for _ in 0..STEPS {{ schedule.run(&mut world).unwrap(); }}\n    \
             sum += world.view::<&C{a}>().map(|a| a.0).sum::<f32>();"
        );
    }
    with_main(&text, &body)
}

/// The same worlds in coordinators, which tick them.
pub fn coordinated(size: Size) -> String {
    let (mut text, mut body) = (String::new(), String::new());
    declared(&mut text, size);
    let groups: Vec<_> = (0..size.archetypes).collect();
    for (place, group) in groups.chunks(GROUP).enumerate() {
        let members: Vec<_> = group.iter().map(|world| format!("W{world}")).collect();
        let members = members.join(", ");
        let _ = writeln!(text, "coordinator!(pub type Group{place} = ({members},));");
        let _ = writeln!(body, "    let mut group = Group{place}::new();");
        for &world in group {
            let [a, b, c] = used(world, size.entities);
            let _ = writeln!(
                body,
                "    let world = group.world_mut::<W{world}>();\n    {SPAWN}\n        \
                 world.spawn((C{a}(n as f32), C{b}(2.0), C{c}(3.0))).unwrap();\n    }}\n    \
                 group.add_system::<W{world}, _>(step{world});"
            );
        }
        let _ = writeln!(body, "    for _ in 0..STEPS {{ group.tick().unwrap(); }}");
        for &world in group {
            let a = used(world, size.entities)[0];
            let _ = writeln!(
                body,
                "    sum += group.world::<W{world}>().view::<&C{a}>().map(|a| a.0).sum::<f32>();"
            );
        }
    }
    with_main(&text, &body)
}

pub fn bevy(Size { entities: components, archetypes: worlds }: Size) -> String {
    let (mut text, mut body) = ("use bevy_ecs::prelude::*;\n".to_owned(), String::new());
    structs(&mut text, "#[derive(Component)] ", components);
    for world in 0..worlds {
        system(&mut text, world, components, "", true);
        let [a, b, c] = used(world, components);
        let _ = writeln!(
            body,
            "    let mut world = World::new();\n    {SPAWN}\n        \
             world.spawn((C{a}(n as f32), C{b}(2.0), C{c}(3.0)));\n    }}\n    \
             let mut schedule = Schedule::default();\n    schedule.add_systems(step{world});\n    \
             for _ in 0..STEPS {{ schedule.run(&mut world); }}\n    \
             sum += world.query::<&C{a}>().iter(&world).map(|a| a.0).sum::<f32>();"
        );
    }
    with_main(&text, &body)
}

pub fn hecs(Size { entities: components, archetypes: worlds }: Size) -> String {
    let (mut text, mut body) = ("use hecs::World;\n".to_owned(), String::new());
    structs(&mut text, "", components);
    for world in 0..worlds {
        let [a, b, c] = used(world, components);
        let _ = writeln!(
            text,
            "fn step{world}(world: &mut World) {{\n    \
             for (a, b, c) in world.query_mut::<(&mut C{a}, &C{b}, &C{c})>() {{ a.0 += b.0 * c.0; }}\n}}"
        );
        let _ = writeln!(
            body,
            "    let mut world = World::new();\n    {SPAWN}\n        \
             world.spawn((C{a}(n as f32), C{b}(2.0), C{c}(3.0)));\n    }}\n    \
             for _ in 0..STEPS {{ step{world}(&mut world); }}\n    \
             sum += world.query_mut::<&C{a}>().into_iter().map(|a| a.0).sum::<f32>();"
        );
    }
    with_main(&text, &body)
}
