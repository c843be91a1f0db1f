//! What is damaged, or does not fit, is refused and changes nothing.

use ecs_core::entity::Entity;
use ecs_core::error::Refusal;
use ecs_core::save::{LoadProblem, Loader};
use ecs_core::world::World;
use ecs_macros::world_config;

use super::{Base, Counted, Name, Position, Tag, Team, from_json, live, some, text};

fn save(free: &str, entities: &str) -> String {
    format!(
        r#"{{"format":1,"schema":"Base","components":{{"Tag":1,"Counted":1,"Position":1}},
        "origin":0,"free":[{free}],"away":[],"retired":[],"entities":{{{entities}}}}}"#
    )
}

fn problem(text: &str) -> LoadProblem {
    let error = from_json(text).unwrap_err();
    let problem = error.problem().unwrap_or_else(|| panic!("{error}")).clone();
    // Also where: the format knows.
    assert!(error.to_string().starts_with(&problem.to_string()), "{error}");
    problem
}

fn id(index: u64, generation: u64, origin: u64) -> Entity {
    Entity::from_bits(origin << 52 | generation << 32 | index).unwrap()
}

#[test]
fn what_does_not_fit_together_is_refused() {
    assert!(from_json(&save("", r#""0v1@0":{"Tag":null}"#)).is_ok());
    let twice = r#""0v1@0":{"Counted":1},"0v1@0":{"Counted":2}"#;
    assert_eq!(problem(&save("", twice)), LoadProblem::Twice(id(0, 1, 0)));
    let one_slot = r#""0v1@0":{},"0v2@0":{}"#;
    assert_eq!(problem(&save("", one_slot)), LoadProblem::Twice(id(0, 2, 0)));
    assert_eq!(problem(&save(r#""0v2@0""#, r#""0v1@0":{}"#)), LoadProblem::Twice(id(0, 2, 0)));
    // The list of the pages of guests is as long as the highest says.
    let index = if cfg!(miri) { 700 } else { 0xFFFF_FFFF };
    let guests = format!(r#""{index}v1@9":{{}},"{index}v1@9":{{}}"#);
    assert_eq!(problem(&save("", &guests)), LoadProblem::Twice(id(index, 1, 9)));
    assert!(from_json(&save("", r#""7v1@9":{"Tag":null}"#)).is_ok(), "a guest");
    for gap in [save("", r#""1v1@0":{}"#), save(r#""0v1@9""#, "")] {
        assert!(matches!(problem(&gap), LoadProblem::Malformed(_)));
    }
    let double = r#""0v1@0":{"Counted":1,"Counted":2}"#;
    let entity = id(0, 1, 0);
    let twice = LoadProblem::ComponentTwice { entity, name: "Counted" };
    assert_eq!(problem(&save("", double)), twice);
    let unlisted = r#""0v1@0":{"Team":"Red"}"#;
    assert!(matches!(problem(&save("", unlisted)), LoadProblem::Malformed(_)));
    let value = r#""0v1@0":{"Counted":1,"Position":{"x":true}}"#;
    let LoadProblem::Value { entity: of, component, why } = problem(&save("", value)) else {
        panic!("of another kind")
    };
    assert!(of == entity && component == "Position" && why.contains("invalid type: boolean"));

    let other = save("", "").replace("\"format\":1", "\"format\":9");
    assert_eq!(problem(&other), LoadProblem::OtherFormat { found: 9, known: 1 });
    let other = save("", "").replace("\"origin\":0", "\"origin\":3");
    assert_eq!(problem(&other), LoadProblem::OtherOrigin { found: 3, here: 0 });
    for (from, to) in [("\"away\"", "\"aw\""), (",\"away\":[]", ""), ("\"away\"", "\"free\"")] {
        let error = from_json(&save("", "").replace(from, to)).unwrap_err();
        assert!(error.problem().is_none() && error.to_string().contains("field `"), "{error}");
    }
    assert_eq!(live(), 0, "what was read is dropped");
}

#[test]
fn a_damaged_save_changes_nothing() {
    let saved = some();
    let json = serde_json::to_string(&saved).unwrap();
    let bytes = postcard::to_allocvec(&saved).unwrap();
    drop(saved);
    let mut world = World::<Base>::new();
    world.spawn((Tag, Counted::new(3))).unwrap();
    world.spawn(Name("here".to_owned())).unwrap();
    let before = (text(&world), world.counts());
    let loader = Loader::<Base>::new();
    let step = if cfg!(miri) { 41 } else { 1 };
    for at in (0..json.len()).step_by(step).filter(|&at| json.is_char_boundary(at)) {
        let mut cut = serde_json::Deserializer::from_str(&json[..at]);
        assert!(loader.load_into(&mut world, &mut cut).is_err());
        let damaged = [&json.as_bytes()[..at], b"#", &json.as_bytes()[at + 1..]].concat();
        // Inside of a text, any character is one: that is another world.
        let Ok(damaged) = String::from_utf8(damaged) else { continue };
        let _ = from_json(&damaged);
    }
    for at in (0..bytes.len()).step_by(step) {
        let mut cut = postcard::Deserializer::from_bytes(&bytes[..at]);
        assert!(loader.load_into(&mut world, &mut cut).is_err());
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        let _ = loader.load(&mut postcard::Deserializer::from_bytes(&damaged));
    }
    assert_eq!((text(&world), world.counts()), before);
    assert_eq!(live(), 1);
    loader.load_into(&mut world, &mut serde_json::Deserializer::from_str(&json)).unwrap();
    assert_ne!(text(&world), before.0);
    assert_eq!(live(), 1, "the old one is gone, and the new one is here");
}

#[test]
fn a_migration_that_panics_leaves_nothing_behind() {
    let json = save("", r#""0v1@0":{"Counted":1,"Position":{"x":1,"y":1}},"1v1@0":{"Tag":null}"#)
        .replace(r#""Tag":1"#, r#""Tag":7"#);
    let loader = Loader::<Base>::new().migrate(7, |(): ()| -> Tag { panic!("a bad migration") });
    let mut world = some();
    let before = text(&world);
    super::common::panics(|| {
        loader.load_into(&mut world, &mut serde_json::Deserializer::from_str(&json))
    });
    assert_eq!(text(&world), before);
    assert_eq!(live(), 1);
}

#[world_config(crate = ecs_core, base = Base, max_entities = 3)]
struct Little;
#[world_config(crate = ecs_core, base = Base, archetypes(one(Position, Team), two(Tag), closed))]
struct Closed;

#[test]
fn limits_of_the_world_hold() {
    let json = serde_json::to_string(&some()).unwrap();
    let little = Loader::<Little>::new();
    let error = little.load(&mut serde_json::Deserializer::from_str(&json)).unwrap_err();
    let Some(&LoadProblem::Refused { why, .. }) = error.problem() else { panic!("{error}") };
    assert_eq!(why, Refusal::WorldFull { limit: 3 });
    let closed = Loader::<Closed>::new();
    let error = closed.load(&mut serde_json::Deserializer::from_str(&json)).unwrap_err();
    let Some(&LoadProblem::Refused { why, .. }) = error.problem() else { panic!("{error}") };
    assert_eq!(why, Refusal::ClosedArchetype);

    let mut open = World::<Base>::new();
    open.spawn((Position { x: 1.0, y: 2.0 }, Team::Red)).unwrap();
    let json = serde_json::to_string(&open).unwrap();
    let loaded = closed.load(&mut serde_json::Deserializer::from_str(&json)).unwrap();
    assert_eq!(loaded.view::<(&Position, &Team)>().count(), 1);
}
