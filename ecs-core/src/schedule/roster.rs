//! What a schedule knows of its systems apart from their world: compiled once, and not for each
//! world of a program.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::any::TypeId;
use core::ops::Range;

use super::error::{Failures, OnError, SystemError};
use super::histogram::{self, Clock};
use super::phase::Phase;
use super::plan::{Node, Plan, PlanError};
use super::slot::{Label, SystemInfo};
use crate::commands::ApplyError;
use crate::error::Refusal;
use crate::kept::kept;
use crate::order::{self, Swap};
use crate::schema::ComponentInfo;
use crate::system::BoxError;

/// A system's part in its schedule.
pub(super) struct Entry {
    pub(super) info: SystemInfo,
    function: TypeId,
    pub(super) after: Vec<Label>,
    pub(super) before: Vec<Label>,
    /// Whether it has conditions.
    pub(super) asks: bool,
    pub(super) once: bool,
    pub(super) deferred: bool,
    /// Its place in the order of adding.
    pub(super) added: usize,
    /// Whether it runs in this stage.
    pub(super) runs: bool,
    /// Whether it will not run again.
    spent: bool,
    error: Option<BoxError>,
    /// How many commands it has written down that are still to be made.
    commands: usize,
    /// Why the world last refused its commands.
    refusal: Option<ApplyError>,
    /// Since which refusal they wait.
    waits_since: Option<u64>,
}

impl Entry {
    fn node(&self) -> Node<'_> {
        Node {
            name: &self.info.name,
            function: self.function,
            phase: self.info.phase,
            access: self.info.access,
            holds_up: self.info.access.commands && !self.deferred,
            asks: self.asks,
            after: &self.after,
            before: &self.before,
        }
    }

    /// Whether its conditions are to be asked before this stage; without any, it runs.
    pub(super) fn gets_ready(&mut self) -> bool {
        self.runs = !self.spent;
        self.runs && self.asks
    }

    /// It has run, or panicked, and has so many commands to be made.
    pub(super) fn is_done(&mut self, commands: usize) {
        self.commands = commands;
        self.spent = self.once;
    }

    /// It has run, since `start`.
    pub(super) fn has_run(
        &mut self,
        result: Result<(), BoxError>,
        clock: Option<Clock>,
        start: Option<u64>,
    ) {
        self.error = result.err();
        if let (Some(end), Some(start)) = (histogram::read(clock), start) {
            let took = end.saturating_sub(start);
            self.info.histogram.get_or_insert_with(Box::default).add(took);
        }
    }
}

/// The systems of a schedule, its plan, and how far a run has come.
pub(super) struct Roster {
    /// In the order of the plan, or if there is none, in which they were added.
    pub(super) entries: Vec<Entry>,
    /// Those that were taken out, until their systems have gone too.
    gone: Vec<Entry>,
    phases: Vec<Phase>,
    plan: Option<Plan>,
    pub(super) on_error: OnError,
    pub(super) clock: Option<Clock>,
    failures: Failures,
    /// How many systems have commands that the world refused.
    pub(super) waiting: usize,
    /// How often commands began to wait, by which they know their order.
    refusals: u64,
    added: usize,
    /// Whether a run has begun that has not ended.
    running: bool,
}

kept! {
    /// As a part of a schedule.
    pub(super) struct KeptRoster(Roster);
}

