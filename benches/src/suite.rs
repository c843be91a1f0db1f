//! A set of cases that a command runs, and what is held against what in it.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::case::{Case, Side, Size};
use crate::machine::{self, Run};
use crate::measure::{self, Contender, Measured};
use crate::pair::{self, Distance};
use crate::record::{self, Group, Record, Served};
use crate::verdict::Target;
use crate::{memory, table, verdict};

/// Sizes above this take long, and much memory.
const QUICK_ENTITIES: usize = 1_000_000;

pub struct Suite {
    /// In a word, as the command is called.
    pub name: &'static str,
    /// In a few words, for titles.
    pub title: &'static str,
    /// The side whose targets are checked.
    pub ours: &'static str,
    /// The side that all others are held against.
    pub reference: &'static str,
    pub cases: &'static [Case],
    pub sides: fn() -> Vec<Side>,
    /// The variant of the reference for a variant of a case; `None`: its fastest.
    pub pairing: fn(case: &str, variant: &str) -> Option<&'static str>,
    /// In which contest of a case a variant is, the best of which among ours and
    /// among the peers' are compared; `None`: in none.
    pub contest: fn(case: &str, variant: &str) -> Option<&'static str>,
    /// Whether parallel cases are of two threads that each want a core, where it matters how
    /// far apart these are.
    pub two_cores: bool,
    /// What must be there before anything is measured.
    pub prepare: fn() -> Result<(), Box<dyn Error>>,
    /// Frees what sides keep of freed memory, as far as they can be asked to.
    pub give_back: fn(),
    pub targets: &'static [Target],
    /// What a reader of the report should know of these cases, in Markdown.
    pub notes: &'static str,
}

#[derive(Args, Debug)]
pub struct Options {
    /// Only this case; may be given several times
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<String>,
    /// Only this side, beside the reference; may be given several times
    #[arg(long = "side", value_name = "NAME")]
    sides: Vec<String>,
    /// 7 rounds, and no sizes above 1,000,000 entities
    #[arg(long)]
    quick: bool,
    /// Write the record here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How often each side is measured
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

impl Options {
    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 7 } else { 41 })
    }
}

impl Suite {
    /// Measures what the options ask for, prints it, and writes the record.
    /// Whether all sides agreed.
    pub fn run(&self, options: &Options) -> Result<bool, Box<dyn Error>> {
        let mut sides = (self.sides)();
        let names: Vec<_> = sides.iter().map(|side| side.name).collect();
        known("case", &options.cases, self.cases.iter().map(|case| case.name))?;
        known("side", &options.sides, names.iter().copied())?;
        let run = Run::here(names);
        println!("{}", table::machine(&run));
        sides.retain(|side| side.name == self.reference || wanted(&options.sides, side.name));
        (self.prepare)()?;

        if let Some(load) = machine::load().filter(|&load| load > 0.5) {
            eprintln!("the machine is busy (load {load}): the figures will be unsure");
        }
        memory::settle();
        let mut records = Vec::new();
        let mut agreed = true;
        let cases = || self.cases.iter().filter(|case| wanted(&options.cases, case.name));
        // What uses several threads comes first: the rest is pinned to one core,
        // and so would be the threads that a library starts meanwhile.
        for case in cases().filter(|case| case.parallel) {
            agreed &= self.run_case(case, &sides, options, &run, &mut records);
        }
        pin();
        for case in cases().filter(|case| !case.parallel) {
            agreed &= self.run_case(case, &sides, options, &run, &mut records);
        }
        let place = |record: &Record| self.cases.iter().position(|case| case.name == record.case);
        records.sort_by_key(place);
        if let Some(path) = &options.json {
            record::write(path, &records)?;
        }
        println!("{}", table::verdicts(&verdict::all(self, &records)));
        Ok(agreed)
    }

