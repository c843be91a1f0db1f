//! Results as text: aligned columns for the terminal, Markdown for the report.

use std::fmt::Write;

use crate::case;
use crate::machine::Run;
use crate::pair::Distance;
use crate::record::Group;
use crate::stats::Estimate;
use crate::suite::Suite;
use crate::verdict::{Outcome, Verdict};

/// Rows of cells, the first of which is the head.
pub struct Table {
    pub rows: Vec<Vec<String>>,
    /// So many columns are words, and go to the left; numbers go to the right.
    pub words: usize,
}

impl Table {
    pub fn new<const N: usize>(head: [&str; N], words: usize) -> Self {
        Self { rows: vec![head.map(String::from).to_vec()], words }
    }

    pub fn text(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                let _ = match column < self.words {
                    true => write!(line, "  {cell:width$}"),
                    false => write!(line, "  {cell:>width$}"),
                };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if index == 0 {
                let rule = |column| if column < self.words { "---" } else { "---:" };
                let rules: Vec<_> = (0..row.len()).map(rule).collect();
                let _ = writeln!(text, "|{}|", rules.join("|"));
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

/// What the run was made with, in a few lines.
pub fn machine(run: &Run) -> String {
    let Run { cpu, cores, kernel, rustc, commit, versions } = run;
    let versions: Vec<_> =
        versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let versions = versions.join(", ");
    format!("{cpu}, {cores} cores, {kernel}\n{rustc}, commit {commit}\n{versions}\n")
}

/// Case and size.
pub fn title(group: &Group<'_>) -> String {
    let Group { case, entities, archetypes, .. } = group;
    let [things, kinds] = case::counted(case);
    let mut title = format!("{case}: {} {things}", thousands(*entities));
    if *archetypes > 1 {
        let _ = write!(title, ", {} {kinds}", thousands(*archetypes));
    }
    if let Some((before, after)) = group.records.first().and_then(|record| record.round_trip_ns) {
        let state = Distance::of(before).text();
        let _ = write!(title, ", cores {state}: round trip {before:.0} to {after:.0} ns");
        if group.records.iter().any(|record| record.unsettled) {
            title += ", unsettled";
        }
    }
    title
}

/// All sides of one case at one size, from the fastest to the slowest.
pub fn results(suite: &Suite, group: &Group<'_>) -> Table {
    let mut records = group.records.clone();
    records.sort_by(|a, b| a.median_ns.total_cmp(&b.median_ns));
    let head = [
        "side",
        "variant",
        "median",
        "least",
        "per entity",
        "to hand",
        "95 %",
        "pairs",
        "to best peer",
    ];
    let mut table = Table::new(head, 2);
    for record in records {
        let ratio = record.ratio_to_hand;
        let contest = (suite.contest)(group.case, &record.variant);
        let best_peer = contest.and_then(|contest| suite.best_peer(group, contest));
        let to_peer = best_peer.and_then(|peer| record.ratio_to(peer));
        table.rows.push(vec![
            record.side.clone(),
            record.variant.clone(),
            nanos(record.median_ns),
            nanos(record.min_ns),
            nanos(record.ns_per_entity),
            ratio.map_or("-".into(), |ratio| times(ratio.median)),
            ratio.map_or("-".into(), interval),
            record.pairs.to_string(),
            to_peer.map_or("-".into(), |ratio| times(ratio.median)),
        ]);
    }
    table
}

pub fn group(suite: &Suite, group: &Group<'_>) -> String {
    let mut text = format!("{}\n{}", title(group), results(suite, group).text());
    if let Some(served) = served(group) {
        text.push('\n');
        text += &served.text();
    }
    if let Some(built) = built(group) {
        text.push('\n');
        text += &built.text();
    }
    text
}

/// Of web servers, what each did.
pub fn served(group: &Group<'_>) -> Option<Table> {
    let head = [
        "side",
        "variant",
        "processor",
        "requests/s",
        "core busy",
        "p50",
        "p99",
        "p99.9",
        "memory",
        "peak",
    ];
    let mut table = Table::new(head, 2);
    for record in &group.records {
        let Some(served) = record.served else { continue };
        let mib = |kib: f64| format!("{:.1} MiB", kib / 1024.0);
        let micros = |micros: f64| nanos(micros * 1e3);
        // Of a million microseconds in each second.
        let busy = served.cpu_us_per_request * served.requests_per_s / 1e4;
        table.rows.push(vec![
            record.side.clone(),
            record.variant.clone(),
            micros(served.cpu_us_per_request),
            thousands(served.requests_per_s as usize),
            format!("{busy:.0} %"),
            micros(served.p50_us),
            micros(served.p99_us),
            micros(served.p999_us),
            mib(served.memory_kib),
            mib(served.memory_peak_kib),
        ]);
    }
    (table.rows.len() > 1).then_some(table)
}

/// Of what is compiled, what was made of how much.
pub fn built(group: &Group<'_>) -> Option<Table> {
    let mut table = Table::new(["side", "variant", "crates", "program"], 2);
    for record in &group.records {
        let Some(built) = record.built else { continue };
        table.rows.push(vec![
            record.side.clone(),
            record.variant.clone(),
            built.crates.to_string(),
            format!("{:.0} KiB", built.program_kib),
        ]);
    }
    (table.rows.len() > 1).then_some(table)
}

pub fn verdict_table(verdicts: &[Verdict<'_>]) -> Table {
    let head = ["case", "ours", "target", "verdict", "median", "ratio", "95 %"];
    let mut table = Table::new(head, 4);
    for verdict in verdicts {
        let Verdict { group, ours, ratio, .. } = verdict;
        table.rows.push(vec![
            title(group).replace(" entities", "").replace(" archetypes", " sets"),
            ours.map_or("-".into(), |ours| ours.variant.clone()),
            verdict.target(),
            verdict.outcome().text().into(),
            ours.map_or("-".into(), |ours| nanos(ours.median_ns)),
            ratio.map_or("-".into(), |ratio| times(ratio.median)),
            ratio.map_or("-".into(), interval),
        ]);
    }
    table
}

/// The verdicts, and how many there are of each kind.
pub fn verdicts(verdicts: &[Verdict<'_>]) -> String {
    let count = |outcome| {
        let count = verdicts.iter().filter(|verdict| verdict.outcome() == outcome).count();
        format!("{count} {}", outcome.text().to_lowercase())
    };
    let counts: Vec<_> = Outcome::ALL.iter().copied().map(count).collect();
    format!("Targets: {}\n{}", counts.join(", "), verdict_table(verdicts).text())
}

/// A time with three digits.
pub fn nanos(nanos: f64) -> String {
    let (number, unit) = match nanos {
        _ if nanos < 1e3 => (nanos, "ns"),
        _ if nanos < 1e6 => (nanos / 1e3, "us"),
        _ if nanos < 1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    format!("{} {unit}", digits(number))
}

pub fn times(ratio: f64) -> String {
    digits(ratio) + " x"
}

pub fn interval(ratio: Estimate) -> String {
    format!("{} to {}", digits(ratio.low), digits(ratio.high))
}

fn digits(number: f64) -> String {
    match number {
        _ if number < 10.0 => format!("{number:.2}"),
        _ if number < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
