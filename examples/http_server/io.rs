//! The driver of the io world: gives connections their turns, sends requests on as entities, and
//! takes the answers that come back.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use mio::Interest;
use static_ecs::Registry;
use static_ecs::driver::Event;
use static_ecs::prelude::*;

use super::deadlines::Deadlines;
use super::http::Limits;
use super::response::Encoder;
use super::session::{MAX_PIPELINED, Next, Session, Turn};
use super::worlds::{Answered, Asked, Connection, Io, Origin};

/// The most requests sent on in one tick.
const MAX_REQUESTS: usize = 1024;
/// When to ask again whether more requests are admitted, should nothing happen before.
const ASK_AGAIN: Duration = Duration::from_millis(1);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the server has done. A resource of the io world.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Totals {
    /// Connections that came.
    pub(crate) connections: u64,
    /// Answers that went to a connection.
    pub(crate) answered: u64,
    /// Answers whose connection was gone.
    pub(crate) late: u64,
}

pub(crate) struct Sockets {
    limits: Limits,
    timeout: Duration,
    registry: Option<Registry>,
    /// Connections by token.
    connections: Vec<Option<Entity>>,
    free: Vec<usize>,
    open: usize,
    /// Connections that get a turn in this tick, or in the next.
    turns: Vec<Entity>,
    next_turns: Vec<Entity>,
    /// Connections that get a turn once more requests are admitted.
    blocked: Vec<Entity>,
    deadlines: Deadlines,
    encoder: Encoder,
    totals: Totals,
    closing: bool,
    /// Buffers that are used again.
    requests: Vec<(Origin, Asked)>,
    entities: Vec<Entity>,
}

impl Sockets {
    pub(crate) fn new(limits: Limits, timeout: Duration) -> Self {
        Self {
            limits,
            timeout,
            registry: None,
            connections: Vec::new(),
            free: Vec::new(),
            open: 0,
            turns: Vec::new(),
            next_turns: Vec::new(),
            blocked: Vec::new(),
            deadlines: Deadlines::default(),
            encoder: Encoder::new(),
            totals: Totals::default(),
            closing: false,
            requests: Vec::new(),
            entities: Vec::new(),
        }
    }

    /// Gives connections that have arrived a session, and registers them.
    fn take_arrivals(&mut self, world: &mut World<Io>) -> Outcome<()> {
        let Some(registry) = &self.registry else { return Ok(()) };
        let arrivals = world.query_filtered::<Entity, (With<Connection>, Without<Session>)>();
        self.entities.extend(arrivals);
        for entity in self.entities.drain(..) {
            let token = self.free.pop().unwrap_or(self.connections.len());
            if token == self.connections.len() {
                self.connections.push(None);
            }
            let stream = &mut world.get_mut::<Connection>(entity)?.stream;
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.closing || registry.register(stream, token, interest).is_err() {
                // Out of memory for watches, for example: this connection ends, others go on.
                self.free.push(token);
                world.despawn(entity)?;
                continue;
            }
            let mut session = Session::new(token, &self.limits);
            session.queued = true;
            world.insert(entity, session).map_err(|refused| refused.why())?;
            self.connections[token] = Some(entity);
            self.turns.push(entity);
            self.open += 1;
            self.totals.connections += 1;
        }
        Ok(())
    }

    fn take_events(&mut self, world: &mut World<Io>, events: &[Event]) {
        for event in events {
            let entity = self.connections.get(event.token).copied().flatten();
            // It can be about a connection that is closed by now.
            let Some(entity) = entity else { continue };
            if let Ok(session) = world.get_mut::<Session>(entity) {
                session.on_event(event);
                queue(&mut self.turns, entity, session);
            }
        }
    }

    fn take_answers(&mut self, world: &mut World<Io>) -> Outcome<()> {
        self.entities.extend(world.query_filtered::<Entity, With<Answered>>());
        for entity in self.entities.drain(..) {
            let (origin, Answered(response)) = world.remove::<(Origin, Answered)>(entity)?;
            world.despawn(entity)?;
            let taken = world.get_mut::<Session>(origin.connection).is_ok_and(|session| {
                queue(&mut self.turns, origin.connection, session);
                session.on_answer(origin.sequence, response)
            });
            self.totals.late += u64::from(!taken);
        }
        Ok(())
    }

    fn take_deadlines(&mut self, world: &mut World<Io>, now: Instant) -> Outcome<()> {
        while let Some(look) = self.deadlines.pop(now) {
            // A connection can have been closed since its deadline was set.
            let Ok(session) = world.get_mut::<Session>(look.1) else { continue };
            if !self.deadlines.is_over(look, &mut session.deadline) {
                continue;
            }
            if session.on_deadline() {
                self.close_connection(world, look.1)?;
            } else {
                queue(&mut self.turns, look.1, session);
            }
        }
        Ok(())
    }

