//! The worlds of one thread, and their turns.

use std::io;
use std::time::{Duration, Instant};

use ecs_core::schema::Schema;

use crate::clock;
use crate::dispatch::{PeerTick, Peers, Thread};
use crate::driver::Port;
use crate::error::{Cause, Failure};
use crate::member::{Activity, Node, Step};
use crate::net::{Backend, Desk, Reactor};
use crate::seated::Seated;

/// The worlds of one thread; an empty seat's world is ticking, down the stack.
pub(crate) struct Crew<S: Schema> {
    seats: Vec<Seat<S>>,
    reactor: Option<Reactor>,
    /// What the drivers have asked for, by seat.
    desks: Vec<Desk>,
    /// When the last tick ended, which is when the next one of the same round begins.
    now: Option<Instant>,
}

struct Seat<S: Schema> {
    place: usize,
    node: Option<Seated<S>>,
}

impl<S: Schema> Crew<S> {
    /// The nodes in the order of their turns.
    pub(crate) fn new(nodes: Vec<Seated<S>>) -> Self {
        let desks = nodes.iter().map(|node| Desk::new(node.endpoint().place, None)).collect();
        let seats = nodes.into_iter().map(|node| {
            let place = node.endpoint().place;
            Seat { place, node: Some(node) }
        });
        Self { seats: seats.collect(), reactor: None, desks, now: None }
    }

    pub(crate) fn into_nodes(self) -> impl Iterator<Item = Seated<S>> {
        self.seats.into_iter().filter_map(|seat| seat.node)
    }

    pub(crate) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &dyn Node<S>> {
        self.seats.iter().filter_map(|seat| seat.node.as_deref())
    }

    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Seated<S>> {
        self.seats.iter_mut().filter_map(|seat| seat.node.as_mut())
    }

    pub(crate) fn node(&self, seat: usize) -> &dyn Node<S> {
        self.seats[seat].node.as_deref().expect("between ticks every seat is taken")
    }

    pub(crate) fn node_mut(&mut self, seat: usize) -> &mut Seated<S> {
        self.seats[seat].node.as_mut().expect("between ticks every seat is taken")
    }

    /// Two nodes on different seats.
    pub(crate) fn pair_mut(&mut self, a: usize, b: usize) -> [&mut Seated<S>; 2] {
        let seats = self.seats.get_disjoint_mut([a, b]).expect("two seats that exist");
        seats.map(|seat| seat.node.as_mut().expect("between ticks every seat is taken"))
    }

    /// Makes the wait for the operating system, if a driver needs one.
    pub(crate) fn prepare(&mut self, backend: Backend) -> io::Result<Option<&Reactor>> {
        self.reactor = None;
        if self.nodes().any(|node| node.has_driver()) {
            self.reactor = Reactor::new(backend)?;
        }
        let Self { seats, reactor, .. } = self;
        let desks = seats.iter().map(|seat| Desk::new(seat.place, reactor.as_ref()));
        self.desks = desks.collect();
        Ok(self.reactor.as_ref())
    }

    /// Starts the worlds' drivers. A world whose driver does not start has
    /// failed and won't tick; the others start all the same.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        let mut failed = None;
        let enabled = self.reactor.as_mut().map_or(Ok(()), Reactor::enable);
        if let (Err(error), Some(node)) = (enabled, self.nodes_mut().next()) {
            failed = Some(node.fail(Cause::Io(error)));
        }
        for seat in 0..self.seats.len() {
            let Self { seats, reactor, desks, .. } = self;
            let place = seats[seat].place;
            let Some(node) = &mut seats[seat].node else { continue };
            let mut port = port(place, &mut desks[seat], reactor);
            if let Err(failure) = node.start(&mut port) {
                failed.get_or_insert(failure);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Hands over what the drivers have asked for and waits for news up to `timeout`; without a
    /// reactor there is none.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.now = None;
        let Self { reactor: Some(reactor), desks, .. } = self else { return Ok(()) };
        reactor.wait(timeout, desks)
    }

    /// Tells a world that the coordinator stops.
    pub(crate) fn close(&mut self, seat: usize) -> Result<(), Failure> {
        let Self { seats, reactor, desks, .. } = self;
        let place = seats[seat].place;
        let Some(node) = &mut seats[seat].node else { return Ok(()) };
        node.close(&mut port(place, &mut desks[seat], reactor))
    }

    /// A world ticks no more: its driver is told nothing, and what it has open is closed. To be
    /// called again as long as others go on, for what comes until the end of that.
    pub(crate) fn leave(&mut self, seat: usize) {
        self.desks[seat].close(self.reactor.as_mut());
    }

    /// The drivers are told nothing any more; what they have open is closed. Runs on the thread
    /// that has waited.
    pub(crate) fn finish(&mut self) {
        self.reactor = None;
        for (desk, seat) in self.desks.iter_mut().zip(&self.seats) {
            *desk = Desk::new(seat.place, None);
        }
    }

    /// How long until a driver is to be told something.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        // Until its next tick is due, nobody can be told.
        let due = |node: &dyn Node<S>| node.is_due();
        let told = self.desks.iter().zip(&self.seats);
        let told = told.filter(|(_, seat)| seat.node.as_deref().is_some_and(due));
        let desks = told.filter_map(|(desk, _)| desk.timeout());
        desks.chain(self.nodes().filter_map(|node| node.timeout())).min()
    }

