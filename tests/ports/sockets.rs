//! Listeners, and what can be asked of a connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use static_ecs::driver::{Listen, SendErrorKind, Sending};

use crate::{Away, Told, each, pair};

#[test]
fn a_port_says_how_it_waits() {
    each(|backend| {
        let away = Away::start(backend);
        assert_eq!(away.with(|port| port.backend()), backend);
    });
}

#[test]
fn connections_are_accepted_with_the_listeners_key_until_it_is_paused_or_closed() {
    each(|backend| {
        let mut away = Away::start(backend);
        let listener = Listen::new("127.0.0.1:0".parse().unwrap()).bind().unwrap();
        let addr = listener.local_addr().unwrap();
        // More than are accepted in one tick: no event tells of the rest.
        let early: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(addr).unwrap()).collect();
        let socket = away.with(move |port| port.listen(listener, 77)).unwrap();
        for _ in &early {
            assert!(matches!(away.next(), Told::Accepted(77, _)), "{backend}");
        }
        let accept = |away: &mut Away, clients: usize| {
            let clients: Vec<TcpStream> =
                (0..clients).map(|_| TcpStream::connect(addr).unwrap()).collect();
            for _ in &clients {
                let Told::Accepted(77, mut stream) = away.next() else { panic!("{backend}") };
                stream.write_all(b"hello").unwrap();
            }
            for mut client in clients {
                let mut text = [0; 5];
                client.read_exact(&mut text).unwrap();
            }
        };
        accept(&mut away, 20);
        away.with(move |port| port.pause(socket));
        // What was asked before the pause is over in any case.
        assert!(away.soon().is_none());
        let waits = TcpStream::connect(addr).unwrap();
        assert!(away.soon().is_none(), "{backend}: accepted while it was paused");
        away.with(move |port| port.resume(socket));
        assert!(matches!(away.next(), Told::Accepted(77, _)));
        drop(waits);
        // The end of the first is on its way when it is to go on.
        away.with(move |port| {
            port.pause(socket);
            port.resume(socket);
        });
        accept(&mut away, 3);
        away.with(move |port| port.close(socket));
        // The kernel may take a moment to end what was asked before.
        let refused = (0..1000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            TcpStream::connect(addr).is_err()
        });
        assert!(refused, "{backend}: it still listens");
    });
}

#[test]
fn listeners_that_share_a_port_share_the_connections() {
    const CLIENTS: usize = 64;
    each(|backend| {
        let any = "127.0.0.1:0".parse().unwrap();
        let mut away = Away::start(backend);
        let first = Listen::new(any).share_port().bind().unwrap();
        let addr = first.local_addr().unwrap();
        let second = Listen::new(addr).share_port().bind().unwrap();
        away.with(|port| port.listen(first, 1)).unwrap();
        away.with(|port| port.listen(second, 2)).unwrap();
        let _clients: Vec<TcpStream> =
            (0..CLIENTS).map(|_| TcpStream::connect(addr).unwrap()).collect();
        let mut by_key = [0; 3];
        for _ in 0..CLIENTS {
            let Told::Accepted(key, _) = away.next() else { panic!("{backend}") };
            by_key[key as usize] += 1;
        }
        // That all hash to one of the two has a chance of 2 to the power of -63.
        assert!(by_key[1] > 0 && by_key[2] > 0, "{by_key:?}");
    });
    let alone = Listen::new("127.0.0.1:0".parse().unwrap()).bind().unwrap();
    Listen::new(alone.local_addr().unwrap()).bind().unwrap_err();
}

#[test]
fn bytes_that_cannot_be_sent_are_handed_back() {
    each(|backend| {
        let away = &mut Away::start(backend);
        let (socket, mut peer) = away.connect();
        // Far more than the sockets hold: it is on its way until somebody reads.
        let large = vec![1; 64 << 20];
        let begun = away.with(move |port| port.send(socket, large)).unwrap();
        assert!(matches!(begun, Sending::Begun));
        let refused = away.with(move |port| port.send(socket, vec![2])).unwrap_err();
        assert_eq!((refused.kind, &refused.bytes[..]), (SendErrorKind::Busy, &[2][..]));
        away.with(move |port| port.close(socket));
        let refused = away.with(move |port| port.send(socket, vec![3])).unwrap_err();
        assert_eq!((refused.kind, &refused.bytes[..]), (SendErrorKind::Closed, &[3][..]));
        // It is closed although the peer does not read, and so can't be written to.
        let error = (0..).find_map(|_| peer.write_all(&[0; 4096]).err()).unwrap();
        assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{backend}: it is still open");
        let listener = Listen::new("127.0.0.1:0".parse().unwrap()).bind().unwrap();
        let listener = away.with(|port| port.listen(listener, 0)).unwrap();
        let refused = away.with(move |port| port.send(listener, vec![4])).unwrap_err();
        assert_eq!(refused.kind, SendErrorKind::Closed);
    });
}

