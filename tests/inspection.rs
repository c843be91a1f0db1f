//! What worlds, entities and systems tell of themselves.

use static_ecs::component::Storage;
use static_ecs::prelude::*;

#[derive(Component)]
struct Position([f32; 3]);
#[derive(Component)]
struct Name(String);
#[derive(Component)]
#[component(storage = "sparse")]
struct Frozen(u8);

#[world_config(components(Position, Name, Frozen), max_entities = 100)]
struct Field;

struct Score(u32);

fn field() -> Result<World<Field>, Box<dyn std::error::Error>> {
    let mut field = World::<Field>::new();
    field.reserve::<(Position, Name)>(10)?;
    for n in 0..5 {
        field.spawn((Position([n as f32; 3]), Name(n.to_string())))?;
    }
    let bare = field.spawn(Position([0.0; 3]))?;
    field.insert(bare, Frozen(1))?;
    field.complete(bare)?;
    let dead = field.spawn(Name("gone".into()))?;
    field.despawn(dead)?;
    field.insert_resource(Score(1));
    Ok(field)
}

#[test]
fn a_world_tells_what_is_in_it() -> Result<(), Box<dyn std::error::Error>> {
    let field = field()?;
    let report = field.inspect();
    assert_eq!((report.name, report.id, report.entities, report.outbox), ("Field", None, 6, 1));
    assert_eq!((report.bytes, report.counts), (field.bytes(), field.counts()));
    let components: Vec<_> = report
        .components
        .iter()
        .map(|c| (c.name, c.size, c.align, c.storage, c.entities, c.bytes))
        .collect();
    let name = (size_of::<Name>(), align_of::<Name>());
    let expected = [
        ("Position", 12, 4, Storage::Table, 6, 72),
        ("Name", name.0, name.1, Storage::Table, 5, 5 * name.0),
        ("Frozen", 1, 1, Storage::Sparse, 1, 1),
    ];
    assert_eq!(components, expected);
    let archetypes: Vec<_> = report
        .archetypes
        .iter()
        .map(|a| (a.components.as_slice(), a.sparse.as_slice(), a.entities))
        .collect();
    let expected: [(&[_], &[_], _); 4] = [
        (&[], &[], 0),
        (&["Position", "Name"], &[], 5),
        (&["Position"], &["Frozen"], 1),
        (&["Name"], &[], 0),
    ];
    assert_eq!(archetypes, expected);
    assert!(report.archetypes[1].capacity >= 10 && report.archetypes[1].bytes >= 440);
    assert!(report.resources.iter().any(|name| name.ends_with("inspection::Score")));

    let text = report.to_string();
    assert!(text.starts_with("world Field: 6 of 100 entities, "), "{text}");
    assert!(text.contains("Position, Name\n") && text.contains("Position (sparse: Frozen)"));
    let line = text.lines().find(|line| line.contains("Frozen  ")).ok_or("the component")?;
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["Frozen", "1", "sparse", "1", "1", "B"]
    );
    assert_eq!(report, field.inspect());
    // What was read stays used.
    let first = field.view::<(&Position, &Name)>().next().ok_or("there are some")?;
    assert_eq!((first.0.0[0], first.1.0.as_str()), (0.0, "0"));
    assert_eq!(field.view::<&Frozen>().map(|frozen| frozen.0).sum::<u8>(), 1);
    assert_eq!(field.resource::<Score>().map(|score| score.0), Some(1));
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn a_report_can_be_serialized() -> Result<(), Box<dyn std::error::Error>> {
    let json = serde_json::to_value(field()?.inspect())?;
    assert_eq!(json["components"][1]["entities"], 5);
    assert_eq!(json["counts"]["despawned"], 1);
    assert_eq!(json["components"][2]["storage"], "Sparse");
    Ok(())
}

#[cfg(feature = "tracing")]
mod spans {
    use std::fmt;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use tracing::field::Visit;
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Writes down the spans that begin, and when they are entered and left.
    #[derive(Default)]
    struct Log {
        lines: Arc<Mutex<Vec<String>>>,
        names: Mutex<Vec<String>>,
    }

    struct Line(String);
    impl Visit for Line {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
            self.0 += &format!(" {field}={value:?}");
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let mut line = Line(span.metadata().name().to_owned());
            span.record(&mut line);
            let mut names = self.names.lock().unwrap();
            names.push(line.0);
            Id::from_u64(names.len() as u64)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, span: &Id) {
            let name = self.names.lock().unwrap()[span.into_u64() as usize - 1].clone();
            self.lines.lock().unwrap().push(format!("> {name}"));
        }
        fn exit(&self, span: &Id) {
            let name = self.names.lock().unwrap()[span.into_u64() as usize - 1].clone();
            self.lines.lock().unwrap().push(format!("< {name}"));
        }
    }

    #[world_config(base = Field, source, routing(default_target = Rest))]
    struct First;
    #[world_config(base = Field)]
    struct Rest;
    coordinator!(type Fields = (First, Rest));

    #[test]
    fn each_tick_and_each_system_has_a_span() -> Result<(), Box<dyn std::error::Error>> {
        let log = Log::default();
        let lines = log.lines.clone();
        tracing::subscriber::with_default(log, || -> Result<(), Box<dyn std::error::Error>> {
            let mut fields = Fields::new();
            fields.schedule::<First>().add(|_: Query<Field, &Position>| {}).named("look");
            fields.start()?;
            fields.tick()?;
            Ok(())
        })?;
        let lines = lines.lock().unwrap().clone();
        let expected = [
            "> tick world=\"First\" id=0",
            "> system name=\"look\"",
            "< system name=\"look\"",
            "< tick world=\"First\" id=0",
            "> tick world=\"Rest\" id=1",
            "< tick world=\"Rest\" id=1",
        ];
        assert_eq!(lines, expected);
        Ok(())
    }

    /// Panics at the first span.
    #[derive(Default)]
    struct Broken(AtomicBool);

    impl Subscriber for Broken {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &Id) {
            assert!(self.0.swap(true, Ordering::Relaxed), "the log is full");
        }
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_subscriber_that_panics_takes_no_world_along() -> Result<(), Box<dyn std::error::Error>> {
        let mut fields = Fields::new();
        let kept = fields.world_mut::<First>().spawn(Position([1.0; 3]))?;
        fields.start()?;
        tracing::subscriber::with_default(Broken::default(), || {
            assert!(catch_unwind(AssertUnwindSafe(|| fields.tick())).is_err());
            fields.tick().map(|_| ())
        })?;
        assert_eq!((fields.len(), fields.world::<First>().contains(kept)), (2, true));
        Ok(())
    }
}
