//! Starts the built example, finds its port, stops it by a signal.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::client::Client;

/// Far more than a stop takes: its own deadline is 5 s.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) addr: String,
}

/// How a server ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) last_line: String,
    pub(crate) stderr: String,
}

fn binary() -> PathBuf {
    // target/<profile>/deps/http_server-<hash>
    let test = std::env::current_exe().expect("a process knows its executable");
    let profile = test.ancestors().nth(2).expect("test executables are in target/<profile>/deps");
    let binary = profile.join("examples").join("http_server");
    assert!(
        binary.exists(),
        "{} is missing: `cargo test` builds it, but not with `--test`; then run `cargo build --example http_server` first",
        binary.display()
    );
    binary
}

/// Runs the server with options with which it ends by itself.
pub(crate) fn run(options: &[&str]) -> Output {
    Command::new(binary()).args(options).output().expect("the server can be run")
}

impl Server {
    /// Listens on a free port. Options of several words are taken apart.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_by(Command::new(binary()), options)
    }

    /// As [`start`](Self::start), with no more than so many files at a time.
    pub(crate) fn start_with_files(files: u32, options: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {files}; exec \"$@\"")).arg("sh").arg(binary());
        Self::start_by(command, options)
    }

    fn start_by(mut command: Command, options: &[&str]) -> Self {
        let mut child = command
            .args(["--addr", "127.0.0.1:0"])
            .args(options.iter().flat_map(|option| option.split(' ')))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server can be run");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("stdout can be read");
        let addr = line.strip_prefix("listening on ").and_then(|rest| rest.split(',').next());
        let addr = addr.unwrap_or_else(|| panic!("{options:?}: no address in {line:?}")).to_owned();
        Self { child, stdout, addr }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(&self.addr)
    }

    /// How many files the server has open, where that can be seen.
    pub(crate) fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.map_or(0, Iterator::count)
    }

    /// Stops the server by `TERM` or `INT`.
    pub(crate) fn stop(mut self, signal: &str) -> Ended {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.expect("kill can be run").success());
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().expect("the server can be waited for") {
                Some(status) => break status,
                None if Instant::now() > deadline => panic!("the server does not stop"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("stdout can be read");
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("stderr is piped");
        pipe.read_to_string(&mut stderr).expect("stderr can be read");
        let last_line = rest.lines().last().unwrap_or_default().to_owned();
        Ended { status, last_line, stderr }
    }

    /// Stops the server, and checks that it ends well.
    pub(crate) fn stop_well(self, signal: &str) -> Totals {
        let Ended { status, last_line, stderr } = self.stop(signal);
        assert!(status.success() && stderr.is_empty(), "{status}: {last_line}\n{stderr}");
        Totals::parse(&last_line)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's last line.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) served: u64,
    pub(crate) connections: u64,
    pub(crate) refused: u64,
}

impl Totals {
    /// Checks the line's own sum.
    fn parse(line: &str) -> Self {
        let numbers: Vec<u64> = line
            .split(|char: char| !char.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect();
        let [served, connections, refused, _late, taken, parts @ ..] = &numbers[..] else {
            panic!("no totals in {line:?}");
        };
        assert_eq!(parts.len(), 5, "{line}");
        assert_eq!(*taken, parts.iter().sum::<u64>(), "{line}");
        assert!(line.ends_with("conservation holds"), "{line}");
        Self { served: *served, connections: *connections, refused: *refused }
    }
}
