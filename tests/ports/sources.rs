//! Sources of readiness that a driver registers by itself.

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::sync::mpsc::{Sender, channel};

use mio::Interest;
use mio::net::UdpSocket;
use static_ecs::driver::Port;
use static_ecs::prelude::*;

use crate::{LONG, Outside, Program, each};

const SOURCES: usize = 200;

/// Makes all its sources ready before the thread first looks for news.
struct Crowd {
    sources: Vec<UdpSocket>,
    told: HashSet<usize>,
    all: Sender<()>,
}

impl Driver<Outside> for Crowd {
    fn start(&mut self, _: &mut World<Outside>, port: &mut Port<'_>) -> io::Result<()> {
        let registry = port.registry()?;
        let any = "127.0.0.1:0".parse().expect("an address");
        for token in 0..SOURCES {
            let mut source = UdpSocket::bind(any)?;
            registry.register(&mut source, token, Interest::READABLE)?;
            source.send_to(b"text", source.local_addr()?)?;
            self.sources.push(source);
        }
        Ok(())
    }

    fn poll(
        &mut self,
        _: &mut World<Outside>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        self.told.extend(port.events().iter().map(|event| event.token));
        if self.told.len() == SOURCES {
            let _ = self.all.send(());
        }
        Ok(!port.events().is_empty())
    }
}

#[test]
fn all_that_are_ready_are_told_however_many() {
    each(|backend| {
        let (all, told) = channel();
        let mut program = Program::new();
        program.set_backend(backend);
        let (sources, tokens) = (Vec::new(), HashSet::new());
        program.set_driver::<Outside>(Crowd { sources, told: tokens, all });
        let running = program.run(Placement::Single).unwrap();
        assert!(told.recv_timeout(LONG).is_ok(), "{backend}: some are told of never");
        running.stop();
    });
}
