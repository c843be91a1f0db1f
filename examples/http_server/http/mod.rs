//! Requests of HTTP/1.0 and HTTP/1.1, decoded from a stream of bytes.
//!
//! A [`Decoder`] belongs to a connection, as does its [`ReceiveBuffer`]. After each read, call
//! [`Decoder::next`] until it has no further request. A head that comes in one piece is parsed
//! once; of one that comes in small pieces no byte is searched twice, and it is parsed again only
//! when its first line, its end, or the limit is reached.
//!
//! An error is final: the position in the stream is lost, so the connection must close.

mod buffer;
mod chunked;
mod head;

use std::mem::{self, MaybeUninit};

use buffer::LineScan;
pub(crate) use buffer::ReceiveBuffer;
use chunked::{Chunked, MAX_SIZE_LINE};
use head::{Framing, Head, parse_head};

/// Empty lines that are forgiven before a request line.
const MAX_EMPTY_LINES: u8 = 4;
/// The first memory for a body that has not wholly come: what a peer announces costs nothing.
const FIRST_BODY_BYTES: usize = 16 * 1024;

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of a request line with its header fields, and of a trailer section.
    pub(crate) max_head: usize,
    /// Header fields of a request, up to [`Limits::MOST_HEADERS`].
    pub(crate) max_headers: usize,
    /// Bytes of a body.
    pub(crate) max_body: usize,
}

impl Limits {
    pub(crate) const MOST_HEADERS: usize = 64;

    /// The window for the [`ReceiveBuffer`] of a decoder with these limits.
    pub(crate) fn window(&self) -> usize {
        self.max_head.max(MAX_SIZE_LINE)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_head: 8 * 1024, max_headers: Self::MOST_HEADERS, max_body: 1024 * 1024 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http10,
    Http11,
}

/// A complete request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) version: Version,
    /// Path and query. A target in absolute form comes without its scheme and authority; only
    /// requests of other methods can have `*` or an authority here.
    pub(crate) target: String,
    /// With chunks already joined.
    pub(crate) body: Vec<u8>,
    /// Whether the peer wants the connection to stay open after the answer.
    pub(crate) keep_alive: bool,
}

impl Request {
    /// The target without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpError {
    /// With what is wrong.
    Malformed(&'static str),
    BodyTooLarge,
    TargetTooLong,
    HeadTooLarge,
    UnknownEncoding,
    UnsupportedVersion,
}

/// Decodes the requests of one connection.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
    scan: LineScan,
    /// Whether the head at the front of the buffer was parsed and found to be incomplete.
    partial: bool,
    empty_lines: u8,
    continue_due: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Body {
        request: Request,
        body: Body,
    },
    Failed(HttpError),
}

#[derive(Debug)]
enum Body {
    /// With the bytes that are missing.
    Fixed(usize),
    Chunked(Chunked),
}

impl Decoder {
    /// Takes the next complete request out of `buffer`, or `None` until more bytes have come.
    ///
    /// `buffer` has the window that `limits` asks for, and `limits` stay the same. Together with
    /// the buffer, a decoder holds at most a target and a body within the limits.
    ///
    /// # Errors
    /// When the stream breaks a rule or a limit, and at every later call.
    pub(crate) fn next(
        &mut self,
        buffer: &mut ReceiveBuffer,
        limits: &Limits,
    ) -> Result<Option<Request>, HttpError> {
        let decoded = self.decode(buffer, limits);
        if let Err(error) = decoded {
            self.state = State::Failed(error);
        }
        decoded
    }

    /// Whether the peer waits for `100 Continue` before it sends its body; true once a request.
    ///
    /// Ask when [`next`](Self::next) gave `None` and all earlier requests are answered, since the
    /// interim response takes its place among the answers.
    pub(crate) fn take_continue(&mut self) -> bool {
        mem::take(&mut self.continue_due)
    }

    /// Whether no part of a request has come since the last complete one: the connection may be
    /// closed without an answer.
    pub(crate) fn is_idle(&self, buffer: &ReceiveBuffer) -> bool {
        matches!(self.state, State::Head) && buffer.held().is_empty()
    }

