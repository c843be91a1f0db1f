//! What wants to leave a world, in the order in which it goes.

use std::collections::HashMap;

use ecs_core::config::{OnFull, WorldConfig};
use ecs_core::entity::Entity;
use ecs_core::outbox::{Parcel, Request};
use ecs_core::schema::{Mask, Schema};
use ecs_core::world::World;

use crate::endpoint::{Endpoint, Way};
use crate::outlet::{NORMAL, Outlet, PRIORITY};
use crate::problem::Problem;
use crate::trees::plan_tree;

/// How entities go that can go in one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) outlet: u32,
    pub(crate) lane: u8,
    /// By routing, after those that were marked.
    pub(crate) completed: bool,
    /// Their table, and which sparse components they have.
    pub(crate) group: u64,
    pub(crate) copy: bool,
}

/// Entities of one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) key: Key,
    /// The oldest request among them.
    oldest: u32,
    count: u32,
    /// Where the next of them is put.
    next: u32,
}

/// A whole table that wants to leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sweep {
    pub(crate) table: u32,
    pub(crate) request: Request,
    pub(crate) key: Key,
    /// How many entities it had when it was planned.
    pub(crate) count: usize,
}

/// What a dispatch is to do, but for trees.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What was in the outbox, in order of asking: a parcel's place is its sequence.
    pub(crate) parcels: Vec<Parcel>,
    runs: Vec<Run>,
    /// Places in `runs`, where these are many.
    places: HashMap<Key, u32>,
    /// By sequence: the place in `runs`; `STAYS` for who has nowhere to go.
    run_of: Vec<u32>,
    /// The sequences of all runs, one run after the other.
    sequences: Vec<u32>,
    /// Places in `runs`, in the order in which these go.
    order: Vec<u32>,
    /// Those that were marked before those that are complete, in order of asking.
    pub(crate) sweeps: Vec<Sweep>,
}

const STAYS: u32 = u32::MAX;

/// So many runs are searched one by one.
const FEW: usize = 8;

