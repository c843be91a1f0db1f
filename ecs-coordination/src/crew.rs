//! The worlds of one thread, and their turns.

use std::io;
use std::time::Duration;

use ecs_core::schema::Schema;

use crate::dispatch::{PeerTick, Peers};
use crate::driver::{Event, Reactor, Registry};
use crate::error::{Cause, Failure};
use crate::member::{Activity, Node, Step};

/// The worlds of one thread; an empty seat's world is ticking, down the stack.
pub(crate) struct Crew<S: Schema> {
    seats: Vec<Seat<S>>,
    reactor: Option<Reactor>,
    /// What became ready, by seat.
    events: Vec<Vec<Event>>,
}

struct Seat<S: Schema> {
    place: usize,
    node: Option<Box<dyn Node<S>>>,
}

impl<S: Schema> Crew<S> {
    /// The nodes in the order of their turns.
    pub(crate) fn new(nodes: Vec<Box<dyn Node<S>>>) -> Self {
        let events = nodes.iter().map(|_| Vec::new()).collect();
        let seats = nodes.into_iter().map(|node| {
            let place = node.endpoint().place;
            Seat { place, node: Some(node) }
        });
        Self { seats: seats.collect(), reactor: None, events }
    }

    pub(crate) fn into_nodes(self) -> impl Iterator<Item = Box<dyn Node<S>>> {
        self.seats.into_iter().filter_map(|seat| seat.node)
    }

    pub(crate) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &dyn Node<S>> {
        self.seats.iter().filter_map(|seat| seat.node.as_deref())
    }

    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Node<S>>> {
        self.seats.iter_mut().filter_map(|seat| seat.node.as_mut())
    }

    pub(crate) fn node(&self, seat: usize) -> &dyn Node<S> {
        self.seats[seat].node.as_deref().expect("between ticks every seat is taken")
    }

    pub(crate) fn node_mut(&mut self, seat: usize) -> &mut Box<dyn Node<S>> {
        self.seats[seat].node.as_mut().expect("between ticks every seat is taken")
    }

    /// Two nodes on different seats.
    pub(crate) fn pair_mut(&mut self, a: usize, b: usize) -> [&mut Box<dyn Node<S>>; 2] {
        let seats = self.seats.get_disjoint_mut([a, b]).expect("two seats that exist");
        seats.map(|seat| seat.node.as_mut().expect("between ticks every seat is taken"))
    }

    /// Makes the wait for the operating system, if a driver needs one.
    pub(crate) fn prepare(&mut self) -> io::Result<Option<&Reactor>> {
        self.reactor = None;
        if self.nodes().any(|node| node.has_driver()) {
            self.reactor = Reactor::new()?;
        }
        Ok(self.reactor.as_ref())
    }

    /// Starts the worlds' drivers. A world whose driver does not start has
    /// failed and won't tick; the others start all the same.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        let mut failed = None;
        for seat in &mut self.seats {
            let Some(node) = &mut seat.node else { continue };
            let registry = match &self.reactor {
                Some(reactor) => reactor.registry(seat.place),
                None => Ok(Registry::none(seat.place)),
            };
            let started = match registry {
                Ok(registry) => node.start(&registry),
                Err(error) => Err(node.fail(Cause::Io(error))),
            };
            if let Err(failure) = started {
                failed.get_or_insert(failure);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Waits for events up to `timeout`; without a reactor there are none.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let Self { seats, reactor: Some(reactor), events } = self else { return Ok(()) };
        reactor.wait(timeout, |place, event| {
            if let Some(seat) = seats.iter().position(|seat| seat.place == place) {
                events[seat].push(event);
            }
        })
    }

    pub(crate) fn has_reactor(&self) -> bool {
        self.reactor.is_some()
    }

    /// Ticks one world with the events that wait for it.
    pub(crate) fn tick(&mut self, seat: usize) -> Result<Activity, Failure> {
        let events = std::mem::take(&mut self.events[seat]);
        let mut failure = None;
        let ticked = tick_seat(&mut self.seats, seat, &events, &mut failure);
        self.events[seat] = events;
        self.events[seat].clear();
        match failure {
            Some(failure) => Err(failure),
            None => ticked,
        }
    }

    /// The first half of one world's tick in lock-step, with the events that
    /// wait for it.
    pub(crate) fn step_work(&mut self, seat: usize, step: Step) -> Result<Activity, Failure> {
        let mut events = std::mem::take(&mut self.events[seat]);
        let worked = self.node_mut(seat).step_work(step, &events);
        events.clear();
        self.events[seat] = events;
        worked
    }
}

/// Ticks the world on a seat that is taken. Another's failure, that it ticked
/// while it waited, comes back in `failure`.
fn tick_seat<S: Schema>(
    seats: &mut [Seat<S>],
    seat: usize,
    events: &[Event],
    failure: &mut Option<Failure>,
) -> Result<Activity, Failure> {
    let Some(mut node) = seats[seat].node.take() else { return Ok(Activity::default()) };
    let ticked = node.tick(events, &mut Others { seats: &mut *seats, failure });
    seats[seat].node = Some(node);
    ticked
}

struct Others<'a, S: Schema> {
    seats: &'a mut [Seat<S>],
    failure: &'a mut Option<Failure>,
}

impl<S: Schema> Peers for Others<'_, S> {
    fn tick(&mut self, place: usize) -> PeerTick {
        let Some(seat) = self.seats.iter().position(|seat| seat.place == place) else {
            return PeerTick::Elsewhere;
        };
        if self.seats[seat].node.as_ref().is_none_or(|node| node.has_failed()) {
            return PeerTick::Busy;
        }
        match tick_seat(self.seats, seat, &[], self.failure) {
            Ok(activity) => PeerTick::Ticked(activity.is_busy()),
            Err(failed) => {
                self.failure.get_or_insert(failed);
                PeerTick::Busy
            }
        }
    }
}
