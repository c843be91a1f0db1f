//! A client that sends whatever bytes a test wants.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Far more than any answer takes, so that a missing one fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lower-case names, values as sent.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

impl Client {
    pub(crate) fn connect(addr: &str) -> Self {
        let stream = TcpStream::connect(addr).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has timeouts");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket has timeouts");
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server reads");
    }

    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes.as_ref())
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send(get(path));
        self.answer()
    }

    pub(crate) fn post(&mut self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(post(path, body.as_ref()));
        self.answer()
    }

    pub(crate) fn half_close(&mut self) {
        self.stream.get_mut().shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// Another handle, to write while this one reads.
    pub(crate) fn writer(&self) -> TcpStream {
        self.stream.get_ref().try_clone().expect("a socket can be cloned")
    }

    pub(crate) fn answer(&mut self) -> Answer {
        self.try_answer(false).expect("the server answers")
    }

    /// The answer to a HEAD: its length says nothing about what follows.
    pub(crate) fn head_answer(&mut self) -> Answer {
        self.try_answer(true).expect("the server answers")
    }

    pub(crate) fn try_answer(&mut self, head: bool) -> io::Result<Answer> {
        let first = self.line()?;
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {first:?}")))?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            fields.push((name.to_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, fields, body: Vec::new() };
        let length = answer.field("content-length").and_then(|length| length.parse().ok());
        if !head {
            answer.body.resize(length.unwrap_or(0), 0);
            self.stream.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(whole) => Ok(whole.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Waits for the server's close; panics if it sends anything, or stays.
    pub(crate) fn expect_close(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => assert!(rest.is_empty(), "unexpected: {}", rest.escape_ascii()),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
        }
    }

    /// Reads one byte.
    pub(crate) fn first_byte(&mut self) {
        self.stream.get_mut().read_exact(&mut [0]).expect("the server answers");
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
}

pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// `body` in chunks of `size` bytes.
pub(crate) fn post_chunked(path: &str, body: &[u8], size: usize) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut bytes = head.into_bytes();
    for chunk in body.chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}
