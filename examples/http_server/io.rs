//! The driver of the io world: gives connections their turns, sends requests on as entities, and
//! takes the answers that come back.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use static_ecs::driver::{Completion, Port};
use static_ecs::prelude::*;

use super::deadlines::Deadlines;
use super::http::Limits;
use super::response::{Encoder, Response};
use super::session::{MAX_PIPELINED, Next, Session, Turn};
use super::worlds::{Connection, Exchange, Io, Origin};

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
    open: usize,
    /// Connections that get a turn in this tick.
    turns: Vec<Entity>,
    /// Connections that get a turn once more requests are admitted.
    blocked: Vec<Entity>,
    deadlines: Deadlines,
    encoder: Encoder,
    totals: Totals,
    closing: bool,
    /// Buffers that are used again.
    requests: Vec<(Origin, Exchange)>,
    answers: Vec<(Origin, Response)>,
    entities: Vec<Entity>,
}

impl Sockets {
    pub(crate) fn new(limits: Limits, timeout: Duration) -> Self {
        Self {
            limits,
            timeout,
            open: 0,
            turns: Vec::new(),
            blocked: Vec::new(),
            deadlines: Deadlines::default(),
            encoder: Encoder::new(),
            totals: Totals::default(),
            closing: false,
            requests: Vec::new(),
            answers: Vec::new(),
            entities: Vec::new(),
        }
    }

    /// Gives connections that have arrived a session, and receives from them.
    fn take_arrivals(&mut self, world: &mut World<Io>, port: &mut Port<'_>) -> Outcome<()> {
        let arrivals = world.query_filtered::<Entity, (With<Connection>, Without<Session>)>();
        self.entities.extend(arrivals);
        for entity in self.entities.drain(..) {
            let stream = world.get_mut::<Connection>(entity)?.stream.take();
            let socket = match stream.filter(|_| !self.closing) {
                Some(stream) => port.open(stream, entity.to_bits()).ok(),
                None => None,
            };
            let Some(socket) = socket else {
                // Out of memory for watches, for example: this connection ends, others go on.
                world.despawn(entity)?;
                continue;
            };
            let mut session = Session::new(socket, &self.limits);
            session.queued = true;
            world.insert(entity, session).map_err(|refused| refused.why())?;
            self.turns.push(entity);
            self.open += 1;
            self.totals.connections += 1;
        }
        Ok(())
    }

    /// Answers whether there were any.
    fn take_completions(&mut self, world: &mut World<Io>, port: &mut Port<'_>) -> Outcome<bool> {
        let mut any = false;
        let mut failed = std::mem::take(&mut self.entities);
        while let Some(completion) = port.completion() {
            any = true;
            let (Completion::Received { key, .. }
            | Completion::Ended { key, .. }
            | Completion::Sent { key, .. }
            | Completion::Failed { key, .. }) = completion
            else {
                continue;
            };
            let Some(entity) = Entity::from_bits(key) else { continue };
            let session = world.get_mut::<Session>(entity)?;
            match completion {
                Completion::Received { bytes, .. } => session.on_received(bytes),
                Completion::Ended { .. } => session.on_ended(),
                Completion::Sent { count, buffer, .. } => session.on_sent(count, buffer),
                _ => {
                    failed.push(entity);
                    continue;
                }
            }
            queue(&mut self.turns, entity, session);
        }
        for entity in failed.drain(..) {
            self.close_connection(world, port, entity)?;
        }
        self.entities = failed;
        Ok(any)
    }

    fn take_answers(&mut self, world: &mut World<Io>) {
        for (entity, origin, exchange) in world.query::<(Entity, &Origin, &mut Exchange)>() {
            if let Some(response) = exchange.take_response() {
                self.answers.push((*origin, response));
                self.entities.push(entity);
            }
        }
        world.despawn_batch(&self.entities);
        self.entities.clear();
        for (origin, response) in self.answers.drain(..) {
            let taken = world.get_mut::<Session>(origin.connection).is_ok_and(|session| {
                queue(&mut self.turns, origin.connection, session);
                session.on_answer(origin.sequence, response)
            });
            self.totals.late += u64::from(!taken);
        }
    }

    fn take_deadlines(
        &mut self,
        world: &mut World<Io>,
        port: &mut Port<'_>,
        now: Instant,
    ) -> Outcome<()> {
        while let Some(look) = self.deadlines.pop(now) {
            // A connection can have been closed since its deadline was set.
            let Ok(session) = world.get_mut::<Session>(look.1) else { continue };
            if !self.deadlines.is_over(look, &mut session.deadline) {
                continue;
            }
            if session.on_deadline() {
                self.close_connection(world, port, look.1)?;
            } else {
                queue(&mut self.turns, look.1, session);
            }
        }
        Ok(())
    }

    fn take_turns(
        &mut self,
        world: &mut World<Io>,
        port: &mut Port<'_>,
        now: Instant,
    ) -> Outcome<()> {
        let date = SystemTime::now();
        let turns = std::mem::take(&mut self.turns);
        for &entity in &turns {
            let decoded = self.requests.len();
            let admitted =
                decoded < MAX_REQUESTS && world.try_admit(decoded + MAX_PIPELINED).is_ok();
            // It was closed after it had been put on the list.
            let Ok(session) = world.get_mut::<Session>(entity) else { continue };
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
            let next = session.turn(port, &mut turn);
            self.deadlines.set(entity, &mut session.deadline);
            match next {
                Next::Wait => {}
                Next::Blocked if session.blocked => {}
                Next::Blocked => {
                    session.blocked = true;
                    self.blocked.push(entity);
                }
                Next::Close => self.close_connection(world, port, entity)?,
            }
        }
        self.turns = turns;
        self.turns.clear();
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
        world.spawn_batch(self.requests.drain(..)).map_err(|refused| refused.why())?;
        world.complete_query::<With<Exchange>>();
        Ok(())
    }

    fn close_connection(
        &mut self,
        world: &mut World<Io>,
        port: &mut Port<'_>,
        entity: Entity,
    ) -> Outcome<()> {
        port.close(world.get::<Session>(entity)?.socket);
        self.open -= 1;
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
    fn start(&mut self, world: &mut World<Io>, _: &mut Port<'_>) -> io::Result<()> {
        world.insert_resource(self.totals);
        Ok(())
    }

    fn poll(&mut self, world: &mut World<Io>, port: &mut Port<'_>) -> Outcome<bool> {
        let now = Instant::now();
        let told = self.take_completions(world, port)?;
        self.take_arrivals(world, port)?;
        self.take_answers(world);
        self.take_blocked(world);
        let turns = !self.turns.is_empty();
        if turns {
            self.take_turns(world, port, now)?;
            self.send_requests(world)?;
        }
        // Last: a peer is not late with what has come while we were busy.
        self.take_deadlines(world, port, now)?;
        if let Some(totals) = world.resource_mut::<Totals>() {
            *totals = self.totals;
        }
        Ok(told || !self.turns.is_empty())
    }

    fn timeout(&self) -> Option<Duration> {
        let ask = (!self.blocked.is_empty()).then_some(ASK_AGAIN);
        let next = self.deadlines.next();
        let look = next.map(|next| next.saturating_duration_since(Instant::now()));
        ask.into_iter().chain(look).min()
    }

    fn close(&mut self, world: &mut World<Io>, _: &mut Port<'_>) {
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