    pub(crate) fn has_reactor(&self) -> bool {
        self.reactor.is_some()
    }

    /// Ticks one world with what its driver is to be told.
    pub(crate) fn tick(&mut self, seat: usize) -> Result<Activity, Failure> {
        let Self { seats, reactor, desks, now } = self;
        let mut failure = None;
        let mut thread = Turn { seats, reactor, desks, now, failure: &mut failure, seat };
        let ticked = thread.take();
        match failure {
            Some(failure) => Err(failure),
            None => ticked,
        }
    }

    /// The first half of one world's tick in lock-step.
    pub(crate) fn step_work(&mut self, seat: usize, step: Step) -> Result<Activity, Failure> {
        let Self { seats, reactor, desks, .. } = self;
        let (place, desk) = (seats[seat].place, &mut desks[seat]);
        let node = seats[seat].node.as_mut().expect("between ticks every seat is taken");
        desk.begin();
        let worked = node.step_work(step, &mut port(place, desk, reactor));
        end(&**node, desk, reactor);
        worked
    }
}

fn port<'a>(place: usize, desk: &'a mut Desk, reactor: &'a mut Option<Reactor>) -> Port<'a> {
    Port { desk, reactor: reactor.as_mut(), place }
}

/// A world's tick has ended.
fn end<S: Schema>(node: &dyn Node<S>, desk: &mut Desk, reactor: &mut Option<Reactor>) {
    desk.events.clear();
    if node.has_failed() {
        desk.close(reactor.as_mut());
    }
}

/// The tick of the world on a seat, and what it needs of its thread.
struct Turn<'a, S: Schema> {
    seats: &'a mut [Seat<S>],
    reactor: &'a mut Option<Reactor>,
    desks: &'a mut [Desk],
    now: &'a mut Option<Instant>,
    /// Another's failure, that ticked while this one waited.
    failure: &'a mut Option<Failure>,
    seat: usize,
}

impl<S: Schema> Turn<'_, S> {
    fn take(&mut self) -> Result<Activity, Failure> {
        let seat = self.seat;
        let Some(node) = self.seats[seat].node.take() else { return Ok(Activity::default()) };
        self.desks[seat].begin();
        let mut up = Up { turn: self, node: Some(node) };
        up.tick()
    }
}

/// A world that is up from its seat, to which it comes back also when a panic passes: one
/// of a tracing subscriber, say, which no tick contains.
struct Up<'t, 'a, S: Schema> {
    turn: &'t mut Turn<'a, S>,
    node: Option<Seated<S>>,
}

impl<S: Schema> Up<'_, '_, S> {
    fn tick(&mut self) -> Result<Activity, Failure> {
        let Some(node) = &mut self.node else { return Ok(Activity::default()) };
        let ticked = node.tick(self.turn);
        let Turn { desks, reactor, seat, .. } = self.turn;
        end(&**node, &mut desks[*seat], reactor);
        ticked
    }
}

impl<S: Schema> Drop for Up<'_, '_, S> {
    fn drop(&mut self) {
        self.turn.seats[self.turn.seat].node = self.node.take();
    }
}

impl<S: Schema> Peers for Turn<'_, S> {
    fn tick(&mut self, place: usize) -> PeerTick {
        let Some(seat) = self.seats.iter().position(|seat| seat.place == place) else {
            return PeerTick::Elsewhere;
        };
        if self.seats[seat].node.as_ref().is_none_or(|node| node.has_failed()) {
            return PeerTick::Busy;
        }
        // It did not tick at once.
        *self.now = None;
        let Self { seats, reactor, desks, now, failure, .. } = self;
        match (Turn { seats, reactor, desks, now, failure, seat }).take() {
            Ok(activity) => PeerTick::Ticked(activity.is_busy()),
            Err(failed) => {
                self.failure.get_or_insert(failed);
                PeerTick::Busy
            }
        }
    }
}

impl<S: Schema> Thread for Turn<'_, S> {
    fn begin(&mut self) -> Option<Instant> {
        self.now.take().or_else(clock::now)
    }

    fn end(&mut self, now: Option<Instant>) {
        *self.now = now;
    }

    fn port(&mut self) -> Port<'_> {
        port(self.seats[self.seat].place, &mut self.desks[self.seat], self.reactor)
    }
}
