//! Scenes as worlds: heroes are made in the menu, and when the game starts, the
//! whole archetype moves to the world where it is played, weapons and all. The
//! buttons stay. When the game is over, who is left comes back.
//!
//! Run it with `cargo run --release --example scenes`.

use std::error::Error;

use static_ecs::commands::BufferFull;
use static_ecs::prelude::*;

#[derive(Component)]
struct Name(String);

#[derive(Component)]
struct Health(i32);

#[derive(Component)]
struct Weapons(Vec<String>);

#[derive(Component)]
struct Button(#[expect(dead_code, reason = "nothing draws it here")] &'static str);

/// What a hero is. With a struct, the parts have names.
#[derive(Bundle)]
struct Hero {
    name: Name,
    health: Health,
    weapons: Weapons,
}

/// What the game looks at of each hero.
#[derive(Query)]
struct Fighter<'w> {
    entity: Entity,
    health: &'w mut Health,
    weapons: &'w Weapons,
}

#[world_config(
    components(Name, Health, Weapons, Button),
    archetypes(hero(Name, Health, Weapons), button(Button)),
    max_entities = 10_000
)]
struct Game;

#[world_config(base = Game, routing(default_target = Play))]
struct Menu;

#[world_config(base = Game, routing(default_target = Menu))]
struct Play;

coordinator!(type Scenes = (Menu, Play));

/// A resource of the menu: set when someone presses "start".
struct Start;

/// A resource of the game: how many rounds are left.
struct Rounds(u32);

/// Sends all heroes, and nothing else, once the game starts.
fn start(menu: &mut World<Menu>, commands: &mut Commands<Menu>) -> Result<(), BufferFull<Entity>> {
    if menu.remove_resource::<Start>().is_some() {
        for hero in menu.view_filtered::<Entity, With<Health>>() {
            commands.complete(hero)?;
        }
    }
    Ok(())
}

/// Everyone is hit in turn; after the last round who is left goes home.
fn fight(play: &mut World<Play>, commands: &mut Commands<Play>) -> Result<(), BufferFull<Entity>> {
    let Some(rounds) = play.resource_mut::<Rounds>() else { return Ok(()) };
    let left = rounds.0;
    rounds.0 = left.saturating_sub(1);
    for fighter in play.query::<Fighter>() {
        if left == 0 {
            commands.complete(fighter.entity)?;
            continue;
        }
        fighter.health.0 -= 10 / fighter.weapons.0.len() as i32;
        if fighter.health.0 <= 0 {
            commands.despawn(fighter.entity)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut scenes = Scenes::new();
    scenes.add_system::<Menu, _>(start).add_system::<Play, _>(fight);

    let menu = scenes.world_mut::<Menu>();
    menu.spawn_batch([Button("start"), Button("quit")])?;
    let heroes = menu.spawn_batch((0..1_000).map(|n| Hero {
        name: Name(format!("hero {n}")),
        health: Health(50),
        weapons: Weapons(vec!["sword".to_owned(); 1 + n % 3]),
    }))?;
    let first_three = [heroes[0], heroes[1], heroes[2]];
    println!("menu: {} heroes and buttons", menu.len());

    scenes.start()?;
    scenes.world_mut::<Menu>().insert_resource(Start);
    scenes.tick()?;
    let (menu, play) = (scenes.world::<Menu>().len(), scenes.world::<Play>().len());
    println!("the game starts: {menu} entities in the menu, {play} in play");
    assert_eq!((menu, play), (2, 1_000));
    assert!(first_three.iter().all(|&hero| scenes.world::<Play>().contains(hero)));

    scenes.world_mut::<Play>().insert_resource(Rounds(6));
    while !scenes.world::<Play>().is_empty() {
        scenes.tick()?;
    }
    assert!(scenes.drain(10)?);

    // One sword: 10 a round for 6 rounds is the end. Two or three: home again,
    // under the same id and with the same weapons.
    let menu = scenes.world::<Menu>();
    println!("the game is over: {} entities in the menu", menu.len());
    assert!(!menu.contains(first_three[0]));
    println!("hero 0: {}", menu.check(first_three[0]).unwrap_err());
    for (hero, health) in [(first_three[1], 20), (first_three[2], 32)] {
        println!("{}: {} left", menu.get::<Name>(hero)?.0, menu.get::<Health>(hero)?.0);
        assert_eq!(menu.get::<Health>(hero)?.0, health);
    }
    let conservation = scenes.conservation();
    assert!(conservation.holds(), "{conservation}");
    print!("{conservation}");
    Ok(())
}
