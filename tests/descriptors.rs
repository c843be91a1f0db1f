//! Worlds that start and stop again and again leave no file descriptor open. Alone in its
//! process, of which it counts them.
#![cfg(target_os = "linux")]

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use static_ecs::driver::{Backend, Completion, Listen, Port};
use static_ecs::prelude::*;

#[derive(Component)]
struct Nothing;

#[world_config(components(Nothing), role = io, source)]
struct Outside;
coordinator!(type Program = (Outside,));

/// Sends back what comes, and closes nothing by itself.
struct Echo(Option<TcpListener>);

impl Driver<Outside> for Echo {
    fn start(&mut self, _: &mut World<Outside>, port: &mut Port<'_>) -> std::io::Result<()> {
        self.0.take().map_or(Ok(()), |listener| port.listen(listener, 0).map(drop))
    }

    fn poll(
        &mut self,
        _: &mut World<Outside>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let Some(completion) = port.completion() else { return Ok(false) };
        match completion {
            Completion::Accepted { stream, .. } => drop(port.open(stream, 0)?),
            Completion::Received { socket, bytes, .. } => {
                let bytes = bytes.to_vec();
                let _ = port.send(socket, bytes)?;
            }
            _ => {}
        }
        Ok(true)
    }
}

fn round(backend: Backend) {
    let listener = Listen::new("127.0.0.1:0".parse().unwrap()).bind().unwrap();
    let addr = listener.local_addr().unwrap();
    let mut program = Program::new();
    program.set_backend(backend).set_driver::<Outside>(Echo(Some(listener)));
    let running = program.run(Placement::Single).unwrap();
    for _ in 0..10 {
        let mut client = TcpStream::connect(addr).unwrap();
        client.write_all(b"text").unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
    }
    assert!(running.stop().drained);
}

fn open() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn starts_and_stops_leave_no_descriptor_open() {
    let mut backends = vec![Backend::Readiness];
    backends.extend(Backend::uring_offered().ok().map(|()| Backend::Uring));
    for backend in backends {
        round(backend);
        let before = open();
        (0..20).for_each(|_| round(backend));
        assert_eq!(open(), before, "{backend}");
    }
}
