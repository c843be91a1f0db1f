//! Saves a world in two forms: as JSON, which people and later versions read, and as a
//! binary snapshot, which is written and read whole columns at a time. A file that is
//! damaged is refused, and the world stays as it was.
//!
//! Run it with `cargo run --release --example snapshot --features serde,snapshot`.

use std::error::Error;
use std::fs::{self, File};
use std::time::Instant;

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use static_ecs::prelude::*;
use static_ecs::save::{Loader, Saved};

#[derive(Component, Clone, Copy, Debug, Pod, Zeroable, Serialize, Deserialize)]
#[repr(C)]
struct Position {
    x: f32,
    y: f32,
}

/// Not plain bytes: JSON has it, the snapshot has not.
#[derive(Component, Debug, Hash, Serialize, Deserialize)]
struct Name(String);

#[world_config(components(Position, Name))]
struct Game;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("static-ecs-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let done = json(&folder.join("game.json")).and_then(|()| binary(&folder.join("game.bin")));
    fs::remove_dir_all(&folder)?;
    done
}

/// A small world as text.
fn json(path: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let mut game = World::<Game>::new();
    let ada = game.spawn((Name("Ada".to_owned()), Position { x: 1.0, y: 2.0 }))?;
    game.spawn(Position { x: 3.0, y: 4.0 })?;
    fs::write(path, serde_json::to_string_pretty(&Saved::of(&game))?)?;
    let text = fs::read_to_string(path)?;
    println!("{text}");

    // As if the component had another name when it was saved.
    let older = text.replace("Name", "Nam");
    let loader = Loader::<Game>::new();
    let error = loader.load(&mut serde_json::Deserializer::from_str(&older));
    println!("an older save: {}", error.err().ok_or("it was to be refused")?);
    let loader = loader.rename::<Name>("Nam");
    let loaded = loader.load(&mut serde_json::Deserializer::from_str(&older))?;
    println!("and with `rename`: {:?}", loaded.debug(ada));
    assert_eq!(loaded.state_hash()?, game.state_hash()?);
    Ok(())
}

/// A larger world as bytes.
fn binary(path: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let mut game = World::<Game>::new();
    game.spawn_batch((0..100_000).map(|n| Position { x: n as f32, y: 0.5 }))
        .map_err(|refused| refused.why())?;
    game.snapshot()?.write_to(&mut File::create(path)?)?;
    let before = game.state_hash()?;

    let mut bytes = fs::read(path)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, &bytes)?;
    let error = game.restore(&fs::read(path)?);
    println!("one bit of {} bytes is wrong: {}", bytes.len(), error.err().ok_or("a damage")?);
    assert_eq!(game.state_hash()?, before, "nothing has changed");

    bytes[middle] ^= 1;
    game.despawn_where::<With<Position>>();
    let start = Instant::now();
    game.restore(&bytes)?;
    println!("{} entities are back after {:?}", game.len(), start.elapsed());
    assert_eq!(game.state_hash()?, before);
    Ok(())
}