impl Plan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.sweeps.is_empty()
    }

    /// The runs, in the order in which they go: by outlet, priority first, markers before
    /// completions, then by the oldest request, so that where there is little room no run
    /// waits behind another for good.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (Key, &[u32])> {
        let mut rest = self.sequences.as_slice();
        self.runs.iter().map(move |run| {
            let (sequences, others) = rest.split_at(run.count as usize);
            rest = others;
            (run.key, sequences)
        })
    }

    /// How many entities go through this lane of this outlet, but for trees.
    pub(crate) fn count(&self, outlet: usize, lane: usize) -> usize {
        let way = |key: &Key| (key.outlet as usize, usize::from(key.lane)) == (outlet, lane);
        let runs = self.runs.iter().filter(|run| way(&run.key));
        let sweeps = self.sweeps.iter().filter(|sweep| way(&sweep.key));
        runs.map(|run| run.count as usize).sum::<usize>()
            + sweeps.map(|sweep| sweep.count).sum::<usize>()
    }

    /// Takes out those who may be dropped at this outlet beyond how many it has room for: the
    /// oldest. Answers their sequences, in order.
    pub(crate) fn take_oldest(&mut self, outlet: usize, room: usize) -> Vec<u32> {
        let mine = |key: &Key| {
            key.outlet as usize == outlet && usize::from(key.lane) == NORMAL && !key.copy
        };
        let mut oldest = Vec::new();
        for (_, sequences) in self.runs().filter(|(key, _)| mine(key)) {
            oldest.extend_from_slice(sequences);
        }
        oldest.sort_unstable();
        oldest.truncate(oldest.len().saturating_sub(room));
        if !oldest.is_empty() {
            self.retain(|key, sequence, _| !mine(&key) || oldest.binary_search(&sequence).is_err());
        }
        oldest
    }

    /// Of the runs of which `of` is true, takes out all but the first, as many as `most`
    /// answers for how many they are. Adds their sequences to `out`.
    fn keep_first(
        &mut self,
        of: impl Fn(&Key) -> bool,
        most: impl Fn(usize) -> usize,
        out: &mut Vec<u32>,
    ) {
        let (mut from, mut to) = (0, 0);
        for run in &mut self.runs {
            let count = run.count as usize;
            let stay = if of(&run.key) { most(count) } else { count };
            out.extend_from_slice(&self.sequences[from + stay..from + count]);
            self.sequences.copy_within(from..from + stay, to);
            (from, to) = (from + count, to + stay);
            run.count = stay as u32;
        }
        self.sequences.truncate(to);
        self.runs.retain(|run| run.count > 0);
    }

    /// Takes out those of whom `stays` is not true.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(Key, u32, Entity) -> bool) {
        let (mut from, mut to) = (0, 0);
        for run in &mut self.runs {
            let first = to;
            for at in from..from + run.count as usize {
                let sequence = self.sequences[at];
                if stays(run.key, sequence, self.parcels[sequence as usize].entity) {
                    self.sequences[to] = sequence;
                    to += 1;
                }
            }
            from += run.count as usize;
            run.count = (to - first) as u32;
        }
        self.sequences.truncate(to);
        self.runs.retain(|run| run.count > 0);
    }

    /// Puts those back who are here and were to move, where a dispatch has not come to its end.
    /// A copy may have gone: it is not made again.
    pub(crate) fn ask_again<W: WorldConfig>(&self, world: &mut World<W>) {
        for (&parcel, &run) in self.parcels.iter().zip(&self.run_of) {
            let moves = match parcel.request {
                Request::Tree(_) => true,
                Request::Marked(marker) => run != STAYS && marker.destroy_on_transfer,
                Request::Completed => run != STAYS,
            };
            if moves {
                world.put_back(parcel);
            }
        }
        self.sweeps.iter().for_each(|sweep| world.put_back_swept(sweep.table, sweep.request));
    }

    /// Nothing is planned any more; the lists keep their memory.
    pub(crate) fn clear(&mut self) {
        self.parcels.clear();
        self.runs.clear();
        self.places.clear();
        self.run_of.clear();
        self.sequences.clear();
        self.sweeps.clear();
    }

    /// Puts the next parcel down.
    #[inline]
    fn add(&mut self, key: Option<Key>, sequence: u32) {
        let place = key.map_or(STAYS, |key| self.run(key, sequence));
        if let Some(run) = self.runs.get_mut(place as usize) {
            run.count += 1;
        }
        self.run_of.push(place);
    }

    /// The place of the run with this key, made for a parcel if there is none.
    #[inline]
    fn run(&mut self, key: Key, sequence: u32) -> u32 {
        // Those who ask one after the other are mostly alike.
        if let Some(&last) = self.run_of.last()
            && self.runs.get(last as usize).is_some_and(|run| run.key == key)
        {
            return last;
        }
        self.search(key, sequence)
    }

    fn search(&mut self, key: Key, sequence: u32) -> u32 {
        let found = match self.runs.len() {
            0..=FEW => self.runs.iter().position(|run| run.key == key).map(|place| place as u32),
            _ => self.places.get(&key).copied(),
        };
        found.unwrap_or_else(|| {
            let place = self.runs.len() as u32;
            self.runs.push(Run { key, oldest: sequence, count: 0, next: 0 });
            if self.runs.len() == FEW + 1 {
                self.places.extend((0..).zip(&self.runs).map(|(place, run)| (run.key, place)));
            } else if self.runs.len() > FEW {
                self.places.insert(key, place);
            }
            place
        })
    }

    /// Puts the sweeps in the order of asking, where the last was popped first, and those that
    /// asked to go before those that are complete.
    fn order_sweeps(&mut self) {
        self.sweeps.reverse();
        self.sweeps.sort_by_key(|sweep| sweep.key.completed);
    }

    /// Puts the runs in order, and the sequences one run after the other.
    fn order(&mut self) {
        let rank = |run: &Run| (run.key.outlet, run.key.lane, run.key.completed, run.oldest);
        self.order.clear();
        self.order.extend(0..self.runs.len() as u32);
        self.order.sort_unstable_by_key(|&place| rank(&self.runs[place as usize]));
        let mut first = 0;
        for &place in &self.order {
            let run = &mut self.runs[place as usize];
            run.next = first;
            first += run.count;
        }
        self.sequences.resize(first as usize, 0);
        for (sequence, &place) in (0..).zip(&self.run_of) {
            if let Some(run) = self.runs.get_mut(place as usize) {
                self.sequences[run.next as usize] = sequence;
                run.next += 1;
            }
        }
        self.runs.sort_unstable_by_key(rank);
    }
}