#[test]
fn a_closed_socket_names_no_later_one() {
    each(|backend| {
        let mut away = Away::start(backend);
        let (first, mut first_peer) = away.connect();
        away.with(move |port| port.close(first));
        assert_eq!(first_peer.read(&mut [0]).unwrap(), 0, "{backend}");
        for _ in 0..100 {
            let (other, mut peer) = away.connect();
            away.with(move |port| {
                assert_ne!(first, other);
                port.pause(first);
                port.close(first);
                port.shutdown(first);
                port.send(first, vec![1]).unwrap_err();
                let _ = port.send(other, vec![9]).unwrap();
            });
            let mut byte = [0];
            peer.read_exact(&mut byte).unwrap();
            assert_eq!(byte, [9]);
            away.with(move |port| port.close(other));
            assert_eq!(peer.read(&mut byte).unwrap(), 0, "{backend}");
        }
    });
}

#[test]
fn a_peer_that_closes_its_side_can_still_be_answered() {
    each(|backend| {
        let mut away = Away::start(backend);
        let (socket, mut peer) = away.connect();
        peer.write_all(b"question").unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        let mut received = Vec::new();
        loop {
            match away.next() {
                Told::Received(_, bytes) => received.extend(bytes),
                Told::Ended(of) => break assert_eq!(of, socket),
                told => panic!("{backend}: {told:?}"),
            }
        }
        assert_eq!(received, b"question");
        let sent = away.with(move |port| {
            let sent = port.send(socket, b"answer".to_vec()).unwrap();
            port.shutdown(socket);
            sent
        });
        if let Sending::Begun = sent {
            assert!(matches!(away.next(), Told::Sent(of, 6, Some(_)) if of == socket));
        }
        let late = away.with(move |port| port.send(socket, vec![1])).unwrap_err();
        assert_eq!(late.kind, SendErrorKind::Closed);
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "answer");
        assert!(away.soon().is_none(), "{backend}: the end is told once");
    });
}

#[test]
fn the_end_comes_after_all_that_is_on_its_way() {
    /// More than sockets hold.
    const LONG: usize = 16 << 20;
    each(|backend| {
        let mut away = Away::start(backend);
        let (socket, mut peer) = away.connect();
        away.with(move |port| {
            let sending = port.send(socket, vec![7; LONG]).unwrap();
            assert!(matches!(sending, Sending::Begun));
            port.shutdown(socket);
        });
        let mut read = Vec::new();
        peer.read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), LONG, "{backend}");
    });
}

#[test]
fn a_reset_is_a_failure_told_once() {
    each(|backend| {
        let mut away = Away::start(backend);
        let (socket, peer) = away.connect();
        // With a linger of zero a close is a reset.
        socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(peer);
        let Told::Failed(failed, error) = away.next() else { panic!("{backend}") };
        assert_eq!((failed, error.kind()), (socket, std::io::ErrorKind::ConnectionReset));
        assert!(away.soon().is_none(), "{backend}");
        away.with(move |port| port.close(socket));
    });
}

#[test]
fn what_came_before_a_socket_was_opened_is_received() {
    each(|backend| {
        let mut away = Away::start(backend);
        let (ours, mut peer) = pair();
        peer.write_all(b"early").unwrap();
        drop(peer);
        std::thread::sleep(crate::SHORT);
        away.with(|port| port.open(ours, 5)).unwrap();
        assert!(matches!(away.next(), Told::Received(_, bytes) if bytes == b"early"));
        assert!(matches!(away.next(), Told::Ended(_)));
    });
}

#[test]
fn sockets_can_be_closed_as_soon_as_they_are_opened() {
    /// To open and close each is more than is handed over at once.
    const CROWD: usize = 300;
    let _alone = crate::crowd();
    each(|backend| {
        let mut away = Away::start(backend);
        let (ours, peers): (Vec<_>, Vec<_>) = (0..CROWD).map(|_| pair()).unzip();
        let (stays, mut stays_peer) = pair();
        let stays = away.with(move |port| {
            for stream in ours {
                let socket = port.open(stream, 1).unwrap();
                port.close(socket);
            }
            port.open(stays, 2).unwrap()
        });
        for mut peer in peers {
            assert_eq!(peer.read(&mut [0]).unwrap(), 0, "{backend}");
        }
        stays_peer.write_all(b"text").unwrap();
        assert!(matches!(away.next(), Told::Received(of, _) if of == stays), "{backend}");
    });
}
