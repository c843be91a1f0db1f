//! Connections that fail: each failure is told once, whatever was on its way.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use static_ecs::driver::{SendErrorKind, Sending, Socket};

use crate::{Away, Told, each, pair};

/// With a linger of zero a close is a reset.
fn reset(peer: TcpStream) {
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Far more than sockets hold: it is on its way until somebody reads.
fn send_a_lot(away: &Away, socket: Socket) {
    let begun = away.with(move |port| port.send(socket, vec![1; 64 << 20])).unwrap();
    assert!(matches!(begun, Sending::Begun));
}

fn fails_once(away: &mut Away, failed: Socket) {
    loop {
        match away.next() {
            Told::Sent(_, _, None) => {}
            Told::Failed(socket, _) => break assert_eq!(socket, failed),
            told => panic!("{told:?}"),
        }
    }
    let refused = away.with(move |port| port.send(failed, vec![2])).unwrap_err();
    assert_eq!(refused.kind, SendErrorKind::Closed);
    if let Some(told) = away.soon() {
        panic!("told after the failure: {told:?}");
    }
    away.with(move |port| port.close(failed));
}

#[test]
fn a_reset_is_told_once_while_bytes_are_on_their_way() {
    each(|backend| {
        let mut away = Away::start(backend);
        for _ in 0..20 {
            let (socket, peer) = away.connect();
            send_a_lot(&away, socket);
            reset(peer);
            fails_once(&mut away, socket);
        }
    });
}

#[test]
fn a_reset_after_the_peers_end_is_told_to_who_sends() {
    each(|backend| {
        let mut away = Away::start(backend);
        for sends_first in [true, false] {
            let (socket, peer) = away.connect();
            peer.shutdown(Shutdown::Write).unwrap();
            assert!(matches!(away.next(), Told::Ended(ended) if ended == socket));
            if sends_first {
                send_a_lot(&away, socket);
                reset(peer);
                fails_once(&mut away, socket);
                continue;
            }
            reset(peer);
            // By readiness the reset may be seen before anything is sent.
            std::thread::sleep(crate::SHORT);
            let sent = away.with(move |port| port.send(socket, vec![1; 64 << 20]));
            match sent {
                Ok(Sending::Done(_)) => panic!("{backend}: sent to nobody"),
                Ok(Sending::Begun) | Err(_) => fails_once(&mut away, socket),
            }
        }
    });
}

#[test]
fn what_becomes_of_a_closed_connection_is_not_told_of_the_next_one() {
    each(|backend| {
        let mut away = Away::start(backend);
        let (ours, first_peer) = pair();
        // It stays open here, so closing the socket does not close the connection.
        let another_handle = ours.try_clone().unwrap();
        let first = away.with(|port| port.open(ours, 1)).unwrap();
        away.with(move |port| port.close(first));
        let (second, mut second_peer) = away.connect();
        reset(first_peer);
        if let Some(told) = away.soon() {
            panic!("{backend}: {told:?}");
        }
        second_peer.write_all(b"text").unwrap();
        assert!(matches!(away.next(), Told::Received(of, _) if of == second), "{backend}");
        drop(another_handle);
    });
}