    fn decode(
        &mut self,
        buffer: &mut ReceiveBuffer,
        limits: &Limits,
    ) -> Result<Option<Request>, HttpError> {
        if let State::Head = self.state {
            let Some(Head { request, framing, expects_continue }) = self.head(buffer, limits)?
            else {
                return Ok(None);
            };
            let body = match framing {
                Framing::Length(0) => return Ok(Some(request)),
                Framing::Length(length) => Body::Fixed(length),
                Framing::Chunked => Body::Chunked(Chunked::default()),
            };
            self.continue_due = expects_continue;
            self.state = State::Body { request, body };
        }
        match &mut self.state {
            State::Head => Ok(None),
            State::Failed(error) => Err(*error),
            State::Body { request, body } => {
                if !buffer.held().is_empty() {
                    self.continue_due = false;
                }
                let complete = match body {
                    Body::Fixed(left) => read_fixed(&mut request.body, left, buffer),
                    Body::Chunked(chunks) => chunks.read(&mut request.body, buffer, limits)?,
                };
                if !complete {
                    return Ok(None);
                }
                match mem::take(&mut self.state) {
                    State::Body { request, .. } => Ok(Some(request)),
                    State::Head | State::Failed(_) => Ok(None),
                }
            }
        }
    }

    fn head(
        &mut self,
        buffer: &mut ReceiveBuffer,
        limits: &Limits,
    ) -> Result<Option<Head>, HttpError> {
        self.skip_empty_lines(buffer)?;
        let data = buffer.held();
        let window = &data[..data.len().min(limits.max_head)];
        if matches!(window, b"" | b"\r") {
            return Ok(None);
        }
        let full = window.len() == limits.max_head;
        if self.partial {
            let in_first_line = !self.scan.past_first_line();
            let ended = self.scan.section(window).is_some();
            let first_line_came = in_first_line && self.scan.past_first_line();
            if !(ended || first_line_came || full) {
                return Ok(None);
            }
        }
        let mut fields = [const { MaybeUninit::uninit() }; Limits::MOST_HEADERS];
        match parse_head(window, &mut fields, limits)? {
            Some((length, head)) => {
                buffer.consume(length);
                self.scan = LineScan::default();
                self.partial = false;
                self.empty_lines = 0;
                Ok(Some(head))
            }
            None if full => Err(too_long(window)),
            None => {
                if !self.partial {
                    self.partial = true;
                    self.scan.section(window);
                }
                Ok(None)
            }
        }
    }

    fn skip_empty_lines(&mut self, buffer: &mut ReceiveBuffer) -> Result<(), HttpError> {
        loop {
            let length = match buffer.held() {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return Ok(()),
            };
            if self.empty_lines == MAX_EMPTY_LINES {
                return Err(HttpError::Malformed("too many empty lines"));
            }
            self.empty_lines += 1;
            buffer.consume(length);
        }
    }
}

/// Why a head that fills the window is not complete.
fn too_long(window: &[u8]) -> HttpError {
    if window.contains(&b'\n') {
        HttpError::HeadTooLarge
    } else if window.contains(&b' ') {
        HttpError::TargetTooLong
    } else {
        HttpError::Malformed("too long method")
    }
}

/// Moves what has come of a body of known length; `true` when nothing is missing.
fn read_fixed(body: &mut Vec<u8>, left: &mut usize, buffer: &mut ReceiveBuffer) -> bool {
    let data = buffer.held();
    let taken = data.len().min(*left);
    let length = body.len() + *left;
    append(body, &data[..taken], length);
    buffer.consume(taken);
    *left -= taken;
    *left == 0
}

/// Appends to a body that will not be longer than `most` bytes, and never allocates more.
fn append(body: &mut Vec<u8>, data: &[u8], most: usize) {
    let length = body.len() + data.len();
    if length > body.capacity() {
        let capacity = (body.capacity() * 2).max(FIRST_BODY_BYTES).max(length).min(most);
        body.reserve_exact(capacity - body.len());
    }
    body.extend_from_slice(data);
}
