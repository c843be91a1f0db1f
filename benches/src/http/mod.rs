//! Web servers, each a process of its own on one core; the load comes from the other.

mod answer;
mod client;
mod histogram;
mod server;
mod targets;
mod ways;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::case::{Bench, Case, Digest, Entry, Side, Size};
use crate::pair::{self, CORES};
use crate::record::Served;
use crate::suite::Suite;
use client::{Client, Question};
use server::Server;
use ways::{HAND, NGINX, OURS, WAYS, Way};

pub const SUITE: Suite = Suite {
    name: "http",
    title: "A web server of three worlds beside its peers",
    ours: OURS,
    reference: HAND,
    cases: CASES,
    sides,
    pairing: |_, _| None,
    contest: |_, _| Some(CONTEST),
    two_cores: true,
    prepare,
    give_back: || (),
    targets: targets::TARGETS,
    notes: include_str!("notes.txt"),
};

/// All servers are compared with all.
const CONTEST: &str = "server";

/// Connections that always ask.
const BUSY: usize = 64;
/// Connections that are open beside them in `http_idle`.
const IDLE: usize = 10_000 - BUSY;
const DEPTH: usize = 16;
/// Requests of a run of `http_latency`.
const LATENCIES: usize = 20_000;
/// Of the load in `http_idle`, and of a server.
const MOST_FILES: u64 = 12_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

const fn case(name: &'static str, about: &'static str, sizes: &'static [Size]) -> Case {
    Case { name, about, sizes, parallel: true, fresh: false }
}

/// Requests of a run: about a fifth of a second.
const fn requests(entities: usize) -> Size {
    Size { entities, archetypes: 1 }
}

const PLAIN: &str = "http_plain";
const PIPELINED: &str = "http_pipelined";
const WORK: &str = "http_work";
const IDLING: &str = "http_idle";
const LATENCY: &str = "http_latency";
const CONNECT: &str = "http_connect";

const CASES: &[Case] = &[
    case(
        PLAIN,
        "`GET /` on 64 connections that each ask again when they are answered: processor time of \
         the server",
        &[requests(20_000)],
    ),
    case(PIPELINED, "The same, 16 requests at once on each connection", &[requests(200_000)]),
    case(
        WORK,
        "`POST /hash?rounds=32` of 1 KiB, which takes about 20 us without the web, on 64 \
         connections",
        &[requests(6_000)],
    ),
    case(
        IDLING,
        "`GET /` on 64 connections while 9,936 others are open and silent",
        &[requests(20_000)],
    ),
    case(
        LATENCY,
        "`GET /` at half the rate that our server does in `single`, on 64 connections: time that \
         99 of 100 answers do not exceed, from when the request was due",
        &[requests(1)],
    ),
    case(
        CONNECT,
        "A new connection for each `GET /`, 64 at a time, each reset when it is answered: \
         processor time of the server for a connection and its request",
        &[requests(6_400)],
    ),
];

fn sides() -> Vec<Side> {
    let entries: [_; WAYS.len()] = [
        entries::<0>(),
        entries::<1>(),
        entries::<2>(),
        entries::<3>(),
        entries::<4>(),
        entries::<5>(),
        entries::<6>(),
        entries::<7>(),
        entries::<8>(),
        entries::<9>(),
        entries::<10>(),
        entries::<11>(),
    ];
    let mut sides: Vec<Side> = Vec::new();
    for (way, entries) in WAYS.iter().zip(entries) {
        if (way.missing)().is_some() {
            continue;
        }
        match sides.iter_mut().find(|side| side.name == way.side) {
            Some(side) => side.entries.extend(entries),
            None => sides.push(Side { name: way.side, entries }),
        }
    }
    sides
}

fn entries<const WAY: usize>() -> Vec<Entry> {
    let makes: [fn(Size) -> Box<dyn Bench>; CASES.len()] = [
        make::<WAY, 0>,
        make::<WAY, 1>,
        make::<WAY, 2>,
        make::<WAY, 3>,
        make::<WAY, 4>,
        make::<WAY, 5>,
    ];
    let variant = WAYS[WAY].variant;
    let entry = |(case, make): (&Case, _)| Entry { case: case.name, variant, make };
    let cases = CASES.iter().zip(makes);
    cases.filter(|(case, _)| (WAYS[WAY].side, case.name) != (NGINX, WORK)).map(entry).collect()
}

fn make<const WAY: usize, const CASE: usize>(size: Size) -> Box<dyn Bench> {
    let (way, case) = (&WAYS[WAY], CASES[CASE].name);
    Box::new(or_end(way, case, Serving::new(way, case, size.entities)))
}

/// Nothing can be measured after an error, which ends the program, and servers with it.
fn or_end<T>(way: &Way, case: &str, outcome: Outcome<T>) -> T {
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {case}: {}: {error}", way.title());
        process::exit(1)
    })
}

/// Builds the servers, so that what is wrong is told at once. Tells which can't take part.
fn prepare() -> Outcome<()> {
    if CORES.len() < 2 {
        return Err("servers and their load need a core each".into());
    }
    programs()?;
    let files = server::most_files()?;
    if files < MOST_FILES {
        return Err(format!(
            "a process may open {files} files, and {IDLING} needs {MOST_FILES}: raise the limit \
             (ulimit -Hn)"
        )
        .into());
    }
    for way in &WAYS {
        if let Some(why) = (way.missing)() {
            println!("{} is left out: {why}", way.title());
        }
    }
    Ok(())
}

