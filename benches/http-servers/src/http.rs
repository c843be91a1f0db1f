//! As much of HTTP as a server of plain code needs: requests by `httparse`, and their answers.

use std::io::{self, ErrorKind, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{HELLO, NOT_FOUND, TEXT, hash, split};

/// The date, which is made once a second.
pub struct Date {
    second: u64,
    text: String,
}

impl Date {
    #[expect(clippy::new_without_default, reason = "a date by default would be that of now")]
    pub fn new() -> Self {
        Self { second: 0, text: httpdate::fmt_http_date(UNIX_EPOCH) }
    }

    pub fn tick(&mut self) {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if second != self.second {
            *self = Self { second, text: httpdate::fmt_http_date(now) };
        }
    }

    /// As of the last tick.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What has come of a request that is not whole yet.
#[derive(Default)]
pub struct Input(Vec<u8>);

impl Input {
    /// Answers all requests that are whole with what has come now. An error ends the connection.
    pub fn take(&mut self, came: &[u8], output: &mut Vec<u8>, date: &str) -> io::Result<()> {
        if self.0.is_empty() {
            let used = answer_all(came, output, date)?;
            self.0.extend_from_slice(&came[used..]);
        } else {
            self.0.extend_from_slice(came);
            let used = answer_all(&self.0, output, date)?;
            self.0.drain(..used);
        }
        Ok(())
    }
}

/// Answers all requests that are whole; how many bytes they had.
fn answer_all(input: &[u8], output: &mut Vec<u8>, date: &str) -> io::Result<usize> {
    let mut used = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(&input[used..]).map_err(|_| ErrorKind::InvalidData)?;
        let httparse::Status::Complete(head) = parsed else { return Ok(used) };
        let length =
            request.headers.iter().find(|it| it.name.eq_ignore_ascii_case("content-length"));
        let length = match length.map(|it| str::from_utf8(it.value).unwrap_or_default().parse()) {
            None => 0,
            Some(length) => length.map_err(|_| ErrorKind::InvalidData)?,
        };
        let Some(body) = input[used + head..].get(..length) else { return Ok(used) };
        let (path, query) = split(request.path.unwrap_or_default());
        match (request.method.unwrap_or_default(), path) {
            ("GET", "/") => answer("200 OK", HELLO, output, date),
            ("POST", "/hash") => answer("200 OK", &hash(query, body), output, date),
            _ => answer("404 Not Found", NOT_FOUND, output, date),
        }
        used += head + length;
    }
}

fn answer(status: &str, body: &str, output: &mut Vec<u8>, date: &str) {
    let mut put = |text: &str| output.extend_from_slice(text.as_bytes());
    put("HTTP/1.1 ");
    put(status);
    put("\r\nDate: ");
    put(date);
    put("\r\nContent-Type: ");
    put(TEXT);
    put("\r\nContent-Length: ");
    let _ = write!(output, "{}", body.len());
    output.extend_from_slice(b"\r\n\r\n");
    output.extend_from_slice(body.as_bytes());
}
