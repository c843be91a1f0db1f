//! A thread's io_uring: what is asked for, and what the kernel says of it.
//!
//! # Whose memory it is
//!
//! The kernel reads and writes the memory of an operation until it has reported its end. So
//! the ring owns that memory, from when the operation is asked for until its last completion
//! is fetched: nobody can drop or change it before. A ring that is dropped ends all operations
//! and waits for them; if the kernel does not let it, their memory is leaked.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};

use super::buffers::{Buffers, GROUP, Lent};
use crate::net::News;
use crate::net::readiness::Poller;

/// Operations that are handed over at once; more are handed over in between.
const SUBMISSIONS: u32 = 512;
/// Completions that the kernel keeps for us without more ado.
const COMPLETIONS: u32 = 4096;
/// How long a ring that ends waits for the kernel to end one of its operations.
const PATIENCE: Duration = Duration::from_secs(2);

/// Events of readiness that are fetched at once; few sources are watched that way.
const EVENTS: usize = 64;
/// The longest wait. The kernel's clock would overflow by the longest that a driver can say.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The kernel refuses it; the one behind would mean where the file was read last.
const LAST_OFFSET: u64 = u64::MAX - 1;

/// What kind of operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Accept,
    Receive,
    Send,
    Read,
    Write,
    Cancel,
    /// Sources of readiness that drivers registered.
    Ready,
    /// Another thread wakes us.
    Alarm,
}

/// Who asked for an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub(super) place: usize,
    pub(super) slot: u32,
    pub(super) kind: Kind,
}

/// Names an operation, also after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpId(u64);

/// What became of an operation.
#[derive(Debug)]
pub(crate) struct Done {
    pub(super) owner: Owner,
    /// What the kernel answers: a count, or an error below zero.
    pub(super) result: i32,
    /// The operation goes on.
    pub(super) more: bool,
    /// What was received.
    pub(super) lent: Option<Lent>,
    /// The buffer that the operation had.
    pub(super) buffer: Option<Vec<u8>>,
    /// What was accepted.
    pub(super) accepted: Option<OwnedFd>,
}

struct Op {
    generation: u32,
    /// Of an operation that has not ended.
    owner: Option<Owner>,
    buffer: Option<Vec<u8>>,
    _file: Option<Arc<File>>,
}

pub(crate) struct Ring {
    // Closed first: then the kernel has no memory of ours.
    uring: ManuallyDrop<IoUring>,
    buffers: ManuallyDrop<Buffers>,
    ops: ManuallyDrop<Vec<Op>>,
    free: Vec<u32>,
    /// Operations that have not ended.
    running: usize,
    /// What found no room among the submissions.
    backlog: VecDeque<squeue::Entry>,
    /// For sources that drivers register by themselves.
    poller: Poller,
    alarm: Arc<File>,
    /// Completions of one look.
    fetched: Vec<cqueue::Entry>,
    /// Before, nothing reaches the kernel.
    enabled: bool,
}

