//! A document made of records.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::machine::Run;
use crate::plot;
use crate::record::{self, Group, Record};
use crate::suite::Suite;
use crate::table::{self, Table};
use crate::verdict::{self, Outcome, Verdict};

#[derive(Args, Debug)]
pub struct Options {
    /// What the measuring commands wrote
    #[arg(value_name = "RECORD.json", required = true)]
    records: Vec<PathBuf>,
    /// Write the document here; without this and --plot, to the terminal
    #[arg(long, value_name = "FILE.md")]
    markdown: Option<PathBuf>,
    /// Write the picture here; of several suites, one each, with its name added to this one
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

const METHOD: &str = "\
All sides are in one program, built with the same settings, but web servers, which are one each.
Before anything is measured, each does the case once on a world of its own, and a hash of every
entity's numbers, in the end, must be equal for all; a side that computed something else is left
out, and the run fails.

The sides are measured in turn. In each round each of them, in each of its variants, gives one
sample, in an order that is shuffled anew for each round, so that what else the machine does hits
all of them. A sample runs the timed region as often as fits about a millisecond. One run that does
not count comes before it, unless a run takes more than a quarter of a second or is to find fresh
memory. Where a round would take more than two seconds, peers that take more than half a second sit
out some of the rounds, the same ones for all; the two fastest peers, `hand` and static-ecs never
do. Cases with one thread run on one core.

All peers and `hand` use the C library's allocator, which keeps freed blocks as it does in a program
that has run for a while: small worlds that come and go are not charged for fresh pages. static-ecs
in addition keeps freed columns of its own, up to 8 MiB for each thread: a new world takes them
over, which is a main reason for its figures in `insert_*`. Where a case is to have fresh memory,
both are emptied before each sample.

The ratio of two sides is the median of the ratios of their samples in the same round, and the
interval in which the true one lies 95 times in 100, from the order of these ratios. A target is
met where the interval reaches it, and just met if the median does not; with fewer than 30 pairs of
samples there is no verdict, and none where the host has placed the two cores anew in each of three
tries: that is called unsettled. `hand` is code that does the same work on plain arrays, written for the
one case: the yardstick, not a library. Tables give the median and the least time, and the ratio to
the fastest peer that works in the same way.
";

/// Writes what the options ask for.
pub fn write(suites: &[&Suite], options: &Options) -> Result<(), Box<dyn Error>> {
    let mut records: Vec<Record> = Vec::new();
    for path in &options.records {
        let read = record::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        // Samples of two runs would be paired as if they were of one.
        let twice = read.iter().find(|new| records.iter().any(|old| old.case == new.case));
        if let Some(Record { case, .. }) = twice {
            return Err(format!("{}: {case} is in another file as well", path.display()).into());
        }
        records.extend(read);
    }
    let mut document = document_head(&records);
    let parts: Vec<(&Suite, Vec<Record>)> = suites
        .iter()
        .map(|&suite| {
            let of_suite =
                |record: &&Record| suite.cases.iter().any(|case| case.name == record.case);
            (suite, records.iter().filter(of_suite).cloned().collect())
        })
        .filter(|(_, records): &(_, Vec<_>)| !records.is_empty())
        .collect();
    for (suite, records) in &parts {
        let mut picture = String::new();
        if let Some(path) = &options.plot {
            let path = match parts.len() {
                1 => path.clone(),
                _ => picture_of(suite, path),
            };
            fs::write(&path, plot::svg(suite, &Group::all(records)))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            picture = format!("![Ratios to plain arrays, a row for each case]({name})\n\n");
        }
        document += &section(suite, records, &picture);
    }
    match &options.markdown {
        Some(path) => fs::write(path, document)?,
        None if options.plot.is_none() => print!("{document}"),
        None => {}
    }
    Ok(())
}

/// Where the picture of one suite of several goes.
fn picture_of(suite: &Suite, path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("-{}", suite.name));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn document_head(records: &[Record]) -> String {
    let mut runs: Vec<&Run> = records.iter().map(|record| &record.run).collect();
    runs.dedup();
    let mut text = "# Benchmarks\n\nMade by `benches`, not by hand: see `cargo run --release \
                    --manifest-path benches/Cargo.toml -- --help`.\n\n## Method\n\n"
        .to_owned();
    text += METHOD;
    text += "\n## Machine and versions\n\n";
    for run in runs {
        let lines: Vec<_> = table::machine(run).lines().map(|line| format!("- {line}")).collect();
        let _ = writeln!(text, "{}\n", lines.join("\n"));
    }
    text
}

fn section(suite: &Suite, records: &[Record], picture: &str) -> String {
    let verdicts = verdict::all(suite, records);
    let mut text = format!("## {}\n\n{picture}{}\n", suite.title, suite.notes.trim_end());
    text += "\n### Losses\n\n";
    text += &losses(&verdicts, verdict::unmeasured(suite, records));
    text += "\n### Targets\n\n";
    text += &table::verdict_table(&verdicts).markdown();
    text += "\n### All figures\n";
    for group in Group::all(records) {
        let case = suite.cases.iter().find(|case| case.name == group.case);
        let about = case.map_or("", |case| case.about);
        let figures: Table = table::results(suite, &group);
        let title = table::title(&group);
        let _ = write!(text, "\n#### {title}\n\n{about}.\n\n{}", figures.markdown());
        if let Some(served) = table::served(&group) {
            let _ = write!(text, "\n{}", served.markdown());
        }
        if let Some(built) = table::built(&group) {
            let _ = write!(text, "\n{}", built.markdown());
        }
    }
    text
}

/// Everything that did not come out as hoped, with nothing left out.
fn losses(verdicts: &[Verdict<'_>], unmeasured: Vec<String>) -> String {
    let of = |outcome| {
        let found = verdicts.iter().filter(move |verdict| verdict.outcome() == outcome);
        found.map(loss).collect::<Vec<_>>()
    };
    let mut missing = of(Outcome::NotMeasured);
    missing.extend(unmeasured);
    let lists = [
        ("Where a target is missed or a peer is faster:", of(Outcome::Missed)),
        ("Where the median misses, but the interval reaches the target:", of(Outcome::JustMet)),
        ("Where too few rounds have both for a verdict:", of(Outcome::TooFewPairs)),
        (
            "Where the cores were placed anew in each try, so that there is no verdict:",
            of(Outcome::Unsettled),
        ),
        ("What was not measured in this run:", missing),
    ];
    let mut text = String::new();
    for (intro, lines) in lists.iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = writeln!(text, "{intro}\n\n- {}\n", lines.join("\n- "));
    }
    if text.is_empty() {
        text.push_str("No target is missed, and no peer is faster beyond doubt.");
    }
    text.trim_end().to_owned() + "\n"
}

fn loss(verdict: &Verdict<'_>) -> String {
    let title = table::title(&verdict.group);
    let target = verdict.target();
    match (verdict.ours, verdict.ratio) {
        (Some(ours), Some(ratio)) => {
            let against = match verdict.against {
                Some(other) => format!(" against {}", table::nanos(other.median_ns)),
                None => String::new(),
            };
            format!(
                "{title}: {}{against}, {} ({}), where the target is {target}",
                table::nanos(ours.median_ns),
                table::times(ratio.median),
                table::interval(ratio),
            )
        }
        _ => format!("{title}: {target}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suite_has_a_picture_of_its_own() {
        let path = picture_of(&crate::queues::SUITE, Path::new("docs/benchmarks.svg"));
        assert_eq!(path, Path::new("docs/benchmarks-queues.svg"));
    }
}
