//! What a run leaves behind: one record for each side, variant and size.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::machine::Run;
use crate::stats::{Estimate, estimate};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub case: String,
    pub side: String,
    pub variant: String,
    pub entities: usize,
    pub median_ns: f64,
    pub min_ns: f64,
    pub archetypes: usize,
    pub ns_per_entity: f64,
    /// How often the timed region ran in each sample.
    pub repeats: u32,
    /// Rounds in which the reference has a sample as well.
    pub pairs: usize,
    /// The variant of the reference that this one is held against.
    pub reference: Option<String>,
    pub ratio_to_hand: Option<Estimate>,
    /// By round; a slow side sits out some of them.
    pub samples_ns: Vec<Option<f64>>,
    /// How long a round trip of a cache line between the two cores took, before and after;
    /// of cases that depend on it.
    #[serde(default)]
    pub round_trip_ns: Option<(f64, f64)>,
    /// Whether the host has placed the cores anew in each try: samples are of different
    /// machines then, and nothing is judged by them.
    #[serde(default)]
    pub unsettled: bool,
    pub run: Run,
}

impl Record {
    /// How many times as long as `other` this one takes, from the rounds in
    /// which both were measured.
    pub fn ratio_to(&self, other: &Record) -> Option<Estimate> {
        estimate(self.pairs_with(other).map(|(ours, theirs)| ours / theirs).collect())
    }

    /// The samples of the rounds in which both were measured.
    pub fn pairs_with<'a>(&'a self, other: &'a Record) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.samples_ns
            .iter()
            .zip(&other.samples_ns)
            .filter_map(|(&ours, &theirs)| ours.zip(theirs))
    }

    /// Its samples as they are.
    pub fn time(&self) -> Option<Estimate> {
        estimate(self.samples_ns.iter().flatten().copied().collect())
    }

    /// The side, with the variant if it has one.
    pub fn title(&self) -> String {
        match &*self.variant {
            "" => self.side.clone(),
            variant => format!("{} {variant}", self.side),
        }
    }
}

/// The records of one case at one size, which were measured in turn.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    pub case: &'a str,
    pub entities: usize,
    pub archetypes: usize,
    pub records: Vec<&'a Record>,
}

impl<'a> Group<'a> {
    /// In the order in which the groups appear.
    pub fn all(records: &'a [Record]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for record in records {
            let Record { case, entities, archetypes, .. } = record;
            let same = |group: &&mut Group<'_>| {
                (group.case, group.entities, group.archetypes) == (case, *entities, *archetypes)
            };
            if let Some(group) = groups.iter_mut().find(same) {
                group.records.push(record);
                continue;
            }
            let (entities, archetypes) = (*entities, *archetypes);
            groups.push(Self { case, entities, archetypes, records: vec![record] });
        }
        groups
    }

    /// The fastest of those that `matches`.
    pub fn best(&self, matches: impl Fn(&Record) -> bool) -> Option<&'a Record> {
        let found = self.records.iter().filter(|record| matches(record)).copied();
        found.min_by(|a, b| a.median_ns.total_cmp(&b.median_ns))
    }

    pub fn find(&self, side: &str, variant: &str) -> Option<&'a Record> {
        self.best(|record| record.side == side && record.variant == variant)
    }
}

pub fn read(path: &Path) -> Result<Vec<Record>, Box<dyn std::error::Error>> {
    Ok(serde_json::from_reader(BufReader::new(File::open(path)?))?)
}

pub fn write(path: &Path, records: &[Record]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    // One record a line: short, and still readable where two runs are compared.
    for (index, record) in records.iter().enumerate() {
        file.write_all(if index == 0 { b"[\n" } else { b",\n" })?;
        serde_json::to_writer(&mut file, record)?;
    }
    file.write_all(if records.is_empty() { b"[]\n" } else { b"\n]\n" })?;
    file.flush()
}
