//! What is measured: the cases, and what one side offers for one of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Served;

/// A piece of work that all sides do.
pub struct Case {
    /// On the command line and in the record.
    pub name: &'static str,
    /// What is timed, in a sentence for the report.
    pub about: &'static str,
    pub sizes: &'static [Size],
    /// Whether several threads take part.
    pub parallel: bool,
    /// Whether each run begins with memory fresh from the system.
    pub fresh: bool,
}

/// Who does the work: a library, or plain code.
pub struct Side {
    pub name: &'static str,
    pub entries: Vec<Entry>,
}

/// The sizes of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Entities in the world.
    pub entities: usize,
    /// Different sets of components among them, where the case varies it.
    pub archetypes: usize,
}

/// What a side computed, in a form that does not depend on the order of its
/// entities: how many there are, and the wrapping sum of a hash of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    pub count: u64,
    pub sum: u64,
}

impl Digest {
    /// Adds one entity, given the numbers of its components in the case's order.
    pub fn add(&mut self, lanes: &[f32]) {
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for lane in lanes {
            // FNV-1a over words, then mixed so that sums don't cancel.
            hash = (hash ^ u64::from(lane.to_bits())).wrapping_mul(0x0000_0100_0000_01B3);
        }
        hash ^= hash >> 29;
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash.wrapping_mul(0xBF58_476D_1CE4_E5B9));
    }
}

/// One side's way of doing one case, set up and ready.
pub trait Bench {
    /// Does the case's timed region `times` times over; answers how long that
    /// took, without what the case does not time.
    fn run(&mut self, times: u32) -> Duration;

    /// What the world holds now. Equal for all sides after the same runs.
    fn digest(&mut self) -> Digest;

    /// What a web server did in the last run.
    fn served(&self) -> Option<Served> {
        None
    }

    /// What a compiler has made.
    fn built(&self) -> Option<Built> {
        None
    }
}

/// What was compiled to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// Libraries, those for building included.
    pub crates: usize,
    pub program_kib: f64,
}

/// What a case counts: things, and what varies among them.
pub fn counted(case: &str) -> [&'static str; 2] {
    if case.starts_with("compile_") { ["components", "worlds"] } else { ["entities", "archetypes"] }
}

/// A side's implementation of a case.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The case's name, as on the command line.
    pub case: &'static str,
    /// How, where a side has more than one way; else empty.
    pub variant: &'static str,
    /// Sets it up.
    pub make: fn(Size) -> Box<dyn Bench>,
}