    fn take_turns(&mut self, world: &mut World<Io>, now: Instant) -> Outcome<()> {
        let date = SystemTime::now();
        let turns = std::mem::take(&mut self.turns);
        for &entity in &turns {
            let decoded = self.requests.len();
            let admitted =
                decoded < MAX_REQUESTS && world.try_admit(decoded + MAX_PIPELINED).is_ok();
            // It was closed after it had been put on the list.
            let Ok((connection, session)) =
                world.query_one::<(&mut Connection, &mut Session)>(entity)
            else {
                continue;
            };
            session.queued = false;
            let mut turn = Turn {
                entity,
                now,
                date,
                timeout: self.timeout,
                limits: &self.limits,
                encoder: &mut self.encoder,
                admitted,
                requests: &mut self.requests,
                answered: &mut self.totals.answered,
            };
            let next = session.turn(&mut connection.stream, &mut turn);
            self.deadlines.set(entity, &mut session.deadline);
            match next {
                Next::Wait => {}
                Next::Again => queue(&mut self.next_turns, entity, session),
                Next::Blocked if session.blocked => {}
                Next::Blocked => {
                    session.blocked = true;
                    self.blocked.push(entity);
                }
                Next::Close => self.close_connection(world, entity)?,
            }
        }
        self.turns = turns;
        self.turns.clear();
        std::mem::swap(&mut self.turns, &mut self.next_turns);
        Ok(())
    }

    /// Connections that were held back get a turn, if more requests are admitted now.
    fn take_blocked(&mut self, world: &mut World<Io>) {
        if self.blocked.is_empty() || world.try_admit(MAX_PIPELINED).is_err() {
            return;
        }
        for entity in self.blocked.drain(..) {
            // It can have been closed meanwhile.
            if let Ok(session) = world.get_mut::<Session>(entity) {
                session.blocked = false;
                queue(&mut self.turns, entity, session);
            }
        }
    }

    fn send_requests(&mut self, world: &mut World<Io>) -> Outcome<()> {
        if self.requests.is_empty() {
            return Ok(());
        }
        // There is room for those who were admitted.
        let spawned =
            world.spawn_batch(self.requests.drain(..)).map_err(|refused| refused.why())?;
        self.entities.extend_from_slice(spawned);
        for entity in self.entities.drain(..) {
            world.complete(entity)?;
        }
        Ok(())
    }

    fn close_connection(&mut self, world: &mut World<Io>, entity: Entity) -> Outcome<()> {
        let token = world.get::<Session>(entity)?.token;
        self.connections[token] = None;
        self.free.push(token);
        self.open -= 1;
        // The socket closes with it, which also ends its registration.
        world.despawn(entity)?;
        Ok(())
    }
}

fn queue(turns: &mut Vec<Entity>, entity: Entity, session: &mut Session) {
    if !session.queued {
        session.queued = true;
        turns.push(entity);
    }
}

impl Driver<Io> for Sockets {
    fn start(&mut self, world: &mut World<Io>, registry: &Registry) -> io::Result<()> {
        world.insert_resource(self.totals);
        self.registry = Some(registry.try_clone()?);
        Ok(())
    }

    fn poll(&mut self, world: &mut World<Io>, events: &[Event]) -> Outcome<bool> {
        let now = Instant::now();
        // Before tokens are given to others.
        self.take_events(world, events);
        self.take_arrivals(world)?;
        self.take_answers(world)?;
        self.take_blocked(world);
        if !self.turns.is_empty() {
            self.take_turns(world, now)?;
            self.send_requests(world)?;
        }
        // Last: a peer is not late with what has come while we were busy.
        self.take_deadlines(world, now)?;
        if let Some(totals) = world.resource_mut::<Totals>() {
            *totals = self.totals;
        }
        Ok(!self.turns.is_empty())
    }

    fn timeout(&self) -> Option<Duration> {
        let ask = (!self.blocked.is_empty()).then_some(ASK_AGAIN);
        let next = self.deadlines.next();
        let look = next.map(|next| next.saturating_duration_since(Instant::now()));
        ask.into_iter().chain(look).min()
    }

    fn close(&mut self, world: &mut World<Io>) {
        self.closing = true;
        for (entity, session) in world.query::<(Entity, &mut Session)>() {
            session.stop();
            queue(&mut self.turns, entity, session);
        }
    }

    fn is_idle(&self) -> bool {
        self.open == 0
    }
}