    fn run_case(
        &self,
        case: &Case,
        sides: &[Side],
        options: &Options,
        run: &Run,
        records: &mut Vec<Record>,
    ) -> bool {
        let mut agreed = true;
        for &size in case.sizes {
            if options.quick && size.entities > QUICK_ENTITIES {
                let entities = table::thousands(size.entities);
                println!("{}: {entities} entities left out: --quick\n", case.name);
                continue;
            }
            let mut contenders = self.contenders(case, sides);
            agreed &= self.drop_wrong(case, size, &mut contenders);
            if contenders.is_empty() {
                continue;
            }
            let new = self.measure(case, size, &contenders, options.rounds(), run);
            for group in Group::all(&new) {
                println!("{}", table::group(self, &group));
            }
            records.extend(new);
        }
        agreed
    }

    /// Measures a case; where the host has placed the cores anew meanwhile, again.
    fn measure(
        &self,
        case: &Case,
        size: Size,
        contenders: &[Contender],
        rounds: u32,
        run: &Run,
    ) -> Vec<Record> {
        const TRIES: usize = 3;
        let apart = || (self.two_cores && case.parallel).then(pair::round_trip);
        let mut before = apart();
        for attempt in 1.. {
            let mut progress = Progress::new(case.name, size, rounds);
            let fresh = case.fresh.then_some(self.give_back);
            let measured = measure::measure(contenders, size, fresh, rounds, |contender, round| {
                progress.tell(contender, round)
            });
            progress.end();
            let after = apart();
            let states = before.zip(after).map(|(before, after)| {
                println!("cores: round trip {before:.0} ns before, {after:.0} ns after");
                (Distance::of(before), Distance::of(after))
            });
            let settled = states.is_none_or(|(one, other)| one == other);
            if settled || attempt == TRIES {
                let mut records = self.records(case, size, contenders, measured, run);
                for record in &mut records {
                    record.round_trip_ns = before.zip(after);
                    record.unsettled = !settled;
                }
                return records;
            }
            println!("the cores have been placed anew: once more");
            before = after;
        }
        unreachable!("the last try returns")
    }

    fn contenders(&self, case: &Case, sides: &[Side]) -> Vec<Contender> {
        let of_side = |side: &Side| {
            let name = side.name;
            let peer = self.is_peer(name);
            let entries = side.entries.iter().filter(|entry| entry.case == case.name);
            entries.map(move |&entry| Contender { side: name, peer, entry }).collect::<Vec<_>>()
        };
        sides.iter().flat_map(of_side).collect()
    }

    pub fn is_peer(&self, side: &str) -> bool {
        side != self.ours && side != self.reference
    }

    /// The peers' fastest in the same contest.
    pub fn best_peer<'a>(&self, group: &Group<'a>, contest: &str) -> Option<&'a Record> {
        group.best(|record| {
            self.is_peer(&record.side)
                && (self.contest)(group.case, &record.variant) == Some(contest)
        })
    }

    /// Leaves out those who computed something else than the first of the
    /// reference. Whether there were none.
    fn drop_wrong(&self, case: &Case, size: Size, contenders: &mut Vec<Contender>) -> bool {
        let results = measure::check(contenders, size);
        let mut right = results.iter().map(|&(_, right)| right);
        let before = contenders.len();
        for (contender, (digest, right)) in contenders.iter().zip(&results) {
            if !right {
                let (name, side, variant) = (case.name, contender.side, contender.entry.variant);
                let expected = results[0].0;
                eprintln!(
                    "{name}: {side} {variant} computed {digest:?}, not {expected:?}; left out"
                );
            }
        }
        contenders.retain(|_| right.next().unwrap_or(false));
        contenders.len() == before
    }

    fn records(
        &self,
        case: &Case,
        size: Size,
        contenders: &[Contender],
        measured: Vec<Measured>,
        run: &Run,
    ) -> Vec<Record> {
        let record = |(contender, measured): (&Contender, Measured)| {
            let mut record = Record {
                case: case.name.into(),
                side: contender.side.into(),
                variant: contender.entry.variant.into(),
                entities: size.entities,
                median_ns: 0.0,
                min_ns: measured.samples.iter().flatten().copied().fold(f64::MAX, f64::min),
                archetypes: size.archetypes,
                ns_per_entity: 0.0,
                repeats: measured.repeats,
                pairs: 0,
                reference: None,
                ratio_to_hand: None,
                samples_ns: measured.samples,
                round_trip_ns: None,
                unsettled: false,
                served: Served::median(&measured.served),
                built: measured.built,
                run: run.clone(),
            };
            record.median_ns = record.time().map_or(f64::NAN, |time| time.median);
            record.ns_per_entity = record.median_ns / size.entities as f64;
            record
        };
        let mut records: Vec<_> = contenders.iter().zip(measured).map(record).collect();
        let unpaired = records.clone();
        for group in Group::all(&unpaired) {
            for record in &mut records {
                let Some(reference) = self.reference_of(&group, &record.variant) else { continue };
                record.pairs = record.pairs_with(reference).count();
                record.ratio_to_hand = record.ratio_to(reference);
                record.reference = Some(reference.variant.clone());
            }
        }
        records
    }

    /// What a variant is held against.
    pub fn reference_of<'a>(&self, group: &Group<'a>, variant: &str) -> Option<&'a Record> {
        match (self.pairing)(group.case, variant) {
            Some(named) => group.find(self.reference, named),
            None => group.best(|record| record.side == self.reference),
        }
    }
}

