//! The bytes a connection has received and not yet decoded.

use std::ops::Range;

const FIRST_BYTES: usize = 512;

/// A receive buffer that gives up decoded bytes by moving an offset.
///
/// The bytes that stay are moved to the front only when at least as many were consumed, so that
/// each received byte is moved at most once on average. It starts without memory, grows when a
/// read fills it, and never holds more than twice its window, but for what comes in one piece.
#[derive(Debug)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    held: Range<usize>,
    limit: usize,
}

impl ReceiveBuffer {
    /// A buffer for a decoder that consumes something whenever it sees `window` bytes.
    pub(crate) fn new(window: usize) -> Self {
        Self { bytes: Vec::new(), held: 0..0, limit: window.max(1) * 2 }
    }

    /// The received bytes that are not consumed.
    pub(crate) fn held(&self) -> &[u8] {
        &self.bytes[self.held.clone()]
    }

    /// Room to read into; say with [`filled`](Self::filled) how much was read.
    ///
    /// Empty only when more than a window of bytes waits for the decoder: then decode before
    /// reading on. (A read into an empty slice returns 0 and looks like the end of the stream.)
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        let full = self.held.end == self.bytes.len();
        if self.held.is_empty() {
            self.held = 0..0;
        } else if self.room() < self.bytes.len() / 2 && self.held.len() <= self.held.start {
            self.bytes.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
        }
        if full {
            let len = (self.bytes.len() * 2).max(FIRST_BYTES).min(self.limit);
            self.grow(len);
        }
        &mut self.bytes[self.held.end..]
    }

    /// Takes the first `count` bytes of [`spare`](Self::spare) as received.
    pub(crate) fn filled(&mut self, count: usize) {
        assert!(count <= self.room(), "more bytes filled than there was room for");
        self.held.end += count;
    }

    /// Takes bytes that were received elsewhere: all of them, also beyond the window, until
    /// whoever brings them is told to wait.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        if self.held.is_empty() && self.bytes.len() > self.limit {
            self.clear();
        }
        if self.spare().len() < bytes.len() {
            self.bytes.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
            self.grow((self.held.end + bytes.len()).next_power_of_two());
        }
        self.spare()[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives up all bytes, and the memory.
    pub(crate) fn clear(&mut self) {
        (self.bytes, self.held) = (Vec::new(), 0..0);
    }

    fn grow(&mut self, len: usize) {
        if len > self.bytes.len() {
            self.bytes.reserve_exact(len - self.bytes.len());
            self.bytes.resize(len, 0);
        }
    }

    pub(crate) fn consume(&mut self, count: usize) {
        assert!(count <= self.held.len(), "more bytes consumed than were held");
        self.held.start += count;
    }

    fn room(&self) -> usize {
        self.bytes.len() - self.held.end
    }
}

/// A search for line ends that remembers how far it came, so that no byte is looked at twice.
///
/// Offsets count from the front of the held bytes; start a new search after consuming.
#[derive(Debug, Default)]
pub(crate) struct LineScan {
    line: usize,
    seen: usize,
}

impl LineScan {
    /// The next line of `data` without its `\n`, or `None` until its end has come.
    pub(crate) fn next_line(&mut self, data: &[u8]) -> Option<Range<usize>> {
        match data[self.seen..].iter().position(|&byte| byte == b'\n') {
            Some(offset) => {
                let line = self.line..self.seen + offset;
                self.seen = line.end + 1;
                self.line = self.seen;
                Some(line)
            }
            None => {
                self.seen = data.len();
                None
            }
        }
    }

    /// The length of the section of `data` that ends with an empty line, once it is there.
    pub(crate) fn section(&mut self, data: &[u8]) -> Option<usize> {
        while let Some(line) = self.next_line(data) {
            if matches!(&data[line], b"" | b"\r") {
                return Some(self.seen);
            }
        }
        None
    }

    /// Whether a whole line was seen.
    pub(crate) fn past_first_line(&self) -> bool {
        self.line > 0
    }
}
