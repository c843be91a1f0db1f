//! Targets, and whether they are met.

use std::time::Duration;

use crate::case::Size;
use crate::record::{Group, Record};
use crate::stats::Estimate;
use crate::suite::Suite;

/// What our time may be.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub case: &'static str,
    /// The fastest of these variants counts; of all, if none is named.
    pub ours: &'static [&'static str],
    pub limit: Limit,
}

#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// So many times as long as the reference.
    Reference(f64),
    /// So many times as long as the best variant of this peer, or as this one.
    Peer(&'static str, Option<&'static str>, f64),
    /// As long as another variant of ours.
    Own(&'static str, f64),
    /// So many times as long as the best of all peers in this contest, where our best in it
    /// counts.
    BestPeer(&'static str, f64),
    /// This long.
    Time(Duration),
}

/// A target, checked.
pub struct Verdict<'a> {
    pub group: Group<'a>,
    pub limit: Limit,
    /// `None`: not measured.
    pub ours: Option<&'a Record>,
    /// What it is held against; for a time, nothing.
    pub against: Option<&'a Record>,
    /// Ours by the other; for a time, by the limit.
    pub ratio: Option<Estimate>,
    /// Of how many rounds that is.
    pub pairs: usize,
}

/// With fewer pairs there is no verdict, unless the run had fewer rounds.
const PAIRS: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Met,
    /// The interval reaches the target, but the median doesn't.
    JustMet,
    Missed,
    TooFewPairs,
    /// The cores were placed anew in each try.
    Unsettled,
    NotMeasured,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Met,
        Self::JustMet,
        Self::Missed,
        Self::TooFewPairs,
        Self::Unsettled,
        Self::NotMeasured,
    ];

    pub fn text(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::JustMet => "just met",
            Self::Missed => "MISSED",
            Self::TooFewPairs => "too few pairs",
            Self::Unsettled => "unsettled",
            Self::NotMeasured => "not measured",
        }
    }
}

impl Verdict<'_> {
    /// What the ratio may be.
    pub fn most(&self) -> f64 {
        match self.limit {
            Limit::Reference(most)
            | Limit::Peer(_, _, most)
            | Limit::Own(_, most)
            | Limit::BestPeer(_, most) => most,
            Limit::Time(_) => 1.0,
        }
    }

    pub fn outcome(&self) -> Outcome {
        let rounds = self.ours.map_or(0, |ours| ours.samples_ns.len());
        match self.ratio {
            None => Outcome::NotMeasured,
            Some(_) if self.ours.is_some_and(|ours| ours.unsettled) => Outcome::Unsettled,
            Some(_) if self.pairs < PAIRS && rounds >= PAIRS => Outcome::TooFewPairs,
            Some(ratio) if ratio.low > self.most() => Outcome::Missed,
            Some(ratio) if ratio.median > self.most() => Outcome::JustMet,
            Some(_) => Outcome::Met,
        }
    }

    /// The target in words.
    pub fn target(&self) -> String {
        let most = self.most();
        let times = |what: &str| match most {
            1.0 => format!("at most {what}"),
            _ => format!("at most {most} x {what}"),
        };
        match (self.limit, self.against) {
            (Limit::Time(most), _) => {
                format!("at most {}", crate::table::nanos(most.as_nanos() as f64))
            }
            (Limit::BestPeer(..), None) => times("the best peer"),
            (Limit::BestPeer(..), Some(peer)) => times(&format!("the best peer, {}", peer.title())),
            (_, Some(other)) => times(&other.title()),
            (Limit::Peer(peer, variant, _), None) => {
                times(&[peer, variant.unwrap_or_default()].join(" "))
            }
            (Limit::Own(variant, _), None) => times(&format!("our {variant}")),
            (Limit::Reference(_), None) => times("the reference"),
        }
    }
}

/// The suite's targets, and for every contest of every case, if none is declared for it, that our
/// best is no slower than the best peer's, in the order of the records.
pub fn all<'a>(suite: &Suite, records: &'a [Record]) -> Vec<Verdict<'a>> {
    let of_group = |group: Group<'a>| {
        let declared = suite.targets.iter().filter(move |target| target.case == group.case);
        let told = |contest| {
            let same = |limit| matches!(limit, Limit::BestPeer(name, _) if name == contest);
            declared.clone().any(|target| same(target.limit))
        };
        let mut contests = contests(suite, &group);
        contests.retain(|&contest| !told(contest));
        let always = contests.into_iter().map(|name| (&[][..], Limit::BestPeer(name, 1.0)));
        let targets = declared.map(|target| (target.ours, target.limit)).chain(always);
        let checked = |(ours, limit)| check(suite, group.clone(), ours, limit);
        targets.map(checked).collect::<Vec<_>>()
    };
    Group::all(records).into_iter().flat_map(of_group).collect()
}