impl Roster {
    pub(super) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            gone: Vec::new(),
            phases: Vec::new(),
            plan: None,
            on_error: OnError::Stop,
            clock: None,
            failures: Failures::new(),
            waiting: 0,
            refusals: 0,
            added: 0,
            running: false,
        }
    }

    pub(super) fn set_phases(&mut self, phases: Vec<Phase>) {
        self.phases = phases;
        self.plan = None;
    }

    pub(super) fn phases(&self) -> &[Phase] {
        if self.phases.is_empty() { Phase::DEFAULT } else { &self.phases }
    }

    /// Answers the number of the system.
    pub(super) fn add(&mut self, info: SystemInfo, function: TypeId) -> usize {
        self.plan = None;
        self.entries.push(Entry {
            info,
            function,
            after: Vec::new(),
            before: Vec::new(),
            asks: false,
            once: false,
            deferred: false,
            added: self.added,
            runs: false,
            spent: false,
            error: None,
            commands: 0,
            refusal: None,
            waits_since: None,
        });
        self.added += 1;
        self.added - 1
    }

    /// The place of the system with this number, of which something is to change.
    pub(super) fn change(&mut self, number: usize) -> Option<usize> {
        self.plan = None;
        self.entries.iter().rposition(|entry| entry.added == number)
    }

    /// The systems have gone that were forgotten.
    pub(super) fn drop_gone(&mut self) {
        self.gone = Vec::new();
    }

    pub(super) fn measure_with(&mut self, clock: Clock) {
        self.clock = Some(clock);
        self.entries.iter_mut().for_each(|entry| entry.info.histogram = Some(Box::default()));
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Works out the plan. Answers the swaps that bring what stands beside
    /// the entries into their new order.
    pub(super) fn make_plan(
        &mut self,
        components: &'static [ComponentInfo],
    ) -> (Vec<Swap>, Result<(), PlanError>) {
        let mut swaps = self.sort_by_adding();
        let nodes: Vec<Node<'_>> = self.entries.iter().map(Entry::node).collect();
        let planned = Plan::new(&nodes, self.phases(), components);
        let result = planned.map(|(plan, order)| {
            swaps.extend(self.rearrange(&order));
            self.plan = Some(plan);
        });
        (swaps, result)
    }

    fn sort_by_adding(&mut self) -> Vec<Swap> {
        let added = self.entries.iter().map(|entry| entry.added).collect();
        self.rearrange(&order::ascending(added))
    }

    /// Puts the entries in this order of their places.
    fn rearrange(&mut self, order: &[usize]) -> Vec<Swap> {
        let swaps = order::swaps(order);
        swaps.iter().for_each(|&(one, other)| self.entries.swap(one, other));
        swaps
    }

    /// A run begins. Answers whether the last one has not ended: a system panicked.
    pub(super) fn begin(&mut self) -> bool {
        self.failures.begin(self.on_error);
        core::mem::replace(&mut self.running, true)
    }

    /// After a panic: a system has so many commands that wait, and are made first.
    pub(super) fn resume(&mut self, at: usize, commands: usize) {
        let entry = &mut self.entries[at];
        entry.commands = commands;
        if commands > 0 && entry.waits_since.is_none() {
            entry.waits_since = Some(0);
            self.waiting += 1;
        }
    }

    /// The systems of a stage, unless there are no more stages, and whether it ends its phase.
    pub(super) fn stage(&self, stage: usize) -> Option<(Range<usize>, bool)> {
        let plan = self.plan.as_ref()?;
        Some((plan.stages().get(stage)?.systems(), plan.ends_phase(stage)))
    }

    /// The first system of a stage's phase.
    pub(super) fn first_of_phase(&self, stage: usize) -> usize {
        self.plan.as_ref().map_or(0, |plan| plan.first_of_phase(stage))
    }

    /// The systems of a stage have run. Answers whether one of them has for the last time.
    pub(super) fn end_stage(&mut self, systems: Range<usize>) -> bool {
        let mut spent = false;
        for entry in &mut self.entries[systems] {
            spent |= entry.spent;
            if let Some(error) = entry.error.take() {
                self.failures.add(&entry.info.name, error);
            }
        }
        spent
    }

    /// Whether no more stages are to run.
    pub(super) fn stops(&self) -> bool {
        self.failures.stop()
    }

    /// The run is over.
    pub(super) fn end(&mut self) {
        self.running = false;
    }

    /// What went wrong in the run that is over.
    pub(super) fn outcome(&mut self) -> Result<(), SystemError> {
        match self.failures.take().or_else(|| self.refusal()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Whether commands of a system are to be made that do not wait since before, and that it
    /// puts off, or not.
    pub(super) fn is_fresh(&self, at: usize, deferred: bool) -> bool {
        let entry = &self.entries[at];
        entry.commands > 0 && entry.waits_since.is_none() && entry.deferred == deferred
    }

    /// The systems with commands that wait, the oldest first.
    pub(super) fn waiting(&self) -> Vec<usize> {
        let waits = |&at: &usize| self.entries[at].waits_since.is_some();
        let waiting: Vec<usize> = (0..self.entries.len()).filter(waits).collect();
        // Those that wait have a number.
        let since = |&at: &usize| self.entries[at].waits_since.unwrap_or(0) as usize;
        let order = order::ascending(waiting.iter().map(since).collect());
        order.into_iter().map(|next| waiting[next]).collect()
    }

    /// Commands of a system were made, but for so many.
    pub(super) fn applied(&mut self, at: usize, refusal: Option<ApplyError>, left: usize) {
        let entry = &mut self.entries[at];
        let waited = entry.waits_since.is_some();
        entry.commands = left;
        entry.refusal = refusal;
        match refusal {
            Some(_) if !waited => {
                self.refusals += 1;
                entry.waits_since = Some(self.refusals);
                self.waiting += 1;
            }
            None if waited => {
                entry.waits_since = None;
                self.waiting -= 1;
            }
            _ => {}
        }
    }

    /// The first refusal of commands that wait, with the number of all that do.
    fn refusal(&self) -> Option<SystemError> {
        if self.waiting == 0 {
            return None;
        }
        let waiting = self.entries.iter().filter(|entry| entry.waits_since.is_some());
        let count = waiting.clone().map(|entry| entry.commands).sum();
        // What room alone doesn't mend is told first.
        let full = |entry: &Entry| {
            entry.refusal.is_some_and(|error| matches!(error.why, Refusal::WorldFull { .. }))
        };
        let first = waiting.min_by_key(|entry| (full(entry), entry.waits_since))?;
        let error = ApplyError { waiting: count, ..first.refusal? };
        Some(SystemError::new(first.info.name.to_string(), Box::new(error)))
    }

    /// Takes out the systems that were to run once and did, unless their commands wait.
    /// Answers where they were, the last first, and how to sort what stands beside those who
    /// are left.
    pub(super) fn forget_spent(&mut self) -> (Vec<usize>, Vec<Swap>) {
        let goes = |entry: &Entry| entry.spent && entry.commands == 0;
        let places: Vec<usize> =
            (0..self.entries.len()).rev().filter(|&at| goes(&self.entries[at])).collect();
        if places.is_empty() {
            return (places, Vec::new());
        }
        // They end when their systems have gone: an error that somebody still holds may panic.
        self.gone = places.iter().map(|&at| self.entries.remove(at)).collect();
        self.plan = None;
        // Numbers don't grow with all systems that ever were.
        let swaps = self.sort_by_adding();
        (0..).zip(&mut self.entries).for_each(|(number, entry)| entry.added = number);
        self.added = self.entries.len();
        // Who was to run before or after them need not any more.
        let gone: Vec<Node<'_>> = self.gone.iter().map(Entry::node).collect();
        let take = |entry: &mut Entry| [&mut entry.after, &mut entry.before].map(core::mem::take);
        let mut labels: Vec<[Vec<Label>; 2]> = self.entries.iter_mut().map(take).collect();
        let left: Vec<Node<'_>> = self.entries.iter().map(Entry::node).collect();
        labels.as_flattened_mut().iter_mut().for_each(|labels| Node::forget(labels, &gone, &left));
        for (entry, labels) in self.entries.iter_mut().zip(labels) {
            [entry.after, entry.before] = labels;
        }
        (places, swaps)
    }
}
