//! Damaged bytes are refused, and change nothing.

use ecs_core::snapshot::RestoreError;
use ecs_core::world::World;
use twox_hash::XxHash3_64;

use super::{Base, Position, Small, Team, some};

/// A world that bytes are restored into, and that notices what they do to it.
fn target() -> (World<Base>, Vec<u8>) {
    let mut world = World::<Base>::new();
    world.spawn((Position { x: 4.0, y: 4.0 }, Small(4))).unwrap();
    world.spawn(Team::Blue).unwrap();
    let bytes = world.snapshot().unwrap().to_vec();
    (world, bytes)
}

#[test]
fn each_flipped_bit_and_each_cut_is_an_error() {
    let bytes = some().snapshot().unwrap().to_vec();
    let (mut world, before) = target();
    for at in 0..bytes.len() {
        let cut = world.restore(&bytes[..at]).unwrap_err();
        assert!(matches!(cut, RestoreError::NotASnapshot | RestoreError::OtherLength { .. }));
        for bit in 0..if cfg!(miri) { 1 } else { 8 } {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let error = world.restore(&damaged).unwrap_err();
            match at {
                0..12 => assert!(matches!(error, RestoreError::NotASnapshot)),
                12..16 => assert!(matches!(error, RestoreError::OtherFormat { known: 1, .. })),
                16..24 => assert!(matches!(error, RestoreError::OtherLength { .. })),
                _ => assert_eq!(error, RestoreError::Damaged),
            }
        }
    }
    assert_eq!(world.snapshot().unwrap().to_vec(), before);
    assert_eq!(world.counts().spawned, 2);
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(world.restore(&longer), Err(RestoreError::OtherLength { .. })));
    world.restore(&bytes).unwrap();
}

/// Puts right what tells that bytes were changed.
pub fn sign(bytes: &mut [u8]) {
    let end = bytes.len() - 8;
    bytes[16..24].copy_from_slice(&(end as u64 + 8).to_ne_bytes());
    let checksum = XxHash3_64::oneshot(&bytes[..end]);
    bytes[end..].copy_from_slice(&checksum.to_ne_bytes());
}

/// What has a right checksum is no more than other values, or is refused.
///
/// # Panics
/// If the world is not whole, or was changed by what it refused.
fn survives(damaged: &[u8]) -> bool {
    let (mut world, before) = target();
    if let Err(error) = world.restore(damaged) {
        assert_eq!(world.snapshot().unwrap().to_vec(), before, "{error}");
        return false;
    }
    // Everything is where it says, and all values are values.
    let text: Vec<_> =
        world.entities().map(|entity| format!("{:?}", world.debug(entity))).collect();
    assert_eq!(text.len(), world.len());
    assert!(!text.iter().any(|text| text.contains("(dead)") || text.contains("(not here)")));
    let again = world.snapshot().unwrap().to_vec();
    let mut other = World::<Base>::new();
    other.restore(&again).unwrap();
    assert_eq!(other.snapshot().unwrap().to_vec(), again);
    let new = world.spawn((Small(1), Team::Red)).unwrap();
    assert!(world.entities().filter(|&entity| entity == new).count() == 1);
    world.clear();
    assert!(world.is_empty());
    true
}

#[test]
fn no_bytes_break_a_world() {
    let bytes = some().snapshot().unwrap().to_vec();
    let (mut taken, mut refused) = (0, 0);
    let step = if cfg!(miri) { 97 } else { 1 };
    let mut count = |damaged: &[u8]| {
        if survives(damaged) { taken += 1 } else { refused += 1 }
    };
    for at in (24..bytes.len() - 8).step_by(step) {
        for change in [1, 2, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            sign(&mut damaged);
            count(&damaged);
        }
        // A piece less, and one more.
        let mut shorter = bytes.clone();
        shorter.remove(at);
        sign(&mut shorter);
        count(&shorter);
        let mut longer = bytes.clone();
        longer.splice(at..at, bytes[at..bytes.len() - 8].iter().copied().take(8));
        sign(&mut longer);
        count(&longer);
    }
    assert!(taken > 0 && refused > 0, "both are seen: {taken} and {refused}");
}

#[test]
fn what_is_there_twice_is_refused() {
    let mut world = World::<Base>::with_origin(2);
    let mut home = World::<Base>::with_origin(1);
    let natives = [world.spawn(Small(1)).unwrap(), world.spawn(Small(2)).unwrap()];
    let guests = [home.spawn(Small(3)).unwrap(), home.spawn(Small(4)).unwrap()];
    for guest in guests {
        world.insert_transfer(home.take(guest).unwrap()).unwrap();
    }
    let bytes = world.snapshot().unwrap().to_vec();
    for [id, other] in [natives, guests] {
        let mut damaged = bytes.clone();
        let (id_bytes, other) = (id.to_bits().to_ne_bytes(), other.to_bits().to_ne_bytes());
        let at = bytes.windows(8).rposition(|window| window == other).unwrap();
        damaged[at..at + 8].copy_from_slice(&id_bytes);
        sign(&mut damaged);
        assert_eq!(world.restore(&damaged), Err(RestoreError::Twice(id)));
    }
    // Something after the last value.
    let mut longer = bytes.clone();
    longer.splice(bytes.len() - 8..bytes.len() - 8, [0]);
    sign(&mut longer);
    assert!(matches!(world.restore(&longer), Err(RestoreError::Malformed(_))));
    world.restore(&bytes).unwrap();
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    let mut world = World::<Base>::new();
    let entity = world.spawn(Team::Red).unwrap();
    let mut bytes = world.snapshot().unwrap().to_vec();
    // The last byte before the checksum is the team.
    let team = bytes.len() - 9;
    assert_eq!(bytes[team], Team::Red as u8);
    bytes[team] = Team::Blue as u8;
    sign(&mut bytes);
    world.restore(&bytes).unwrap();
    assert_eq!(world.get::<Team>(entity), Ok(&Team::Blue));
    bytes[team] = 3;
    sign(&mut bytes);
    assert_eq!(world.restore(&bytes), Err(RestoreError::NoValue("Team")));
    assert_eq!(world.get::<Team>(entity), Ok(&Team::Blue));
}
