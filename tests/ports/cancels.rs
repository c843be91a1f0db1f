//! Connections that are closed before the driver has asked what became of them.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use static_ecs::Running;
use static_ecs::driver::{Backend, Completion, Port, Socket};
use static_ecs::prelude::*;

use crate::{LONG, Outside, Program, SHORT, each, has_closed, pair};

#[derive(Default)]
struct Given {
    stays: Option<TcpStream>,
    leave: Vec<TcpStream>,
    listener: Option<TcpListener>,
    pipe: Option<Arc<File>>,
}

/// Asks for nothing that it is told until it may; then it first closes its sockets but one,
/// and begins to read a pipe.
struct Late {
    given: Given,
    may: Arc<AtomicBool>,
    sockets: Vec<Socket>,
    /// How much was read or received, each time.
    read: Sender<io::Result<usize>>,
}

impl Driver<Outside> for Late {
    fn start(&mut self, _: &mut World<Outside>, port: &mut Port<'_>) -> io::Result<()> {
        for stream in self.given.leave.drain(..) {
            self.sockets.push(port.open(stream, 0)?);
        }
        if let Some(listener) = self.given.listener.take() {
            self.sockets.push(port.listen(listener, 0)?);
        }
        self.given.stays.take().map_or(Ok(()), |stream| port.open(stream, 0).map(drop))
    }

    fn poll(
        &mut self,
        _: &mut World<Outside>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        if !self.may.load(Ordering::Relaxed) {
            return Ok(false);
        }
        if let Some(pipe) = self.given.pipe.take() {
            port.read_at(&pipe, 0, vec![0; 4], 0);
        }
        self.sockets.drain(..).for_each(|socket| port.close(socket));
        while let Some(completion) = port.completion() {
            let _ = match completion {
                Completion::Read { result, .. } => self.read.send(result),
                Completion::Received { bytes, .. } => self.read.send(Ok(bytes.len())),
                told => panic!("{told:?}"),
            };
        }
        Ok(false)
    }
}

impl Late {
    /// Runs it until what its peers have done was told to the thread, and no further.
    fn run(
        backend: Backend,
        given: Given,
        peers: impl FnOnce(),
    ) -> (Running<(Outside,)>, Receiver<io::Result<usize>>) {
        let may = Arc::new(AtomicBool::new(false));
        let (read, told) = channel();
        let mut program = Program::new();
        program.set_backend(backend);
        let sockets = Vec::new();
        program.set_driver::<Outside>(Self { given, may: may.clone(), sockets, read });
        let running = program.run(Placement::Single).unwrap();
        peers();
        thread::sleep(SHORT);
        may.store(true, Ordering::Relaxed);
        thread::sleep(SHORT);
        (running, told)
    }
}

#[test]
fn a_close_ends_nothing_but_what_it_closes() {
    // By readiness pipes are not read at offsets.
    if Backend::uring_offered().is_err() {
        return;
    }
    let (ours, peer) = pair();
    let (pipe, mut writer) = io::pipe().unwrap();
    let pipe = Some(Arc::new(File::from(OwnedFd::from(pipe))));
    let given = Given { leave: vec![ours], pipe, ..Given::default() };
    // What was received is over when the pipe takes its place.
    let end = || peer.shutdown(Shutdown::Write).unwrap();
    let (running, told) = Late::run(Backend::Uring, given, end);
    writer.write_all(b"text").unwrap();
    assert_eq!(told.recv_timeout(LONG).unwrap().unwrap(), 4);
    running.stop();
}

#[test]
fn what_closed_connections_had_received_keeps_no_buffers() {
    /// More than there are buffers.
    const LEAVE: usize = 300;
    each(|backend| {
        let (stays, mut peer) = pair();
        let (leave, peers): (Vec<_>, Vec<_>) = (0..LEAVE).map(|_| pair()).unzip();
        let write = || peers.iter().for_each(|mut peer| peer.write_all(b"unread").unwrap());
        let given = Given { stays: Some(stays), leave, ..Given::default() };
        let (running, told) = Late::run(backend, given, write);
        peer.write_all(b"text").unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap().unwrap(), 4, "{backend}");
        running.stop();
    });
}

#[test]
fn who_was_accepted_when_the_listener_is_closed_is_let_go() {
    each(|backend| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        let connect =
            || clients.extend((0..10).map(|_| TcpStream::connect(addr).expect("it listens")));
        let given = Given { listener: Some(listener), ..Given::default() };
        let (running, _told) = Late::run(backend, given, connect);
        for client in &mut clients {
            client.set_read_timeout(Some(LONG)).unwrap();
            assert!(has_closed(client), "{backend}");
        }
        running.stop();
    });
}
