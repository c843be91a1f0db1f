//! How long the compiler takes: apps that are written, built and run by `cargo`.

mod app;
mod generated;
mod targets;

use std::error::Error;
use std::process;
use std::time::Duration;

use crate::case::{Bench, Built, Case, Digest, Entry, Side, Size};
use crate::suite::Suite;
use app::{App, Build};

pub const SUITE: Suite = Suite {
    name: "compile",
    title: "What it takes to compile",
    ours: OURS,
    reference: HAND,
    cases: CASES,
    sides,
    pairing: |_, _| None,
    contest: |_, _| Some("app"),
    // The compiler's threads are its own business.
    two_cores: false,
    prepare: app::prepare,
    give_back: || (),
    targets: targets::TARGETS,
    notes: include_str!("notes.txt"),
};

const HAND: &str = "hand";
const OURS: &str = "static-ecs";

type Outcome<T> = Result<T, Box<dyn Error>>;

const CLEAN: &str = "compile_clean";
const EDIT: &str = "compile_edit";
const WHOLE: &str = "compile_worlds";
const WHOLE_EDIT: &str = "compile_worlds_edit";

const fn case(name: &'static str, about: &'static str, sizes: &'static [Size]) -> Case {
    Case { name, about, sizes, parallel: true, fresh: false }
}

/// So many components, and worlds with a system each.
const fn size(components: usize, worlds: usize) -> Size {
    Size { entities: components, archetypes: worlds }
}

/// Few and many worlds with few and many components.
const SIZES: &[Size] = &[
    size(8, 4),
    size(32, 4),
    size(64, 4),
    size(128, 4),
    size(8, 16),
    size(32, 16),
    size(64, 16),
    size(128, 16),
    size(8, 64),
    size(32, 64),
    size(64, 64),
    size(128, 64),
];

const CASES: &[Case] = &[
    case(
        CLEAN,
        "A release build with nothing built before, of an app with two components and one system: \
         the library, what it depends on, and the app",
        &[size(2, 1)],
    ),
    case(
        EDIT,
        "A debug build of the same app, incremental, after a change of a constant, and of the lines \
         on which all else stands",
        &[size(2, 1)],
    ),
    case(
        WHOLE,
        "A debug build of an app with so many components and worlds, each with a system, not \
         incremental; the library has been built",
        SIZES,
    ),
    case(
        WHOLE_EDIT,
        "The same app, incremental, after a change as in `compile_edit`",
        &[size(8, 4), size(128, 4), size(8, 64), size(128, 64)],
    ),
];

/// An app of a side.
struct Way {
    side: &'static str,
    variant: &'static str,
    /// What it depends on, as in its manifest; `{}` stands for a version, `{root}` for this
    /// repository. `cargo` takes ours from there as from a registry: a path would be built as a
    /// part of the app, in many pieces that are quick to change and slow to link.
    dependency: &'static str,
    minimal: &'static str,
    generated: Option<fn(Size) -> String>,
}

const MINIMAL: &str = include_str!("apps/static_ecs.rs");

const WAYS: [Way; 11] = [
    Way {
        side: HAND,
        variant: "",
        dependency: "",
        minimal: include_str!("apps/hand.rs"),
        generated: Some(generated::hand),
    },
    Way {
        side: OURS,
        variant: "one world",
        dependency: "static-ecs = { git = \"file://{root}\", default-features = false, features = [\"std\"] }",
        minimal: MINIMAL,
        generated: Some(generated::worlds),
    },
    Way {
        side: OURS,
        variant: "coordinators",
        dependency: "static-ecs = { git = \"file://{root}\" }",
        minimal: MINIMAL,
        generated: Some(generated::coordinated),
    },
    Way {
        side: "bevy_ecs",
        variant: "",
        dependency: "bevy_ecs = \"{}\"",
        minimal: include_str!("apps/bevy_ecs.rs"),
        generated: Some(generated::bevy),
    },
    Way {
        side: "flecs_ecs",
        variant: "",
        dependency: "flecs_ecs = { version = \"{}\", default-features = false, features = [\
                     \"std\", \"flecs_alerts\", \"flecs_os_api_impl\", \"flecs_pipeline\", \
                     \"flecs_query_rust_traits\", \"flecs_safety_locks\"] }",
        minimal: include_str!("apps/flecs_ecs.rs"),
        generated: None,
    },
    Way {
        side: "gecs",
        variant: "",
        dependency: "gecs = \"{}\"",
        minimal: include_str!("apps/gecs.rs"),
        generated: None,
    },
    Way {
        side: "hecs",
        variant: "",
        dependency: "hecs = \"{}\"",
        minimal: include_str!("apps/hecs.rs"),
        generated: Some(generated::hecs),
    },
    Way {
        side: "legion",
        variant: "",
        dependency: "legion = \"{}\"",
        minimal: include_str!("apps/legion.rs"),
        generated: None,
    },
    Way {
        side: "shipyard",
        variant: "",
        dependency: "shipyard = \"{}\"",
        minimal: include_str!("apps/shipyard.rs"),
        generated: None,
    },
    Way {
        side: "sparsey",
        variant: "",
        dependency: "sparsey = \"{}\"",
        minimal: include_str!("apps/sparsey.rs"),
        generated: None,
    },
    Way {
        side: "sparsey",
        variant: "parallel",
        dependency: "sparsey = { version = \"{}\", features = [\"parallel\"] }",
        minimal: include_str!("apps/sparsey.rs"),
        generated: None,
    },
];