/// Where the programs are, by their names.
fn programs() -> Outcome<&'static BTreeMap<String, PathBuf>> {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    if let Some(programs) = PROGRAMS.get() {
        return Ok(programs);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut programs = BTreeMap::new();
    programs.extend(server::build(&here.join("http-servers/Cargo.toml"), &["--bins"])?);
    programs.extend(server::build(&here.join("../Cargo.toml"), &["--example", "http_server"])?);
    Ok(PROGRAMS.get_or_init(|| programs))
}

/// Half of the requests a second that our server answers on one thread.
fn half_load() -> Outcome<f64> {
    static RATE: OnceLock<f64> = OnceLock::new();
    if let Some(&rate) = RATE.get() {
        return Ok(rate);
    }
    const REQUESTS: usize = 40_000;
    let ours = WAYS.iter().find(|way| way.side == OURS).ok_or("ours is missing")?;
    let mut serving = Serving::new(ours, PLAIN, REQUESTS)?;
    // The first warms it up.
    serving.run_once(1)?;
    serving.run_once(1)?;
    let rate = serving.served.ok_or("nothing was served")?.requests_per_s / 2.0;
    println!("{LATENCY}: {rate:.0} requests a second\n");
    Ok(*RATE.get_or_init(|| rate))
}

fn question(case: &str) -> Question {
    let get = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    let hello = b"Hello from three worlds!\n".to_vec();
    match case {
        PIPELINED => Question { request: get, body: hello, depth: DEPTH },
        WORK => {
            const ROUNDS: usize = 32;
            let body: Vec<u8> = (0..1024).map(|place| b'a' + (place % 26) as u8).collect();
            let head = format!(
                "POST /hash?rounds={ROUNDS} HTTP/1.1\r\nHost: localhost\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            );
            let digest = Sha256::digest(body.repeat(ROUNDS));
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let request = [head.as_bytes(), &body].concat();
            Question { request, body: format!("{hex}\n").into_bytes(), depth: 1 }
        }
        _ => Question { request: get, body: hello, depth: 1 },
    }
}

/// A server, and the load for it.
struct Serving {
    way: &'static Way,
    case: &'static str,
    /// In each run.
    requests: usize,
    /// Requests a second, where they do not wait for answers.
    rate: Option<f64>,
    client: Client,
    server: Server,
    answered: u64,
    served: Option<Served>,
}

impl Serving {
    fn new(way: &'static Way, case: &'static str, entities: usize) -> Outcome<Self> {
        let rate = (case == LATENCY).then(half_load).transpose()?;
        let requests = if case == LATENCY { LATENCIES } else { entities };
        let program = programs()?.get(way.program);
        let program = program.ok_or_else(|| format!("{} was not built", way.program))?;
        let port = if way.tells_port { 0 } else { server::free_port()? };
        let server = Server::start(program, way.arguments(), port)?;
        pair::pin(1);
        let mut client = Client::new(question(case))?;
        client.open(server.address, if case == CONNECT { 1 } else { BUSY })?;
        server.pause();
        Ok(Self { way, case, requests, rate, client, server, answered: 0, served: None })
    }

    fn run_once(&mut self, times: u32) -> Outcome<Duration> {
        pair::pin(1);
        self.server.go_on();
        if self.case == IDLING {
            self.client.open(self.server.address, IDLE)?;
        }
        self.client.times.clear();
        let mut requests = self.requests * times as usize;
        let before = self.server.processor_time()?;
        let begun = Instant::now();
        match self.rate {
            // One sample is as good as several.
            Some(rate) => {
                requests = self.requests;
                self.client.open_loop(0..BUSY, requests, rate)?;
            }
            None if self.case == CONNECT => {
                for _ in 0..requests / BUSY {
                    self.client.open(self.server.address, BUSY)?;
                    self.client.close_after(1)?;
                }
            }
            None => self.client.closed(0..BUSY, requests)?,
        }
        let elapsed = begun.elapsed();
        let spent = self.server.processor_time()?.saturating_sub(before);
        let memory = self.server.memory()?;
        self.answered += requests as u64;
        let quantile = |part| self.client.times.quantile(part);
        let micros = |part| quantile(part) as f64 / 1e3;
        self.served = Some(Served {
            cpu_us_per_request: spent.as_secs_f64() * 1e6 / requests as f64,
            requests_per_s: requests as f64 / elapsed.as_secs_f64(),
            p50_us: micros(0.5),
            p99_us: micros(0.99),
            p999_us: micros(0.999),
            memory_kib: memory.now as f64,
            memory_peak_kib: memory.peak as f64,
        });
        let outcome = match self.rate {
            Some(_) => Duration::from_nanos(quantile(0.99)) * times,
            None => spent,
        };
        if self.case == IDLING {
            self.client.close_after(BUSY)?;
        }
        self.server.pause();
        Ok(outcome)
    }
}

impl Bench for Serving {
    fn run(&mut self, times: u32) -> Duration {
        or_end(self.way, self.case, self.run_once(times))
    }

    /// Every answer is compared when it comes.
    fn digest(&mut self) -> Digest {
        Digest { count: self.answered, sum: 0 }
    }

    fn served(&self) -> Option<Served> {
        self.served
    }
}