/// Sorts what is in the outbox by where and how it goes.
pub(crate) fn plan<W: WorldConfig>(world: &mut World<W>, endpoint: &mut Endpoint<W::Schema>) {
    let mut plan = std::mem::take(&mut endpoint.plan);
    plan_sweeps(world, endpoint, &mut plan);
    let mut parcels = std::mem::take(&mut plan.parcels);
    world.drain_outbox(&mut parcels);
    let mut last = None;
    for (sequence, parcel) in (0..).zip(&parcels) {
        if let Request::Tree(marker) = parcel.request {
            let tree = plan_tree(world, endpoint, parcel.entity, marker, sequence);
            endpoint.trees.extend(tree);
            plan.add(None, sequence);
        } else {
            let key = key_of(world, endpoint, parcel, last);
            last = key.map(|key| (parcel.request, key)).or(last);
            plan.add(key, sequence);
        }
    }
    plan.parcels = parcels;
    plan.order();
    debug_assert!(endpoint.kept.is_empty());
    for index in 0..endpoint.outlets.len() {
        if endpoint.outlets[index].linger > 0 {
            let_linger(&mut endpoint.outlets[index], index, &mut plan, &mut endpoint.kept);
        }
    }
    endpoint.lingering = endpoint.kept.len();
    endpoint.plan = plan;
}

/// Takes out of the plan who waits for a batch to fill: the youngest of each run that are
/// less than one, unless some have waited for long enough. Adds their sequences to `held`.
fn let_linger<S: Schema>(
    outlet: &mut Outlet<S>,
    index: usize,
    plan: &mut Plan,
    held: &mut Vec<u32>,
) {
    if outlet.lingered >= outlet.linger {
        outlet.lingered = 0;
        return;
    }
    let (before, batch_size) = (held.len(), outlet.batch_size);
    let waits = |key: &Key| (key.outlet as usize, usize::from(key.lane)) == (index, NORMAL);
    plan.keep_first(waits, |count| count - count % batch_size, held);
    outlet.lingered = if held.len() == before { 0 } else { outlet.lingered + 1 };
}

/// Plans for the tables that want to leave as a whole; where one can't, each of its
/// entities asks by itself.
fn plan_sweeps<W: WorldConfig>(
    world: &mut World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    plan: &mut Plan,
) {
    while let Some((table, request)) = world.pop_swept() {
        let Some((mask, count)) = world.whole_table(table) else { continue };
        let Some((outlet, key)) = way_of(endpoint, mask, request) else { continue };
        if key.copy || outlet.on_full == OnFull::Shed || !world.can_sweep(table) {
            world.ask_each(table, request);
        } else {
            plan.sweeps.push(Sweep { table, request, key, count });
        }
    }
    plan.order_sweeps();
}

/// How a parcel goes; `None` if it can't go and stays out of the outbox. `last` is how one
/// went that asked before.
pub(crate) fn key_of<W: WorldConfig>(
    world: &World<W>,
    endpoint: &mut Endpoint<W::Schema>,
    parcel: &Parcel,
    last: Option<(Request, Key)>,
) -> Option<Key> {
    let selection = world.select(parcel.entity).ok()?;
    // Entities of a group have the same components: what asks for the same goes the same way.
    if let Some((request, key)) = last
        && request == parcel.request
        && key.group == selection.group
    {
        return Some(key);
    }
    let (_, key) = way_of(endpoint, selection.mask, parcel.request)?;
    Some(Key { group: selection.group, ..key })
}

/// How entities with these components go that ask for this; `None` if they can't. The group is
/// not looked up.
fn way_of<S: Schema>(
    endpoint: &mut Endpoint<S>,
    mask: Mask,
    request: Request,
) -> Option<(&Outlet<S>, Key)> {
    let (outlet, lane, completed, copy) = match request {
        Request::Marked(marker) => {
            let outlet = endpoint.by_id.get(marker.target_world as usize).copied().flatten();
            if outlet.is_none() {
                endpoint.report_no_edge(marker.target_world);
            }
            let lane = if marker.priority { PRIORITY } else { NORMAL };
            (outlet?, lane, false, !marker.destroy_on_transfer)
        }
        // Trees are planned apart.
        Request::Tree(_) => return None,
        Request::Completed => {
            let outlet = match endpoint.routes.of(mask) {
                Some(Way::Out(outlet)) => outlet,
                Some(Way::Stay) => return None,
                None => {
                    endpoint.report_no_route();
                    return None;
                }
            };
            (outlet, NORMAL, true, false)
        }
    };
    if !endpoint.outlets[outlet].admits(mask) {
        endpoint.outlets[outlet].counters.add_refused();
        let target = endpoint.outlets[outlet].target_id();
        endpoint.report_once(Problem::ClosedArchetype { world: endpoint.name, target });
        return None;
    }
    let key = Key { outlet: outlet as u32, lane: lane as u8, completed, group: 0, copy };
    Some((&endpoint.outlets[outlet], key))
}