impl Ring {
    pub(crate) fn new() -> io::Result<Self> {
        let poller = Poller::new(EVENTS)?;
        // SAFETY: a new descriptor, or an error.
        let alarm = unsafe {
            match libc::eventfd(0, libc::EFD_CLOEXEC) {
                -1 => return Err(io::Error::last_os_error()),
                fd => File::from(OwnedFd::from_raw_fd(fd)),
            }
        };
        let uring: IoUring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag()
            .setup_submit_all()
            .setup_r_disabled()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)?;
        // SAFETY: `Drop` closes the io_uring first, or leaks both; on the way out of this
        // function it is dropped first too.
        let buffers = unsafe { Buffers::new(&uring.submitter()) };
        let buffers = match buffers {
            Ok(buffers) => buffers,
            Err(error) => {
                drop(uring);
                return Err(error);
            }
        };
        Ok(Self {
            uring: ManuallyDrop::new(uring),
            buffers: ManuallyDrop::new(buffers),
            ops: ManuallyDrop::new(Vec::new()),
            free: Vec::new(),
            running: 0,
            backlog: VecDeque::new(),
            poller,
            alarm: Arc::new(alarm),
            fetched: Vec::new(),
            enabled: false,
        })
    }

    pub(crate) fn enable(&mut self) -> io::Result<()> {
        self.uring.submitter().register_enable_rings()?;
        self.enabled = true;
        self.watch(Kind::Ready);
        self.watch(Kind::Alarm);
        Ok(())
    }

    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Ends a wait, from any thread.
    pub(crate) fn interrupt(&self) -> Arc<dyn Fn() + Send + Sync> {
        let alarm = self.alarm.clone();
        Arc::new(move || {
            // It fails only if it rings already.
            let _ = (&*alarm).write(&1u64.to_ne_bytes());
        })
    }

    /// Asks for an operation. `make` gets the address and length of what the operation has of
    /// `buffer`, from `from` on.
    ///
    /// # Safety
    /// The entry that `make` gives names no memory but this.
    unsafe fn ask(
        &mut self,
        owner: Owner,
        (buffer, from): (Option<Vec<u8>>, usize),
        file: Option<Arc<File>>,
        make: impl FnOnce(*mut u8, u32) -> squeue::Entry,
    ) -> OpId {
        let mut buffer = buffer;
        let (address, len) = match &mut buffer {
            Some(bytes) => {
                let rest = &mut bytes[from..];
                (rest.as_mut_ptr(), u32::try_from(rest.len()).unwrap_or(u32::MAX >> 1))
            }
            None => (std::ptr::null_mut(), 0),
        };
        let index = self.free.pop().unwrap_or(self.ops.len() as u32);
        if index as usize == self.ops.len() {
            self.ops.push(Op { generation: 0, owner: None, buffer: None, _file: None });
        }
        let op = &mut self.ops[index as usize];
        (op.owner, op.buffer, op._file) = (Some(owner), buffer, file);
        let id = OpId(u64::from(op.generation) << 32 | u64::from(index));
        self.running += 1;
        self.push(make(address, len).user_data(id.0));
        id
    }

    fn push(&mut self, entry: squeue::Entry) {
        if !self.backlog.is_empty() {
            return self.backlog.push_back(entry);
        }
        // SAFETY: the memory that the entry names belongs to its operation, see `ask`.
        let pushed = unsafe { self.uring.submission().push(&entry) };
        if pushed.is_err() {
            // What is wrong shows in the next wait.
            let _ = self.uring.submit();
            // SAFETY: as above.
            if unsafe { self.uring.submission().push(&entry) }.is_err() {
                self.backlog.push_back(entry);
            }
        }
    }

    fn push_backlog(&mut self) {
        for entry in std::mem::take(&mut self.backlog) {
            self.push(entry);
        }
    }

    /// Each connection that comes to a listener, until it is cancelled.
    pub(super) fn accept(&mut self, owner: Owner, listener: RawFd) -> OpId {
        // SAFETY: without memory: no address of the peer is asked for.
        unsafe {
            self.ask(owner, (None, 0), None, |_, _| {
                opcode::AcceptMulti::new(Fd(listener)).flags(libc::SOCK_CLOEXEC).build()
            })
        }
    }

    /// Whatever comes on a connection, until it is cancelled.
    pub(super) fn receive(&mut self, owner: Owner, stream: RawFd) -> OpId {
        // SAFETY: its memory is the group's.
        unsafe {
            self.ask(owner, (None, 0), None, |_, _| {
                opcode::RecvMulti::new(Fd(stream), GROUP).build()
            })
        }
    }

    /// Sends the bytes from `from` on.
    pub(super) fn send(&mut self, owner: Owner, stream: RawFd, bytes: Vec<u8>, from: usize) {
        // SAFETY: only the memory that is given.
        unsafe {
            self.ask(owner, (Some(bytes), from), None, |bytes, len| {
                opcode::Send::new(Fd(stream), bytes, len).flags(libc::MSG_NOSIGNAL).build()
            });
        }
    }

    /// Reads up to as many bytes as the buffer has.
    pub(super) fn read(&mut self, owner: Owner, file: Arc<File>, offset: u64, bytes: Vec<u8>) {
        let fd = Fd(file.as_raw_fd());
        let offset = offset.min(LAST_OFFSET);
        // SAFETY: only the memory that is given.
        unsafe {
            self.ask(owner, (Some(bytes), 0), Some(file), |bytes, len| {
                opcode::Read::new(fd, bytes, len).offset(offset).build()
            });
        }
    }

    pub(super) fn write(&mut self, owner: Owner, file: Arc<File>, offset: u64, bytes: Vec<u8>) {
        let fd = Fd(file.as_raw_fd());
        let offset = offset.min(LAST_OFFSET);
        // SAFETY: only the memory that is given.
        unsafe {
            self.ask(owner, (Some(bytes), 0), Some(file), |bytes, len| {
                opcode::Write::new(fd, bytes, len).offset(offset).build()
            });
        }
    }

    /// Ends an operation early; it reports its end all the same.
    pub(super) fn cancel(&mut self, op: OpId) {
        let owner = Owner { place: usize::MAX, slot: 0, kind: Kind::Cancel };
        // SAFETY: without memory.
        unsafe { self.ask(owner, (None, 0), None, |_, _| opcode::AsyncCancel::new(op.0).build()) };
    }

    fn watch(&mut self, kind: Kind) {
        let fd = match kind {
            Kind::Ready => self.poller.fd(),
            _ => self.alarm.as_raw_fd(),
        };
        let owner = Owner { place: usize::MAX, slot: 0, kind };
        // SAFETY: without memory.
        unsafe {
            self.ask(owner, (None, 0), None, |_, _| {
                opcode::PollAdd::new(Fd(fd), libc::POLLIN as u32).multi(true).build()
            })
        };
    }

    pub(super) fn bytes(&self, lent: &Lent) -> &[u8] {
        self.buffers.bytes(lent)
    }

    pub(super) fn give_back(&mut self, lent: Lent) {
        self.buffers.give_back(lent);
    }

    /// Hands over what was asked for, waits up to `timeout` for the end of an operation, and
    /// calls `each` with a world's place and what was told.
    pub(crate) fn wait(
        &mut self,
        timeout: Option<Duration>,
        each: &mut dyn FnMut(usize, News),
    ) -> io::Result<()> {
        self.push_backlog();
        // What the kernel does not take now has no end that would wake us.
        let timeout = if self.backlog.is_empty() { timeout } else { Some(Duration::ZERO) };
        self.enter(timeout)?;
        let mut ready = false;
        self.fetch(|ring, done| match done.owner.kind {
            Kind::Ready | Kind::Alarm => {
                ready |= done.owner.kind == Kind::Ready;
                if !done.more {
                    ring.watch(done.owner.kind);
                }
            }
            Kind::Cancel => {}
            _ => each(done.owner.place, News::Done(done)),
        });
        if ready {
            let mut give = |place, event| each(place, News::Event(event));
            // All of them: we are told when something becomes ready, not that more is.
            while self.poller.wait(Some(Duration::ZERO), &mut give)? {}
        }
        Ok(())
    }

    fn enter(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let submissions = self.uring.submission();
        let nothing =
            submissions.is_empty() && !submissions.taskrun() && !submissions.cq_overflow();
        drop(submissions);
        let submitter = self.uring.submitter();
        let entered = match timeout {
            Some(Duration::ZERO) if nothing => return Ok(()),
            Some(Duration::ZERO) => submitter.submit(),
            None => submitter.submit_and_wait(1),
            Some(timeout) => {
                let timeout = Timespec::from(timeout.min(LONGEST));
                submitter.submit_with_args(1, &SubmitArgs::new().timespec(&timeout))
            }
        };
        match entered {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // The time is over; a signal; completions first.
                Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Fetches all completions that are there.
    fn fetch(&mut self, mut each: impl FnMut(&mut Self, Done)) {
        let mut fetched = std::mem::take(&mut self.fetched);
        fetched.extend(self.uring.completion());
        for entry in fetched.drain(..) {
            if let Some(done) = self.done(&entry) {
                each(self, done);
            }
        }
        self.fetched = fetched;
    }

    fn done(&mut self, entry: &cqueue::Entry) -> Option<Done> {
        let (index, flags, result) = (entry.user_data() as u32, entry.flags(), entry.result());
        let op = self.ops.get_mut(index as usize)?;
        let owner = op.owner?;
        let more = cqueue::more(flags);
        let mut buffer = None;
        if !more {
            buffer = op.buffer.take();
            (op.owner, op._file) = (None, None);
            op.generation = op.generation.wrapping_add(1);
            self.free.push(index);
            self.running -= 1;
        }
        let lent = cqueue::buffer_select(flags);
        let lent = lent.map(|id| self.buffers.lend(id, usize::try_from(result).unwrap_or(0)));
        let accepted = (owner.kind == Kind::Accept && result >= 0)
            // SAFETY: the kernel has made this descriptor for us.
            .then(|| unsafe { OwnedFd::from_raw_fd(result) });
        Some(Done { owner, result, more, lent, buffer, accepted })
    }

    /// Ends all operations and waits for their ends. Answers whether there are none left.
    fn finish(&mut self) -> bool {
        let owner = Owner { place: usize::MAX, slot: 0, kind: Kind::Cancel };
        self.push_backlog();
        // SAFETY: without memory.
        unsafe {
            self.ask(owner, (None, 0), None, |_, _| {
                opcode::AsyncCancel2::new(CancelBuilder::any().all()).build()
            })
        };
        while self.running > 0 {
            let before = self.running;
            if self.enter(Some(PATIENCE)).is_err() {
                return false;
            }
            self.fetch(|ring, done| {
                if let Some(lent) = done.lent {
                    ring.give_back(lent);
                }
            });
            self.push_backlog();
            if self.running == before && self.backlog.is_empty() {
                return false;
            }
        }
        true
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let finished = !self.enabled || self.running == 0 || self.finish();
        // SAFETY: nothing is used afterwards. With no operation running the kernel uses the
        // buffers no more, and once the io_uring is closed it does not know them. Otherwise
        // their memory is leaked: operations may end at any time later.
        unsafe {
            ManuallyDrop::drop(&mut self.uring);
            if finished {
                ManuallyDrop::drop(&mut self.buffers);
                ManuallyDrop::drop(&mut self.ops);
            }
        }
    }
}
