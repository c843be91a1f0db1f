//! Servers: each a process of its own, on one core.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, mem, thread};

use crate::pair::CORES;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Builds what cargo is told to in the package there; the programs, by their names.
pub fn build(manifest: &Path, what: &[&str]) -> Outcome<Vec<(String, PathBuf)>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--message-format=json-render-diagnostics"]);
    command.arg("--manifest-path").arg(manifest).args(what).stderr(Stdio::inherit());
    let failed = |why: &str| format!("can't build the servers of {}: {why}", manifest.display());
    let output = command.output().map_err(|error| failed(&error.to_string()))?;
    if !output.status.success() {
        return Err(failed("cargo failed, see above").into());
    }
    let built = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let name = message["target"]["name"].as_str()?;
        Some((name.to_owned(), message["executable"].as_str()?.into()))
    };
    Ok(String::from_utf8(output.stdout)?.lines().filter_map(built).collect())
}

/// A running server. It ends when it is dropped, and when this program does, however that is.
pub struct Server {
    child: Child,
    /// Kept open, or what the server says at its end would fail.
    _said: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

/// What a server holds in memory, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub now: u64,
    pub peak: u64,
}

impl Server {
    /// Starts a program on the first core, and waits until it says where it listens. `{}` in an
    /// argument stands for the address that it is given.
    pub fn start<'a>(
        program: &Path,
        arguments: impl Iterator<Item = &'a str>,
        port: u16,
    ) -> Outcome<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string();
        let failed = |why: String| format!("can't start {}: {why}", program.display());
        let core = CORES.first().ok_or("the cores are not told")?.id;
        let mut command = Command::new(program);
        command.args(arguments.map(|argument| argument.replace("{}", &address)));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        // SAFETY: between fork and exec it makes system calls alone, which allocate nothing.
        unsafe { command.pre_exec(move || bind(core)) };
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut said = BufReader::new(child.stdout.take().ok_or("its output is lost")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let address = line.strip_prefix("listening on ").and_then(|rest| rest.split(',').next());
        let Some(address) = address.and_then(|text| text.trim().parse().ok()) else {
            let _ = child.kill();
            let status = child.wait()?;
            return Err(failed(format!("it said {line:?}, not where it listens; {status}")).into());
        };
        let server = Self { child, _said: said, address };
        server.reach().map_err(|error| failed(error.to_string()))?;
        Ok(server)
    }

    /// Waits for one that listens only after it has said so.
    fn reach(&self) -> io::Result<()> {
        const PAUSE: Duration = Duration::from_millis(10);
        const TRIES: usize = 200;
        let try_once = || TcpStream::connect(self.address);
        for _ in 1..TRIES {
            if try_once().is_ok() {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        try_once().map(drop)
    }

    /// Processor time of all its threads since it was started.
    pub fn processor_time(&self) -> Outcome<Duration> {
        let mut clock = 0;
        // SAFETY: the place for the clock is ours.
        let code = unsafe { libc::clock_getcpuclockid(self.id(), &raw mut clock) };
        if code != 0 {
            return Err(io::Error::from_raw_os_error(code).into());
        }
        // SAFETY: zeros are a valid time.
        let mut time: libc::timespec = unsafe { mem::zeroed() };
        // SAFETY: the place for the time is ours.
        if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
            return Err(io::Error::last_os_error().into());
        }
        Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
    }

    pub fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok())
        };
        let found = field("VmRSS:").zip(field("VmHWM:"));
        let (now, peak) = found.ok_or("a server has ended, or its memory is not told")?;
        Ok(Memory { now, peak })
    }

    /// It does nothing until [`go_on`](Self::go_on): others are measured.
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn go_on(&self) {
        self.signal(libc::SIGCONT);
    }

    fn id(&self) -> libc::pid_t {
        // Linux has no ids that are greater.
        self.child.id() as libc::pid_t
    }

    fn signal(&self, signal: i32) {
        // SAFETY: the call has no requirements. The child is not waited for before it is dropped,
        // so the id is its own.
        unsafe { libc::kill(self.id(), signal) };
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        self.go_on();
        self.signal(libc::SIGTERM);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listened on just now, for servers that do not tell theirs.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Lets this program, and the servers that it starts, open as many files as they may; how many.
pub fn most_files() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the place for the limit is ours.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the limit is ours.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// Keeps the process, before its program begins, on a core, and ends it with its parent.
fn bind(core: usize) -> io::Result<()> {
    // SAFETY: zeros are an empty set.
    let mut cores: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the set is ours; a core that it has no place for would panic.
    unsafe { libc::CPU_SET(core, &mut cores) };
    // SAFETY: the set is as large as is said.
    let kept = unsafe { libc::sched_setaffinity(0, size_of_val(&cores), &raw const cores) };
    // Killed, since one that is paused would not end otherwise.
    // SAFETY: the call takes no pointers.
    let bound = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    if kept != 0 || bound != 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