fn sides() -> Vec<Side> {
    let entries: [_; WAYS.len()] = [
        entries::<0>(),
        entries::<1>(),
        entries::<2>(),
        entries::<3>(),
        entries::<4>(),
        entries::<5>(),
        entries::<6>(),
        entries::<7>(),
        entries::<8>(),
        entries::<9>(),
        entries::<10>(),
    ];
    let mut sides: Vec<Side> = Vec::new();
    for (way, entries) in WAYS.iter().zip(entries) {
        match sides.iter_mut().find(|side| side.name == way.side) {
            Some(side) => side.entries.extend(entries),
            None => sides.push(Side { name: way.side, entries }),
        }
    }
    sides
}

fn entries<const WAY: usize>() -> Vec<Entry> {
    let makes: [fn(Size) -> Box<dyn Bench>; CASES.len()] =
        [make::<WAY, 0>, make::<WAY, 1>, make::<WAY, 2>, make::<WAY, 3>];
    let Way { variant, generated, .. } = WAYS[WAY];
    let entry = |(case, make): (&Case, _)| Entry { case: case.name, variant, make };
    let takes_part =
        |(case, _): &(&Case, _)| generated.is_some() || case.name == CLEAN || case.name == EDIT;
    CASES.iter().zip(makes).filter(takes_part).map(entry).collect()
}

fn make<const WAY: usize, const CASE: usize>(size: Size) -> Box<dyn Bench> {
    let (way, case) = (&WAYS[WAY], CASES[CASE].name);
    let build = match case {
        CLEAN => Build::Clean,
        WHOLE => Build::Whole,
        _ => Build::Edit,
    };
    let source = match way.generated {
        Some(generate) if case == WHOLE || case == WHOLE_EDIT => generate(size),
        _ => way.minimal.to_owned(),
    };
    let app = or_end(way, case, App::new(way, case, size, &source, build));
    Box::new(Compiling { way, case, app })
}

/// Nothing can be measured after an error, which ends the program.
fn or_end<T>(way: &Way, case: &str, outcome: Outcome<T>) -> T {
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {case}: {} {}: {error}", way.side, way.variant);
        process::exit(1)
    })
}

/// An app that is built again and again.
struct Compiling {
    way: &'static Way,
    case: &'static str,
    app: App,
}

impl Bench for Compiling {
    fn run(&mut self, times: u32) -> Duration {
        (0..times).map(|_| or_end(self.way, self.case, self.app.build())).sum()
    }

    /// What the app says.
    fn digest(&mut self) -> Digest {
        let said = or_end(self.way, self.case, self.app.run());
        let mut digest = Digest::default();
        let numbers: Vec<f32> =
            said.split_whitespace().map(|word| word.parse().unwrap_or(f32::NAN)).collect();
        digest.add(&numbers);
        digest
    }

    fn built(&self) -> Option<Built> {
        Some(self.app.built)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_finds_its_place_in_each_app() {
        for way in &WAYS {
            assert_eq!(way.minimal.matches(app::EDITED).count(), 1, "{}", way.side);
            if let Some(generate) = way.generated {
                let text = generate(size(8, 4));
                assert_eq!(text.matches(app::EDITED).count(), 1, "{}", way.side);
            }
        }
    }
}