/// Those that any of ours is in.
fn contests(suite: &Suite, group: &Group<'_>) -> Vec<&'static str> {
    let mut contests = Vec::new();
    for record in group.records.iter().filter(|record| record.side == suite.ours) {
        if let Some(contest) = (suite.contest)(group.case, &record.variant)
            && !contests.contains(&contest)
        {
            contests.push(contest);
        }
    }
    contests
}

fn check<'a>(suite: &Suite, group: Group<'a>, variants: &[&str], limit: Limit) -> Verdict<'a> {
    let counts = |variant: &str| match limit {
        Limit::BestPeer(contest, _) => (suite.contest)(group.case, variant) == Some(contest),
        _ => variants.is_empty() || variants.contains(&variant),
    };
    let ours = group.best(|record| record.side == suite.ours && counts(&record.variant));
    let against = match limit {
        Limit::Reference(_) => ours.and_then(|ours| suite.reference_of(&group, &ours.variant)),
        Limit::Peer(side, variant, _) => group.best(|record| {
            record.side == side && variant.is_none_or(|variant| record.variant == variant)
        }),
        Limit::Own(variant, _) => group.find(suite.ours, variant),
        Limit::BestPeer(contest, _) => suite.best_peer(&group, contest),
        Limit::Time(_) => None,
    };
    let (ratio, pairs) = match (limit, ours, against) {
        (Limit::Time(most), Some(ours), _) => {
            let part = |nanos: f64| nanos / most.as_nanos() as f64;
            let ratio = ours.time().map(|time| Estimate {
                median: part(time.median),
                low: part(time.low),
                high: part(time.high),
            });
            (ratio, ours.samples_ns.iter().flatten().count())
        }
        (_, Some(ours), Some(other)) => (ours.ratio_to(other), ours.pairs_with(other).count()),
        _ => (None, 0),
    };
    Verdict { group, limit, ours, against, ratio, pairs }
}

/// What of the suite's cases the records lack, in words.
pub fn unmeasured(suite: &Suite, records: &[Record]) -> Vec<String> {
    let groups = Group::all(records);
    let sides = (suite.sides)();
    let mut missing = Vec::new();
    for (case, &size) in
        suite.cases.iter().flat_map(|case| case.sizes.iter().map(move |s| (case, s)))
    {
        let Size { entities, archetypes } = size;
        let title = crate::table::title(&Group {
            case: case.name,
            entities,
            archetypes,
            records: Vec::new(),
        });
        let there = |group: &&Group<'_>| {
            (group.case, group.entities, group.archetypes) == (case.name, entities, archetypes)
        };
        let Some(group) = groups.iter().find(there) else {
            let targets = suite.targets.iter().filter(|target| target.case == case.name).count();
            missing
                .push(format!("{title}: all of it, with {targets} targets beside the best peer"));
            continue;
        };
        for side in &sides {
            for entry in side.entries.iter().filter(|entry| entry.case == case.name) {
                if group.find(side.name, entry.variant).is_none() {
                    missing.push(format!("{title}: {} {}", side.name, entry.variant));
                }
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Run;

    fn record(side: &str, nanos: f64) -> Record {
        Record {
            case: "spsc_8".into(),
            side: side.into(),
            variant: "item".into(),
            entities: 1,
            median_ns: nanos,
            min_ns: nanos,
            archetypes: 1,
            ns_per_entity: nanos,
            repeats: 1,
            pairs: 41,
            reference: None,
            ratio_to_hand: None,
            samples_ns: vec![Some(nanos); 41],
            round_trip_ns: Some((90.0, 300.0)),
            unsettled: false,
            served: None,
            built: None,
            run: Run::default(),
        }
    }

    #[test]
    fn what_is_unsettled_is_not_judged() {
        let suite = &crate::queues::SUITE;
        let outcomes = |records: &[Record]| {
            all(suite, records).iter().map(Verdict::outcome).collect::<Vec<_>>()
        };
        let mut records = vec![record(suite.ours, 1.0), record("rtrb", 2.0)];
        assert!(outcomes(&records).contains(&Outcome::Met));
        assert!(!outcomes(&records).contains(&Outcome::Unsettled));
        records.iter_mut().for_each(|record| record.unsettled = true);
        let found = outcomes(&records);
        assert!(found.contains(&Outcome::Unsettled), "{found:?}");
        assert!(!found.contains(&Outcome::Met), "{found:?}");
    }

    #[test]
    fn what_is_declared_of_the_best_peer_replaces_what_is_always_asked() {
        const TARGETS: &[Target] = &[
            Target { case: "spsc_8", ours: &[], limit: Limit::BestPeer("item", 1.2) },
            Target { case: "spsc_64", ours: &[], limit: Limit::BestPeer("item", 1.3) },
        ];
        let suite = Suite { targets: TARGETS, ..crate::queues::SUITE };
        let batch = |side| Record { variant: "batch".into(), ..record(side, 1.1) };
        let ours = crate::queues::SUITE.ours;
        let records = [record(ours, 1.1), record("rtrb", 1.0), batch(ours), batch("rtrb")];
        let verdicts = all(&suite, &records);
        let found: Vec<_> = verdicts.iter().map(|it| (it.target(), it.outcome())).collect();
        let item = ("at most 1.2 x the best peer, rtrb item".to_owned(), Outcome::Met);
        let batch = ("at most the best peer, rtrb batch".to_owned(), Outcome::Met);
        assert_eq!(found, [item, batch]);
    }
}
