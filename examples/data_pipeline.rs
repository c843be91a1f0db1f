//! A stream processor: reads a CSV file of measurements (`station,celsius`) and
//! answers the mean of each station. Every record is an entity; those that can't
//! be understood get a component, `Bad`, whose route leads to a world of their own.
//!
//! Run it with `cargo run --release --example data_pipeline`, which makes a file
//! of its own, or with `-- measurements.csv`; `-- --help` lists the options.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use clap::Parser;
use static_ecs::driver::Port;
use static_ecs::prelude::*;

type Fallible<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// A record as it was read, and its line. It moves to each world in turn.
#[derive(Component)]
struct Raw(u64, csv::StringRecord);

#[derive(Component)]
struct Measurement(f64);

/// What is wrong with a record.
#[derive(Component)]
struct Bad(String);

#[world_config(components(Raw, Measurement, Bad), max_entities = 16_384)]
struct Record;

#[world_config(base = Record, role = accept, routing(default_target = Parse))]
struct Read;

#[world_config(base = Record, role = compute, routing(default_target = Sum, Bad => Reject))]
struct Parse;

#[world_config(base = Record)]
struct Sum;

#[world_config(base = Record)]
struct Reject;

coordinator!(type Pipeline = (Read, Parse, Sum, Reject));

/// Reads records as long as the worlds behind it keep up.
struct Reader {
    file: csv::Reader<File>,
    /// Dropped at the end of the file.
    end: Option<Sender<()>>,
}

impl Driver<Read> for Reader {
    fn poll(&mut self, world: &mut World<Read>, _: &mut Port<'_>) -> Fallible<bool> {
        const BATCH: usize = 256;
        if self.end.is_none() || world.try_admit(BATCH).is_err() {
            return Ok(false);
        }
        for _ in 0..BATCH {
            let mut record = csv::StringRecord::new();
            if !self.file.read_record(&mut record)? {
                self.end = None;
                break;
            }
            let line = record.position().map_or(0, csv::Position::line);
            let entity = world.spawn(Raw(line, record))?;
            world.complete(entity)?;
        }
        Ok(true)
    }

    /// Under pressure it looks again a millisecond later.
    fn timeout(&self) -> Option<Duration> {
        self.end.is_some().then_some(Duration::from_millis(1))
    }
}

/// A filter: what was not looked at yet.
type Unparsed = (Without<Measurement>, Without<Bad>);

fn parse(
    records: Query<Record, (Entity, &Raw), Unparsed>,
    commands: &mut Commands<Parse>,
) -> Fallible {
    for (entity, Raw(_, record)) in &records {
        match record.get(1).unwrap_or("").trim().parse() {
            Ok(celsius) if (-100.0..=100.0).contains(&celsius) => {
                commands.insert(entity, Measurement(celsius))?
            }
            Ok(celsius) => commands.insert(entity, Bad(format!("{celsius} degrees")))?,
            Err(error) => commands.insert(entity, Bad(error.to_string()))?,
        }
        commands.complete(entity)?;
    }
    Ok(())
}

/// A resource: by station, how many measurements there are, and their sum.
#[derive(Default)]
struct Stations(BTreeMap<String, (u64, f64)>);

fn sum(world: &mut World<Sum>) {
    world.resource_scope(|world, stations: &mut Stations| {
        for (Raw(_, record), Measurement(celsius)) in world.view::<(&Raw, &Measurement)>() {
            let station = stations.0.entry(record[0].to_owned()).or_default();
            *station = (station.0 + 1, station.1 + celsius);
        }
    });
    world.clear();
}

/// Shows the first three; the world counts them all.
fn reject(world: &mut World<Reject>) {
    let left = 3_u64.saturating_sub(world.counts().despawned) as usize;
    for (Raw(line, record), Bad(why)) in world.view::<(&Raw, &Bad)>().take(left) {
        println!("line {line}: {:?}: {why}", record.iter().collect::<Vec<_>>());
    }
    world.clear();
}

/// The mean temperature of each station in a CSV file.
#[derive(Parser)]
struct Options {
    /// Lines of `station,celsius`, after a header; without one, a file is made.
    file: Option<PathBuf>,
    /// Which worlds share a thread: `single`, `per-world`, or such as `0,1,1,1`.
    #[arg(long, default_value_t)]
    placement: Placement,
}

fn main() -> ExitCode {
    let Options { file, placement } = Options::parse();
    let result = match file {
        Some(file) => run(&file, placement).map(drop),
        None => try_out(placement),
    };
    if let Err(error) = &result {
        eprintln!("error: {error}");
    }
    result.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// Answers how many records were good, and how many bad.
fn run(path: &Path, placement: Placement) -> Result<(u64, u64), Box<dyn Error>> {
    println!("{}, placement {placement}", path.display());
    // A record may have a field too few: that is for `parse` to say.
    let file = csv::ReaderBuilder::new().flexible(true).from_path(path)?;
    let (end, ended) = channel();
    let mut pipeline = Pipeline::new();
    pipeline.set_driver::<Read>(Reader { file, end: Some(end) });
    pipeline.world_mut::<Sum>().insert_resource(Stations::default());
    pipeline.add_system::<Parse, _>(parse);
    pipeline.add_system::<Sum, _>(sum);
    pipeline.add_system::<Reject, _>(reject);

    let running = pipeline.run(placement)?;
    // Until the reader drops its end of the channel, or a world fails.
    while running.is_running()
        && ended.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout)
    {
        let received = running.stats().transfers_received;
        println!("{} records read, {} done", received[1], received[2] + received[3]);
    }
    let stopped = running.stop();
    let conservation = stopped.conservation.clone();
    let pipeline = stopped.into_result()?;

    let stations = pipeline.world::<Sum>().resource::<Stations>();
    for (station, (count, sum)) in stations.iter().flat_map(|stations| &stations.0) {
        println!("{station}: {:.2} °C, mean of {count}", sum / *count as f64);
    }
    let [read, _, good, bad] = [0, 1, 2, 3].map(|id| conservation.worlds[id].counts);
    println!("{} records: {} good, {} bad", read.spawned, good.despawned, bad.despawned);
    assert!(conservation.holds() && conservation.live() == 0, "{conservation}");
    assert_eq!(read.spawned, good.despawned + bad.despawned);
    Ok((good.despawned, bad.despawned))
}

/// Makes a file in which every 97th measurement is none, and every 1009th is not there.
fn try_out(placement: Placement) -> Result<(), Box<dyn Error>> {
    const COUNT: u64 = 200_000;
    let stations = ["Hamburg", "Lagos", "\"Saint-Denis, Réunion\"", "Quito", "Yakutsk"];
    let mut text = String::from("station,celsius\n");
    let mut bad = 0;
    for n in 0..COUNT {
        text += stations[n as usize % stations.len()];
        match n {
            _ if n % 1009 == 0 => text += "\n",
            _ if n % 97 == 0 => text += ",n/a\n",
            _ => text += &format!(",{}.{}\n", n % 30, n % 7),
        }
        bad += u64::from(n % 1009 == 0 || n % 97 == 0);
    }
    let path = std::env::temp_dir().join(format!("measurements-{}.csv", std::process::id()));
    std::fs::write(&path, text)?;
    let found = run(&path, placement);
    std::fs::remove_file(&path)?;
    assert_eq!(found?, (COUNT - bad, bad), "good and bad records");
    Ok(())
}
