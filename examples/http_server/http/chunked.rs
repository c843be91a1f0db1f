//! Bodies in the chunked transfer coding (RFC 9112, section 7.1).

use super::buffer::{LineScan, ReceiveBuffer};
use super::{HttpError, Limits, append};

/// The longest chunk-size line with its extensions, in bytes.
pub(crate) const MAX_SIZE_LINE: usize = 256;
const MAX_SIZE_DIGITS: usize = 16;

/// Where in a chunked body the decoder stands.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    part: Part,
    scan: LineScan,
    /// Bytes of size lines beyond the size itself. One byte of data may carry a long extension,
    /// so these are bounded over the whole body.
    extensions: usize,
}

#[derive(Debug, Default)]
enum Part {
    #[default]
    Size,
    Data(usize),
    DataEnd,
    Trailer,
}

impl Chunked {
    /// Moves what has come of the body out of `buffer`; `true` when the body is complete.
    pub(crate) fn read(
        &mut self,
        body: &mut Vec<u8>,
        buffer: &mut ReceiveBuffer,
        limits: &Limits,
    ) -> Result<bool, HttpError> {
        loop {
            let data = buffer.held();
            match &mut self.part {
                Part::Size => {
                    let Some(end) = self.size_line(data)? else { return Ok(false) };
                    let (size, digits) = parse_size_line(&data[..end])?;
                    buffer.consume(end + 1);
                    self.extensions += end.saturating_sub(digits + 1);
                    if self.extensions > limits.max_head {
                        return Err(HttpError::Malformed("too long chunk extensions"));
                    }
                    let room = limits.max_body - body.len();
                    self.part = match usize::try_from(size) {
                        Ok(0) => Part::Trailer,
                        Ok(size) if size <= room => Part::Data(size),
                        _ => return Err(HttpError::BodyTooLarge),
                    };
                }
                Part::Data(0) => self.part = Part::DataEnd,
                Part::Data(_) if data.is_empty() => return Ok(false),
                Part::Data(left) => {
                    let taken = data.len().min(*left);
                    append(body, &data[..taken], limits.max_body);
                    *left -= taken;
                    buffer.consume(taken);
                }
                Part::DataEnd => match data {
                    [b'\r', b'\n', ..] => {
                        buffer.consume(2);
                        self.part = Part::Size;
                    }
                    [] | [b'\r'] => return Ok(false),
                    _ => return Err(HttpError::Malformed("chunk longer than its size")),
                },
                Part::Trailer => {
                    let window = &data[..data.len().min(limits.max_head)];
                    let Some(end) = self.scan.section(window) else {
                        return if window.len() == limits.max_head {
                            Err(HttpError::HeadTooLarge)
                        } else {
                            Ok(false)
                        };
                    };
                    check_trailer(&window[..end], limits)?;
                    buffer.consume(end);
                    return Ok(true);
                }
            }
        }
    }

    /// The offset of the `\n` that ends the size line, once it has come.
    fn size_line(&mut self, data: &[u8]) -> Result<Option<usize>, HttpError> {
        let window = &data[..data.len().min(MAX_SIZE_LINE)];
        match self.scan.next_line(window) {
            Some(line) => {
                self.scan = LineScan::default();
                Ok(Some(line.end))
            }
            None if window.len() == MAX_SIZE_LINE => {
                Err(HttpError::Malformed("too long chunk size line"))
            }
            None => Ok(None),
        }
    }
}

/// The size and how many digits it took. `line` is without its `\n`.
fn parse_size_line(line: &[u8]) -> Result<(u64, usize), HttpError> {
    const MALFORMED: HttpError = HttpError::Malformed("malformed chunk size");
    // Chunk sizes are where parsers disagree and requests are smuggled: a bare `\n` is no end.
    let line = line.strip_suffix(b"\r").ok_or(MALFORMED)?;
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits == 0 || digits > MAX_SIZE_DIGITS {
        return Err(MALFORMED);
    }
    let size = line[..digits].iter().fold(0, |size: u64, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        size << 4 | u64::from(digit)
    });
    let extension = line[digits..].trim_ascii_start();
    let printable = extension.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control());
    let well_formed = line.len() == digits || extension.first() == Some(&b';');
    if well_formed && printable { Ok((size, digits)) } else { Err(MALFORMED) }
}

/// Trailer fields must be well-formed; they are not kept.
fn check_trailer(section: &[u8], limits: &Limits) -> Result<(), HttpError> {
    let mut fields = [httparse::EMPTY_HEADER; Limits::MOST_HEADERS];
    let fields = &mut fields[..limits.max_headers.min(Limits::MOST_HEADERS)];
    match httparse::parse_headers(section, fields) {
        Ok(httparse::Status::Complete((end, _))) if end == section.len() => Ok(()),
        Err(httparse::Error::TooManyHeaders) => Err(HttpError::HeadTooLarge),
        _ => Err(HttpError::Malformed("malformed trailer")),
    }
}
