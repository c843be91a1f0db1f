//! A source of messages of your own: a world with the role `custom`, whose driver reads
//! datagrams in the form of statsd (`name:5|c` counts, `name:5|g` is a level) from a socket
//! that it has registered by itself, and a world that sums them up. A timer of the port has
//! the sums printed.
//!
//! Run it with `cargo run --release --example metrics`, which sends itself 100,000 and checks
//! the sums, or with `-- 127.0.0.1:8125`, and then, say, `echo 'tea:1|c' | nc -uw0 127.0.0.1 8125`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use mio::Interest;
use mio::net::UdpSocket;
use static_ecs::StatsReader;
use static_ecs::driver::{Completion, Port};
use static_ecs::prelude::*;

type Fallible<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What a message says of a metric.
#[derive(Component)]
struct Metric {
    name: String,
    change: Change,
}

#[derive(Clone, Copy)]
enum Change {
    /// This much more.
    Add(f64),
    /// It is this now.
    Set(f64),
}

/// Asks for the sums to be printed.
#[derive(Component)]
struct Print;

#[world_config(
    components(Metric, Print),
    max_entities = 65_536,
    transfer_queue(capacity = 4096, batch_size = 64)
)]
struct Base;

/// Reads the datagrams.
#[world_config(base = Base, role = custom, routing(default_target = Sums))]
struct Messages;

#[world_config(base = Base)]
struct Sums;

coordinator!(type Program = (Messages, Sums));

/// Reads datagrams as long as the worlds admit more; the others wait in the socket, which
/// forgets those that find no room, as datagrams go.
struct Datagrams {
    socket: UdpSocket,
    /// There may be more: no event tells again.
    readable: bool,
    every: Duration,
}

/// The most datagrams of one tick.
const BATCH: usize = 1024;
const TOKEN: usize = 0;
const PRINT: u64 = 0;

impl Driver<Messages> for Datagrams {
    fn start(&mut self, _: &mut World<Messages>, port: &mut Port<'_>) -> io::Result<()> {
        port.set_timer(Instant::now() + self.every, PRINT);
        port.registry()?.register(&mut self.socket, TOKEN, Interest::READABLE)
    }

    fn poll(&mut self, world: &mut World<Messages>, port: &mut Port<'_>) -> Fallible<bool> {
        let mut any = false;
        while let Some(completion) = port.completion() {
            if let Completion::Timer { key: PRINT } = completion {
                port.set_timer(Instant::now() + self.every, PRINT);
                let print = world.spawn(Print)?;
                world.complete(print)?;
                any = true;
            }
        }
        self.readable |= port.events().iter().any(|event| event.token == TOKEN);
        let mut datagram = [0; 1500];
        for _ in 0..BATCH {
            if !self.readable || world.try_admit(64).is_err() {
                break;
            }
            match self.socket.recv(&mut datagram) {
                Ok(count) => any |= take(world, &datagram[..count])? > 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                // An earlier answer of ours met a closed port, for example.
                Err(_) => {}
            }
        }
        Ok(any)
    }

    /// Under pressure it looks again a millisecond later.
    fn timeout(&self) -> Option<Duration> {
        self.readable.then_some(Duration::from_millis(1))
    }
}

/// Makes an entity of each good line, up to 64, and answers how many they are.
fn take(world: &mut World<Messages>, datagram: &[u8]) -> Fallible<usize> {
    let text = String::from_utf8_lossy(datagram);
    let mut count = 0;
    for metric in text.lines().filter_map(parse).take(64) {
        let metric = world.spawn(metric)?;
        world.complete(metric)?;
        count += 1;
    }
    Ok(count)
}

/// `name:5|c` or `name:5|g`; anything else is no metric.
fn parse(line: &str) -> Option<Metric> {
    let (name, rest) = line.trim().split_once(':')?;
    let (number, kind) = rest.split_once('|')?;
    let number = number.parse().ok().filter(|number: &f64| number.is_finite())?;
    let change = match kind {
        "c" => Change::Add(number),
        "g" => Change::Set(number),
        _ => return None,
    };
    Some(Metric { name: name.to_owned(), change })
}