/// With no names given, all are wanted.
fn wanted(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|wanted| wanted == name)
}

fn known<'a>(
    what: &str,
    given: &[String],
    there: impl Iterator<Item = &'a str>,
) -> Result<(), String> {
    let there: BTreeSet<_> = there.collect();
    match given.iter().find(|name| !there.contains(&***name)) {
        None => Ok(()),
        Some(name) => {
            let there: Vec<_> = there.into_iter().collect();
            Err(format!("no {what} is called `{name}`; there are {}", there.join(", ")))
        }
    }
}

/// Keeps this thread, and those that it starts, on one core.
fn pin() {
    let last = core_affinity::get_core_ids().and_then(|cores| cores.last().copied());
    if !last.is_some_and(core_affinity::set_for_current) {
        eprintln!("this thread can't be kept on one core");
    }
}

/// Tells on stderr how far a case has come, not too often.
struct Progress {
    what: String,
    rounds: u32,
    told: Option<Instant>,
    begun: Instant,
}

impl Progress {
    fn new(case: &str, size: Size, rounds: u32) -> Self {
        let Size { entities, archetypes } = size;
        let what = table::title(&Group { case, entities, archetypes, records: Vec::new() });
        Self { what, rounds, told: None, begun: Instant::now() }
    }

    fn tell(&mut self, contender: &Contender, round: u32) {
        const PAUSE: Duration = Duration::from_secs(2);
        if self.told.is_some_and(|told| told.elapsed() < PAUSE) {
            return;
        }
        self.told = Some(Instant::now());
        let Self { what, rounds, .. } = self;
        let Contender { side, entry, .. } = contender;
        let done = round.saturating_sub(1);
        let _ = writeln!(
            std::io::stderr(),
            "{what}: {done} of {rounds} rounds done, at {side} {}",
            entry.variant
        );
    }

    fn end(&self) {
        let seconds = self.begun.elapsed().as_secs_f64();
        eprintln!("{}: {} rounds done in {seconds:.1} s", self.what, self.rounds);
    }
}

/// # Panics
/// If the sides of a case compute different things, at any size that is quick.
#[cfg(test)]
pub fn check_all(suite: &Suite) {
    for case in suite.cases {
        let contenders: Vec<_> = suite.contenders(case, &(suite.sides)());
        for &size in case.sizes.iter().filter(|size| size.entities <= 100_000) {
            let results = measure::check(&contenders, size);
            for (contender, (digest, right)) in contenders.iter().zip(results) {
                let (name, side, variant) = (case.name, contender.side, contender.entry.variant);
                assert!(right, "{name}: {side} {variant} computed {digest:?}");
                assert!(digest.count > 0);
            }
        }
    }
}
