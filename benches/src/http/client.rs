//! The load: one thread that keeps many connections busy, and times each answer.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;

use super::answer;
use super::histogram::Histogram;

/// A server that does not answer for so long has failed.
const PATIENCE: Duration = Duration::from_secs(10);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is asked, and what a right answer has in its body.
pub struct Question {
    /// A request, as bytes.
    pub request: Vec<u8>,
    pub body: Vec<u8>,
    /// Requests that are sent at once; the next are sent when all of them are answered.
    pub depth: usize,
}

struct Connection {
    stream: TcpStream,
    /// Of an answer that has not wholly come.
    rest: Vec<u8>,
    asked: usize,
    /// Since when the oldest of what was asked has been due.
    due: Instant,
}

pub struct Client {
    question: Question,
    /// So many requests as bytes as are ever sent at once.
    requests: Vec<u8>,
    poll: Poll,
    events: Events,
    /// Connections that can be read.
    ready: Vec<usize>,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    /// Of all answers since it was cleared.
    pub times: Histogram,
}

impl Client {
    pub fn new(question: Question) -> Outcome<Self> {
        Ok(Self {
            requests: question.request.repeat(question.depth),
            question,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            ready: Vec::new(),
            connections: Vec::new(),
            buffer: vec![0; 64 * 1024],
            times: Histogram::new(),
        })
    }

    /// Opens further connections, of which each has been answered once in the end.
    pub fn open(&mut self, address: SocketAddr, count: usize) -> Outcome<()> {
        /// More could find no room with a server that is slow to accept.
        const AT_ONCE: usize = 100;
        let all = self.connections.len() + count;
        while self.connections.len() < all {
            let first = self.connections.len();
            for place in first..all.min(first + AT_ONCE) {
                let stream = std::net::TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                let mut stream = TcpStream::from_std(stream);
                self.poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
                let (rest, due) = (Vec::new(), Instant::now());
                self.connections.push(Connection { stream, rest, asked: 0, due });
            }
            let new = first..self.connections.len();
            let requests = new.len() * self.question.depth;
            self.closed(new, requests)?;
        }
        Ok(())
    }

    /// Closes all but the first connections, on both sides.
    pub fn close_after(&mut self, count: usize) -> Outcome<()> {
        for connection in self.connections.drain(count..) {
            // Or its port is taken for a minute.
            SockRef::from(&connection.stream).set_linger(Some(Duration::ZERO))?;
        }
        // The server hears of what is closed before it hears of these.
        self.closed(0..count, count * self.question.depth)
    }

    /// Has so many requests answered, each of the connections sending the next when it has its
    /// answers.
    pub fn closed(&mut self, who: Range<usize>, requests: usize) -> Outcome<()> {
        let mut unsent = requests;
        let mut unanswered = requests;
        for place in who {
            self.ask(place, &mut unsent, Instant::now())?;
        }
        while unanswered > 0 {
            self.wait(Some(PATIENCE))?;
            while let Some(place) = self.ready.pop() {
                let answered = self.take(place)?;
                unanswered -= answered;
                if answered > 0 && self.connections[place].asked == 0 {
                    self.ask(place, &mut unsent, Instant::now())?;
                }
            }
        }
        Ok(())
    }

    /// Has so many requests answered, which are due at this rate, however long answers take.
    /// One that finds all connections busy waits; its time counts from when it was due.
    pub fn open_loop(&mut self, who: Range<usize>, requests: usize, rate: f64) -> Outcome<()> {
        let gap = Duration::from_secs_f64(1.0 / rate);
        let mut free: VecDeque<usize> = who.collect();
        let (mut unsent, mut unanswered) = (requests, requests);
        let begun = Instant::now();
        let mut due = begun;
        let mut last = begun;
        while unanswered > 0 {
            while unsent > 0 && due <= Instant::now() {
                let Some(place) = free.pop_front() else { break };
                self.ask(place, &mut unsent, due)?;
                due += gap;
            }
            // It sleeps no less than a millisecond, in which many would be due.
            self.wait(None)?;
            while let Some(place) = self.ready.pop() {
                let answered = self.take(place)?;
                unanswered -= answered;
                if answered > 0 {
                    last = Instant::now();
                    free.push_back(place);
                }
            }
            if last.max(due).elapsed() > PATIENCE {
                return Err("the server does not answer".into());
            }
        }
        Ok(())
    }

    /// Waits for events; with no patience, looks for them.
    fn wait(&mut self, patience: Option<Duration>) -> Outcome<()> {
        match self.poll.poll(&mut self.events, Some(patience.unwrap_or_default())) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        self.ready.extend(self.events.iter().map(|event| event.token().0));
        if patience.is_some() && self.ready.is_empty() {
            return Err("the server does not answer".into());
        }
        Ok(())
    }

    /// Sends what the connection may, as far as there is something left to send.
    fn ask(&mut self, place: usize, unsent: &mut usize, due: Instant) -> Outcome<()> {
        let count = self.question.depth.min(*unsent);
        if count == 0 {
            return Ok(());
        }
        *unsent -= count;
        let connection = &mut self.connections[place];
        connection.asked = count;
        connection.due = due;
        let bytes = &self.requests[..count * self.question.request.len()];
        // All that went before is answered, so there is room.
        match connection.stream.write(bytes)? {
            written if written == bytes.len() => Ok(()),
            _ => Err("a socket has no room for a few requests".into()),
        }
    }

    /// Reads answers; how many.
    fn take(&mut self, place: usize) -> Outcome<usize> {
        let connection = &mut self.connections[place];
        let mut answered = 0;
        loop {
            let count = match connection.stream.read(&mut self.buffer) {
                Ok(0) => return Err("the server has closed a connection".into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answered),
                Err(error) => return Err(error.into()),
            };
            let now = Instant::now();
            let joined = !connection.rest.is_empty();
            if joined {
                connection.rest.extend_from_slice(&self.buffer[..count]);
            }
            let mut input = if joined { &connection.rest[..] } else { &self.buffer[..count] };
            while let Some(answer) = answer::first(input)? {
                if answer.status != b"200" || answer.body != self.question.body {
                    return Err(wrong(&answer, &self.question.body).into());
                }
                input = &input[answer.length..];
                answered += 1;
                connection.asked =
                    connection.asked.checked_sub(1).ok_or("an answer that was not asked for")?;
                let time = now.saturating_duration_since(connection.due).as_nanos();
                self.times.add(u64::try_from(time).unwrap_or(u64::MAX));
            }
            let left = input.len();
            if joined {
                let used = connection.rest.len() - left;
                connection.rest.drain(..used);
            } else {
                connection.rest.extend_from_slice(&self.buffer[count - left..count]);
            }
            // A short read has emptied the socket.
            if count < self.buffer.len() {
                return Ok(answered);
            }
        }
    }
}

fn wrong(answer: &answer::Answer<'_>, body: &[u8]) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "an answer has status {} and the body {:?}, not 200 and {:?}",
        text(answer.status),
        text(answer.body),
        text(body)
    )
}
