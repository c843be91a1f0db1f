//! What a run leaves behind: one record for each side, variant and size.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::case::Built;
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
    /// Of web servers.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Served>,
    /// Of what is compiled.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub built: Option<Built>,
    pub run: Run,
}

/// What a web server did, and took for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// Processor time of the server.
    pub cpu_us_per_request: f64,
    pub requests_per_s: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    /// Resident, with all connections open.
    pub memory_kib: f64,
    pub memory_peak_kib: f64,
}

impl Served {
    /// The median of each figure.
    pub fn median(all: &[Self]) -> Option<Self> {
        let of = |figure: fn(&Self) -> f64| {
            let median = estimate(all.iter().map(figure).collect())?.median;
            // Further digits are noise.
            Some((median * 1e3).round() / 1e3)
        };
        Some(Self {
            cpu_us_per_request: of(|served| served.cpu_us_per_request)?,
            requests_per_s: of(|served| served.requests_per_s)?,
            p50_us: of(|served| served.p50_us)?,
            p99_us: of(|served| served.p99_us)?,
            p999_us: of(|served| served.p999_us)?,
            memory_kib: of(|served| served.memory_kib)?,
            memory_peak_kib: of(|served| served.memory_peak_kib)?,
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_did_is_beside_the_rest() {
        let old = r#"{"case":"spsc_8","side":"hand","variant":"","entities":1,"median_ns":1.0,
            "min_ns":1.0,"archetypes":1,"ns_per_entity":1.0,"repeats":1,"pairs":1,"reference":null,
            "ratio_to_hand":null,"samples_ns":[1.0,null],"run":{"cpu":"","cores":2,"kernel":"",
            "rustc":"","commit":"","versions":{}}}"#;
        let mut record: Record = serde_json::from_str(old).expect("it is a record");
        assert_eq!(record.served, None);
        let text = serde_json::to_string(&record).expect("it has a form");
        assert!(!text.contains("per_request"), "{text}");

        let of = |requests_per_s| Served {
            cpu_us_per_request: 9.5,
            requests_per_s,
            p50_us: 1.0,
            p99_us: 2.0,
            p999_us: 3.0,
            memory_kib: 4.0,
            memory_peak_kib: 5.0,
        };
        assert_eq!(Served::median(&[]), None);
        record.served = Served::median(&[of(3.0), of(1.0), of(2.0)]);
        assert_eq!(record.served, Some(of(2.0)));
        let text = serde_json::to_string(&record).expect("it has a form");
        assert!(text.contains(r#""unsettled":false,"cpu_us_per_request":9.5,"#), "{text}");
        let read: Record = serde_json::from_str(&text).expect("it is a record");
        assert_eq!(read.served, record.served);
    }
}
