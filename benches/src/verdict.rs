//! Targets, and whether they are met.

use std::time::Duration;

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
    /// As long as the best of all peers, each by its best variant.
    BestPeer,
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
}

impl Verdict<'_> {
    /// What the ratio may be.
    pub fn most(&self) -> f64 {
        match self.limit {
            Limit::Reference(most) | Limit::Peer(_, _, most) | Limit::Own(_, most) => most,
            Limit::BestPeer | Limit::Time(_) => 1.0,
        }
    }

    /// Whether the interval reaches the target; `None`: not measured.
    pub fn met(&self) -> Option<bool> {
        self.ratio.map(|ratio| ratio.low <= self.most())
    }

    /// Whether the interval reaches the target, but the median doesn't.
    pub fn close(&self) -> bool {
        self.met() == Some(true) && self.ratio.is_some_and(|ratio| ratio.median > self.most())
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
            (Limit::BestPeer, None) => "at most the best peer".into(),
            (Limit::BestPeer, Some(peer)) => format!("at most the best peer, {}", peer.title()),
            (_, Some(other)) => times(&other.title()),
            (Limit::Peer(peer, variant, _), None) => {
                times(&[peer, variant.unwrap_or_default()].join(" "))
            }
            (Limit::Own(variant, _), None) => times(&format!("our {variant}")),
            (Limit::Reference(_), None) => times("the reference"),
        }
    }
}

/// The suite's targets, and for every case that our best is no slower than the
/// best peer's, in the order of the records.
pub fn all<'a>(suite: &Suite, records: &'a [Record]) -> Vec<Verdict<'a>> {
    let of_group = |group: Group<'a>| {
        let declared = suite.targets.iter().filter(move |target| target.case == group.case);
        let always = (&[] as &[_], Limit::BestPeer);
        let targets = declared.map(|target| (target.ours, target.limit)).chain([always]);
        let checked = |(ours, limit)| check(suite, group.clone(), ours, limit);
        targets.map(checked).collect::<Vec<_>>()
    };
    Group::all(records).into_iter().flat_map(of_group).collect()
}

fn check<'a>(suite: &Suite, group: Group<'a>, variants: &[&str], limit: Limit) -> Verdict<'a> {
    let ours = group.best(|record| {
        record.side == suite.ours && (variants.is_empty() || variants.contains(&&*record.variant))
    });
    let against = match limit {
        Limit::Reference(_) => ours.and_then(|ours| suite.reference_of(&group, &ours.variant)),
        Limit::Peer(side, variant, _) => group.best(|record| {
            record.side == side && variant.is_none_or(|variant| record.variant == variant)
        }),
        Limit::Own(variant, _) => group.find(suite.ours, variant),
        Limit::BestPeer => best_peer(suite, &group),
        Limit::Time(_) => None,
    };
    let ratio = match limit {
        Limit::Time(most) => ours.and_then(Record::time).map(|time| {
            let part = |nanos: f64| nanos / most.as_nanos() as f64;
            Estimate { median: part(time.median), low: part(time.low), high: part(time.high) }
        }),
        _ => ours.zip(against).and_then(|(ours, other)| ours.ratio_to(other)),
    };
    Verdict { group, limit, ours, against, ratio }
}

/// The fastest that is neither ours nor the reference.
pub fn best_peer<'a>(suite: &Suite, group: &Group<'a>) -> Option<&'a Record> {
    group.best(|record| record.side != suite.ours && record.side != suite.reference)
}
