//! Sockets, files and timers of drivers, by io_uring and by readiness, over real sockets.
#![cfg(unix)]

mod cancels;
mod doors;
mod ends;
mod failures;
mod files;
mod sockets;
mod sources;
mod streams;
mod threads;
mod timers;

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use static_ecs::driver::{Backend, Completion, Port, Socket};
use static_ecs::prelude::*;
use static_ecs::{Pace, Running, Stopped};

#[derive(Component)]
struct Nothing;

#[world_config(components(Nothing), role = io, source)]
struct Outside;
coordinator!(type Program = (Outside,));

const LONG: Duration = Duration::from_secs(60);
/// Long enough for what would come to have come; no test fails if it is too short.
const SHORT: Duration = Duration::from_millis(50);

/// A [`Completion`] that owns what it tells.
#[derive(Debug)]
enum Told {
    Accepted(u64, TcpStream),
    Received(Socket, Vec<u8>),
    Ended(Socket),
    Sent(Socket, usize, Option<Vec<u8>>),
    Failed(Socket, io::Error),
    Read(u64, io::Result<usize>, Vec<u8>),
    Written(u64, io::Result<usize>, Vec<u8>),
    Timer(u64),
}

type Ask = Box<dyn FnOnce(&mut Port<'_>) + Send>;

/// Does what a test asks for, and tells it what became of that.
struct Remote {
    asked: Receiver<Ask>,
    told: Sender<Told>,
}

impl Driver<Outside> for Remote {
    fn poll(
        &mut self,
        _: &mut World<Outside>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        while let Some(completion) = port.completion() {
            let told = match completion {
                Completion::Accepted { key, stream } => Told::Accepted(key, stream),
                Completion::Received { socket, bytes, .. } => {
                    Told::Received(socket, bytes.to_vec())
                }
                Completion::Ended { socket, .. } => Told::Ended(socket),
                Completion::Sent { socket, count, buffer, .. } => Told::Sent(socket, count, buffer),
                Completion::Failed { socket, error, .. } => Told::Failed(socket, error),
                Completion::Read { key, result, buffer } => Told::Read(key, result, buffer),
                Completion::Written { key, result, buffer } => Told::Written(key, result, buffer),
                Completion::Timer { key } => Told::Timer(key),
            };
            // A test that has seen enough listens no more.
            let _ = self.told.send(told);
        }
        let mut any = false;
        for ask in self.asked.try_iter() {
            ask(port);
            any = true;
        }
        Ok(any)
    }

    /// The channel wakes nobody.
    fn timeout(&self) -> Option<Duration> {
        Some(Duration::from_micros(500))
    }
}

/// A world on its thread, whose port a test uses from here.
struct Away {
    running: Option<Running<(Outside,)>>,
    asked: Sender<Ask>,
    told: Receiver<Told>,
    /// Looked at, and left for later.
    later: VecDeque<Told>,
}

impl Away {
    fn start(backend: Backend) -> Self {
        Self::start_at(backend, Pace::OnDemand)
    }

    fn start_at(backend: Backend, pace: Pace) -> Self {
        let (asked, asks) = channel();
        let (tell, told) = channel();
        let mut program = Program::new();
        program.set_backend(backend).set_pace::<Outside>(pace);
        program.set_driver::<Outside>(Remote { asked: asks, told: tell });
        let running = program.run(Placement::Single).expect("the thread can be made");
        Self { running: Some(running), asked, told, later: VecDeque::new() }
    }

    fn with<T: Send + 'static>(&self, ask: impl FnOnce(&mut Port<'_>) -> T + Send + 'static) -> T {
        let (answer, answered) = channel();
        let ask: Ask = Box::new(move |port| answer.send(ask(port)).expect("the test waits"));
        self.asked.send(ask).expect("the driver is there");
        answered.recv_timeout(LONG).expect("the driver answers")
    }

    fn next(&mut self) -> Told {
        match self.later.pop_front() {
            Some(told) => told,
            None => self.told.recv_timeout(LONG).expect("something is told"),
        }
    }

    /// What is told in a while, if anything.
    fn soon(&mut self) -> Option<Told> {
        match self.told.recv_timeout(SHORT) {
            Ok(told) => Some(told),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the driver is gone"),
        }
    }

    /// The first that is told of what the filter takes; what else is told comes later.
    fn find<T>(&mut self, mut filter: impl FnMut(Told) -> Result<T, Told>) -> T {
        let mut others = VecDeque::new();
        let found = loop {
            match filter(self.next()) {
                Ok(found) => break found,
                Err(other) => others.push_back(other),
            }
        };
        others.append(&mut self.later);
        self.later = others;
        found
    }

    /// A connection: our end, and a peer's.
    fn connect(&mut self) -> (Socket, TcpStream) {
        let (ours, peer) = pair();
        (self.with(|port| port.open(ours, 1)).expect("it can be watched"), peer)
    }

    fn stop(mut self) -> Stopped<(Outside,)> {
        self.running.take().expect("it runs until here").stop()
    }
}

/// Crowds come one after the other: many systems let a process have 1,024 files open.
fn crowd() -> MutexGuard<'static, ()> {
    static CROWD: Mutex<()> = Mutex::new(());
    CROWD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(LONG)).unwrap();
    peer.set_write_timeout(Some(LONG)).unwrap();
    (listener.accept().unwrap().0, peer)
}

/// Waits for a peer's connection to be closed, which is a reset where something was unread.
fn has_closed(peer: &mut TcpStream) -> bool {
    match peer.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

/// Runs a test with each way to wait that there is here.
fn each(test: impl Fn(Backend)) {
    test(Backend::Readiness);
    match Backend::uring_offered() {
        Ok(()) => test(Backend::Uring),
        Err(why) => eprintln!("not tried with io_uring: {why}"),
    }
}
