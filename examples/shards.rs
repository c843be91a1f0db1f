//! A key-value server sharded over an array of worlds. Every shard has clients;
//! a request for a key that another shard owns goes there as an entity and comes
//! back with its reply. The clients check each reply against what they wrote.
//!
//! Run it with `cargo run --release --example shards`.

use std::collections::HashMap;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use static_ecs::driver::Port;
use static_ecs::prelude::*;

type Fallible<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const SHARDS: usize = 4;
/// Keys that the clients of each shard write and then read, and how many of
/// these are under way at once.
const KEYS: usize = 20_000;
const WINDOW: usize = 256;

enum Op {
    Write(String),
    Read,
}

#[derive(Component)]
struct Request {
    key: String,
    op: Op,
    /// The shard that it comes from.
    home: u16,
}

/// The value before.
#[derive(Component)]
struct Reply(Option<String>);

#[world_config(
    components(Request, Reply),
    archetypes(request(Request), reply(Request, Reply)),
    role = accept,
    max_entities = 10_000,
    transfer_queue(capacity = 1024, batch_size = 64)
)]
struct Shard;

coordinator!(type Server = [Shard; SHARDS]);

/// A resource of each shard: its part of the store.
#[derive(Default)]
struct Store(HashMap<String, String>);

fn owner(key: &str) -> u16 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() % SHARDS as u64) as u16
}

/// Serves the requests for keys of this shard, and sends all others on.
fn serve(shard: &mut World<Shard>, commands: &mut Commands<Shard>) -> Fallible {
    let here = shard.id().unwrap_or(0);
    let served = shard.resource_scope(|shard, store: &mut Store| -> Fallible {
        let requests = shard.view_filtered::<(Entity, &Request), Without<Reply>>();
        for (entity, request) in requests {
            let owner = owner(&request.key);
            if owner != here {
                commands.insert(entity, TransferMarker::to(owner))?;
                continue;
            }
            let reply = match &request.op {
                Op::Write(value) => store.0.insert(request.key.clone(), value.clone()),
                Op::Read => store.0.get(&request.key).cloned(),
            };
            commands.insert(entity, Reply(reply))?;
            if request.home != here {
                commands.insert(entity, TransferMarker::to(request.home))?;
            }
        }
        Ok(())
    });
    served.unwrap_or(Ok(()))
}

/// The clients of one shard: each writes a key, and reads it once that is done.
struct Clients {
    begun: usize,
    finished: usize,
    /// Dropped when all is done.
    end: Option<Sender<()>>,
}

impl Driver<Shard> for Clients {
    fn poll(&mut self, shard: &mut World<Shard>, _: &mut Port<'_>) -> Fallible<bool> {
        let home = shard.id().unwrap_or(0);
        let replies = shard.view_filtered::<(Entity, &Request), With<Reply>>();
        let mine = replies.filter(|(_, request)| request.home == home);
        let mine: Vec<Entity> = mine.map(|(entity, _)| entity).collect();
        for &entity in &mine {
            let (Request { key, op, .. }, Reply(reply)) = shard.remove(entity)?;
            shard.despawn(entity)?;
            let expected = match op {
                Op::Write(_) => None,
                Op::Read => Some(format!("value of {key}")),
            };
            if reply != expected {
                return Err(format!("`{key}` is {reply:?}, not {expected:?}").into());
            }
            match op {
                Op::Write(_) => drop(shard.spawn(Request { key, op: Op::Read, home })?),
                Op::Read => self.finished += 1,
            }
        }
        let room = WINDOW - (self.begun - self.finished);
        let next = room.min(KEYS - self.begun);
        for n in self.begun..self.begun + next {
            let key = format!("{home}/{n}");
            let op = Op::Write(format!("value of {key}"));
            shard.spawn(Request { key, op, home })?;
        }
        self.begun += next;
        if self.finished == KEYS {
            self.end = None;
        }
        Ok(next > 0 || !mine.is_empty())
    }

    fn is_idle(&self) -> bool {
        self.begun == self.finished
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    for placement in [Placement::Single, Placement::PerWorld] {
        let mut server = Server::new();
        server.add_system::<Shard, _>(serve);
        let (end, ended) = channel();
        for shard in 0..SHARDS {
            server.world_at_mut::<Shard>(shard).insert_resource(Store::default());
            let clients = Clients { begun: 0, finished: 0, end: Some(end.clone()) };
            server.set_driver_at::<Shard>(shard, clients);
        }
        drop(end);

        let start = Instant::now();
        let running = server.run(placement.clone())?;
        // An error as well: it says that every sender is gone.
        while running.is_running()
            && ended.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout)
        {
        }
        let took = start.elapsed();
        let stopped = running.stop();
        let conservation = stopped.conservation.clone();
        let server = stopped.into_result()?;

        let requests = 2 * SHARDS * KEYS;
        let sent = server.stats().sent();
        println!("{placement}: {requests} requests in {took:.0?}, {sent} transfers between shards");
        let mut stored = 0;
        for (id, shard) in server.worlds::<Shard>().enumerate() {
            let store = shard.resource::<Store>().ok_or("a shard has lost its store")?;
            assert!(store.0.keys().all(|key| usize::from(owner(key)) == id));
            println!(
                "  shard {id}: {} keys, {} ticks",
                store.0.len(),
                server.stats().worlds[id].counts.ticks
            );
            stored += store.0.len();
        }
        assert_eq!(stored, SHARDS * KEYS);
        assert!(conservation.holds() && conservation.live() == 0, "{conservation}");
    }
    Ok(())
}
