//! Several accept worlds at one address, each on a thread of its own.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use static_ecs::driver::{Completion, Listen, Port};
use static_ecs::prelude::*;

use crate::each;

/// A connection, until the io world's port has it.
#[derive(Component)]
struct Peer(Option<TcpStream>);

#[world_config(components(Peer), transfer_queue(capacity = 64, batch_size = 8))]
struct Base;
#[world_config(base = Base, role = accept, routing(default_target = Greets))]
struct Door;
#[world_config(base = Base, role = io)]
struct Greets;
coordinator!(type Hall = ([Door; 2], Greets));

struct Opens(Option<TcpListener>);

impl Driver<Door> for Opens {
    fn start(&mut self, _: &mut World<Door>, port: &mut Port<'_>) -> std::io::Result<()> {
        self.0.take().map_or(Ok(()), |listener| port.listen(listener, 0).map(drop))
    }

    fn poll(
        &mut self,
        world: &mut World<Door>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut any = false;
        while let Some(completion) = port.completion() {
            if let Completion::Accepted { stream, .. } = completion {
                let peer = world.spawn(Peer(Some(stream)))?;
                world.complete(peer)?;
                any = true;
            }
        }
        Ok(any)
    }
}

struct Greeter;

impl Driver<Greets> for Greeter {
    fn poll(
        &mut self,
        world: &mut World<Greets>,
        port: &mut Port<'_>,
    ) -> Result<bool, Box<dyn Error + Send + Sync>> {
        while port.completion().is_some() {}
        let mut any = false;
        for (entity, peer) in world.query::<(Entity, &mut Peer)>() {
            if let Some(stream) = peer.0.take() {
                let socket = port.open(stream, entity.to_bits())?;
                let _ = port.send(socket, b"welcome".to_vec())?;
                port.shutdown(socket);
                any = true;
            }
        }
        Ok(any)
    }
}

#[test]
fn several_accept_worlds_share_the_connections_of_one_address() {
    const CLIENTS: u64 = 200;
    each(|backend| {
        for placement in ["per-world", "0,1,0", "single"] {
            let mut hall = Hall::new();
            hall.set_backend(backend).set_driver::<Greets>(Greeter);
            let mut addr = "127.0.0.1:0".parse().unwrap();
            for door in 0..2 {
                let listener = Listen::new(addr).share_port().bind().unwrap();
                addr = listener.local_addr().unwrap();
                hall.set_driver_at::<Door>(door, Opens(Some(listener)));
            }
            let running = hall.run(placement.parse().unwrap()).unwrap();
            let mut clients: Vec<TcpStream> =
                (0..CLIENTS).map(|_| TcpStream::connect(addr).unwrap()).collect();
            for client in &mut clients {
                let mut text = String::new();
                client.read_to_string(&mut text).unwrap();
                assert_eq!(text, "welcome", "{backend}, {placement}");
                let _ = client.write_all(b"bye");
            }
            let stopped = running.stop();
            assert!(stopped.conservation.holds(), "{}", stopped.conservation);
            let hall = stopped.into_result().unwrap();
            let came = [0, 1].map(|door| hall.world_at::<Door>(door).counts().departed);
            assert_eq!(came[0] + came[1], CLIENTS);
            assert!(came[0] > 0 && came[1] > 0, "{backend}, {placement}: {came:?}");
        }
    });
}