/// A resource: each metric's sum or level.
#[derive(Default)]
struct Levels(BTreeMap<String, f64>);

fn sum(world: &mut World<Sums>) {
    world.resource_scope(|world, levels: &mut Levels| {
        for Metric { name, change } in world.view::<&Metric>() {
            let level = match levels.0.get_mut(name) {
                Some(level) => level,
                None => levels.0.entry(name.clone()).or_default(),
            };
            match *change {
                Change::Add(number) => *level += number,
                Change::Set(number) => *level = number,
            }
        }
        if world.view::<&Print>().next().is_some() {
            let levels: Vec<_> = levels.0.iter().map(|(name, at)| format!("{name} {at}")).collect();
            println!("{}", levels.join(", "));
        }
    });
    world.clear();
}

fn program(addr: SocketAddr, every: Duration) -> io::Result<(Program, SocketAddr)> {
    let socket = UdpSocket::bind(addr)?;
    let addr = socket.local_addr()?;
    let mut program = Program::new();
    program.set_driver::<Messages>(Datagrams { socket, readable: true, every });
    program.world_mut::<Sums>().insert_resource(Levels::default());
    program.add_system::<Sums, _>(sum);
    Ok((program, addr))
}

/// Until Ctrl-C.
fn listen(addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    let (program, addr) = program(addr, Duration::from_secs(1))?;
    let running = program.run(Placement::PerWorld)?;
    let stop = running.stop_handle();
    ctrlc::set_handler(move || stop.stop())?;
    println!("listening on {addr}; Ctrl-C ends it");
    running.join().into_result()?;
    Ok(())
}

/// Sends itself metrics and checks what becomes of them.
fn try_out() -> Result<(), Box<dyn Error>> {
    const COUNT: u64 = 100_000;
    /// What the socket holds at least.
    const AHEAD: u64 = 64;
    let (program, addr) = program("127.0.0.1:0".parse()?, Duration::from_millis(100))?;
    let stats: StatsReader = program.stats_reader();
    let running = program.run(Placement::PerWorld)?;
    let sender = std::net::UdpSocket::bind("127.0.0.1:0")?;
    let start = Instant::now();
    for number in 0..COUNT {
        let metrics = format!("sent:1|c\nlast:{number}|g\nno metric\n");
        sender.send_to(metrics.as_bytes(), addr)?;
        // A datagram that finds no room is lost, so none is sent too far ahead.
        while running.is_running()
            && stats.read().transfers_received[1] + 2 * AHEAD < 2 * (number + 1)
        {
            thread::yield_now();
        }
    }
    // What is still in the socket when the world stops is not read.
    let patience = Duration::from_secs(10);
    while stats.read().transfers_received[1] < 2 * COUNT && start.elapsed() < patience {
        thread::yield_now();
    }
    let stopped = running.stop();
    let took = start.elapsed();
    assert!(stopped.conservation.holds(), "{}", stopped.conservation);
    let program = stopped.into_result()?;
    let levels = program.world::<Sums>().resource::<Levels>().ok_or("the sums are lost")?;
    println!("{COUNT} datagrams in {took:.1?}: {:?}", levels.0);
    assert_eq!(levels.0["sent"], COUNT as f64);
    assert_eq!(levels.0["last"], (COUNT - 1) as f64);
    Ok(())
}

fn main() -> ExitCode {
    let done = match std::env::args().nth(1) {
        None => try_out(),
        Some(addr) => match addr.parse() {
            Ok(addr) => listen(addr),
            Err(_) => {
                Err(format!("`{addr}` is no address: write one such as 127.0.0.1:8125").into())
            }
        },
    };
    if let Err(error) = &done {
        eprintln!("metrics: {error}");
    }
    done.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
