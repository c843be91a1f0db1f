//! What goes through a connection: every byte, once, in order, whatever the pieces.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use proptest::prelude::*;
use static_ecs::driver::Sending;

use crate::{Away, Told, each};

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

#[test]
fn long_streams_are_received_and_sent_whole() {
    const LONG: usize = 20 << 20;
    each(|backend| {
        let mut away = Away::start(backend);
        let (socket, peer) = away.connect();
        let all = bytes(LONG);
        std::thread::scope(|scope| {
            scope.spawn(|| (&peer).write_all(&all).unwrap());
            let mut received = Vec::new();
            while received.len() < LONG {
                match away.next() {
                    Told::Received(_, bytes) => received.extend(bytes),
                    told => panic!("{backend}: {told:?}"),
                }
            }
            assert!(received == all, "{backend}");
        });
        let begun = {
            let all = all.clone();
            away.with(move |port| port.send(socket, all)).unwrap()
        };
        assert!(matches!(begun, Sending::Begun));
        let mut read = vec![0; LONG];
        (&peer).read_exact(&mut read).unwrap();
        assert!(read == all, "{backend}");
        let mut gone = 0;
        loop {
            match away.next() {
                Told::Sent(_, count, buffer) => {
                    gone += count;
                    if let Some(buffer) = buffer {
                        break assert!(buffer == all, "{backend}: another buffer");
                    }
                }
                told => panic!("{backend}: {told:?}"),
            }
        }
        assert_eq!(gone, LONG, "{backend}");
    });
}

#[test]
fn who_pauses_holds_the_peer_up_and_loses_nothing() {
    const LONG: usize = 32 << 20;
    each(|backend| {
        let mut away = Away::start(backend);
        let (socket, peer) = away.connect();
        away.with(move |port| port.pause(socket));
        let all = bytes(LONG);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (&peer).write_all(&all).unwrap());
            let mut received = Vec::new();
            while let Some(Told::Received(_, bytes)) = away.soon() {
                received.extend(bytes);
            }
            // The kernel's buffers take some; ours are bounded.
            assert!(received.len() <= 2 << 20, "{backend}: {} while paused", received.len());
            assert!(!writer.is_finished(), "{backend}");
            away.with(move |port| port.resume(socket));
            while received.len() < LONG {
                match away.next() {
                    Told::Received(_, bytes) => received.extend(bytes),
                    told => panic!("{backend}: {told:?}"),
                }
            }
            assert!(received == all, "{backend}");
        });
    });
}

#[test]
fn more_connections_than_buffers_all_get_theirs() {
    const CONNECTIONS: usize = 300;
    let _alone = crate::crowd();
    each(|backend| {
        let mut away = Away::start(backend);
        let connections: Vec<_> = (0..CONNECTIONS).map(|_| away.connect()).collect();
        for (at, (_, peer)) in connections.iter().enumerate() {
            (&*peer).write_all(&[at as u8; 3000]).unwrap();
        }
        let mut left = CONNECTIONS * 3000;
        while left > 0 {
            let Told::Received(socket, bytes) = away.next() else { panic!("{backend}") };
            let at = connections.iter().position(|(ours, _)| *ours == socket).unwrap();
            assert!(bytes.iter().all(|&byte| byte == at as u8), "{backend}");
            left -= bytes.len();
        }
    });
}

/// What a peer and a driver do, one after the other.
#[derive(Clone, Debug)]
enum Step {
    PeerWrites(usize),
    DriverSends(usize),
    Pause,
    Resume,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![1..10_usize, 1..5_000_usize, 1..300_000_usize];
    let step = prop_oneof![
        size.clone().prop_map(Step::PeerWrites),
        size.prop_map(Step::DriverSends),
        Just(Step::Pause),
        Just(Step::Resume),
    ];
    prop::collection::vec(step, 1..40)
}

/// Both directions beside plain vectors.
fn conversation(backend: static_ecs::driver::Backend, steps: &[Step]) {
    let mut away = Away::start(backend);
    let (socket, peer) = away.connect();
    let total = |of: fn(&Step) -> usize| -> usize { steps.iter().map(of).sum() };
    let written = total(|step| if let Step::PeerWrites(count) = step { *count } else { 0 });
    let sent = total(|step| if let Step::DriverSends(count) = step { *count } else { 0 });
    let (to_us, to_peer) = (bytes(written), bytes(sent));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut read = vec![0; sent];
            (&peer).read_exact(&mut read).unwrap();
            read
        });
        let (pieces, next) = std::sync::mpsc::channel::<Vec<u8>>();
        let peer = &peer;
        scope.spawn(move || next.iter().for_each(|piece| (&*peer).write_all(&piece).unwrap()));
        let (mut at_us, mut at_peer) = (0, 0);
        for step in steps {
            match *step {
                Step::PeerWrites(count) => {
                    pieces.send(to_us[at_us..at_us + count].to_vec()).unwrap();
                    at_us += count;
                }
                Step::DriverSends(count) => {
                    let piece = to_peer[at_peer..at_peer + count].to_vec();
                    at_peer += count;
                    let sending = away.with(move |port| port.send(socket, piece)).unwrap();
                    while let Sending::Begun = sending {
                        let buffer = away.find(|told| match told {
                            Told::Sent(_, _, buffer) => Ok(buffer),
                            told => Err(told),
                        });
                        if buffer.is_some_and(|buffer| buffer.len() == count) {
                            break;
                        }
                    }
                }
                Step::Pause => away.with(move |port| port.pause(socket)),
                Step::Resume => away.with(move |port| port.resume(socket)),
            }
        }
        drop(pieces);
        away.with(move |port| port.resume(socket));
        let mut received = Vec::new();
        while received.len() < written {
            match away.next() {
                Told::Received(_, bytes) => received.extend(bytes),
                told => panic!("{backend}: {told:?}"),
            }
        }
        assert!(received == to_us, "{backend}");
        assert!(reader.join().unwrap() == to_peer, "{backend}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_byte_arrives_once_and_in_order(steps in steps()) {
        each(|backend| conversation(backend, &steps));
    }
}

/// The kernel ends what goes on when it can't keep another completion.
#[test]
fn what_goes_on_goes_on_after_more_ends_than_the_kernel_keeps() {
    const READS: usize = 5000;
    each(|backend| {
        let mut away = Away::start(backend);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        away.with(move |port| port.listen(listener, 2)).unwrap();
        let (socket, peer) = away.connect();
        for _ in 0..3 {
            let file = Arc::new(File::open("Cargo.toml").unwrap());
            let mut writes = peer.try_clone().unwrap();
            let client = away.with(move |port| {
                (0..READS).for_each(|key| port.read_at(&file, 0, vec![0], key as u64));
                writes.write_all(b"text").unwrap();
                TcpStream::connect(addr).unwrap()
            });
            let (mut read, mut received, mut accepted) = (0, 0, 0);
            while (read, received, accepted) != (READS, 4, 1) {
                match away.next() {
                    Told::Read(_, result, _) => read += result.unwrap(),
                    Told::Received(of, bytes) if of == socket => received += bytes.len(),
                    Told::Accepted(2, _) => accepted += 1,
                    told => panic!("{backend}: {told:?}"),
                }
            }
            drop(client);
        }
    });
}
