//! What becomes of open sockets when worlds stop, fail, or start again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use static_ecs::Supervision;
use static_ecs::driver::{Backend, Sending};
use static_ecs::prelude::*;

use crate::{Away, LONG, Nothing, each, has_closed, pair};

#[test]
fn a_stop_closes_what_is_open_whatever_is_on_its_way() {
    each(|backend| {
        for _ in 0..20 {
            let mut away = Away::start(backend);
            let (_silent, mut silent_peer) = away.connect();
            let (deaf, mut deaf_peer) = away.connect();
            // Nobody reads it: it is in the kernel's hands when the stop comes.
            let sent = away.with(move |port| port.send(deaf, vec![7; 16 << 20])).unwrap();
            assert!(matches!(sent, Sending::Begun));
            assert!(away.stop().drained);
            assert_eq!(silent_peer.read(&mut [0]).unwrap(), 0, "{backend}");
            let mut rest = Vec::new();
            // The end, or a reset: what was sent by then may arrive.
            let _ = deaf_peer.read_to_end(&mut rest);
            assert!(rest.iter().all(|&byte| byte == 7), "{backend}");
        }
    });
}

/// Opens a connection in each start, and panics when it is told to.
struct Fragile {
    stream: Option<TcpStream>,
    panics: Arc<AtomicBool>,
}

#[world_config(components(Nothing), role = io, source)]
struct Weak;
#[world_config(base = Weak)]
struct Strong;
coordinator!(type Both = (Weak, Strong));

impl Driver<Weak> for Fragile {
    fn start(
        &mut self,
        _: &mut World<Weak>,
        port: &mut static_ecs::driver::Port<'_>,
    ) -> std::io::Result<()> {
        match self.stream.take() {
            Some(stream) => port.open(stream, 0).map(drop),
            None => Ok(()),
        }
    }

    fn poll(
        &mut self,
        _: &mut World<Weak>,
        port: &mut static_ecs::driver::Port<'_>,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        assert!(!self.panics.load(Ordering::Relaxed), "told to");
        Ok(port.completion().is_some())
    }

    fn timeout(&self) -> Option<std::time::Duration> {
        Some(std::time::Duration::from_millis(1))
    }
}

#[test]
fn a_world_that_failed_for_good_has_its_sockets_closed_while_others_go_on() {
    each(|backend| {
        let (ours, mut peer) = pair();
        let panics = Arc::new(AtomicBool::new(false));
        let mut both = Both::new();
        both.set_backend(backend).supervise::<Weak>(Supervision::GoOn);
        both.set_driver::<Weak>(Fragile { stream: Some(ours), panics: panics.clone() });
        let running = both.run(Placement::Single).unwrap();
        peer.write_all(b"text").unwrap();
        panics.store(true, Ordering::Relaxed);
        // A reset where something was unread.
        assert!(has_closed(&mut peer), "{backend}");
        assert!(running.is_running(), "{backend}");
        let stopped = running.stop();
        assert_eq!((stopped.failures.len(), stopped.survived.len()), (0, 1));
    });
}

#[test]
fn a_coordinator_that_stopped_runs_again_with_new_sockets() {
    each(|backend| {
        let mut both = Both::new();
        both.set_backend(backend);
        for _ in 0..3 {
            let (ours, mut peer) = pair();
            let panics = Arc::new(AtomicBool::new(false));
            both.set_driver::<Weak>(Fragile { stream: Some(ours), panics });
            let running = both.run(Placement::PerWorld).unwrap();
            peer.write_all(b"text").unwrap();
            both = running.stop().into_result().unwrap();
            assert!(has_closed(&mut peer), "{backend}");
        }
    });
}

#[test]
fn worlds_ticked_by_hand_have_sockets_too() {
    let (ours, mut peer) = pair();
    let mut both = Both::new();
    both.set_driver::<Weak>(Fragile { stream: Some(ours), panics: Arc::default() });
    both.start().unwrap();
    peer.write_all(b"text").unwrap();
    let start = std::time::Instant::now();
    while !both.tick().unwrap().driven {
        assert!(start.elapsed() < LONG);
    }
}

#[test]
fn lock_step_has_sockets_too() {
    each(|backend: Backend| {
        let (ours, mut peer) = pair();
        let mut both = Both::new();
        both.set_backend(backend);
        both.set_driver::<Weak>(Fragile { stream: Some(ours), panics: Arc::default() });
        let running = both.run_lock_step(Placement::PerWorld, static_ecs::Pace::OnDemand).unwrap();
        peer.write_all(b"text").unwrap();
        assert!(running.stop().failures.is_empty());
        assert!(has_closed(&mut peer), "{backend}");
    });
}
