//! Answers: which one a request gets, and how it is written.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::http::{HttpError, Method, Request, Version};

/// The interim response for a peer that waits before it sends its body.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const JSON: &str = "application/json";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    ContentTooLarge,
    UriTooLong,
    HeadTooLarge,
    NotImplemented,
    ServiceUnavailable,
    VersionNotSupported,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::RequestTimeout => "408 Request Timeout",
            Self::ContentTooLarge => "413 Content Too Large",
            Self::UriTooLong => "414 URI Too Long",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::NotImplemented => "501 Not Implemented",
            Self::ServiceUnavailable => "503 Service Unavailable",
            Self::VersionNotSupported => "505 HTTP Version Not Supported",
        }
    }
}

/// An answer, with all that its encoding takes.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: Status,
    pub(crate) content_type: &'static str,
    pub(crate) body: Cow<'static, [u8]>,
    /// The methods that a 405 names.
    pub(crate) allow: Option<&'static str>,
    /// Whether the connection closes after this answer.
    pub(crate) close: bool,
    /// Whether the request was a HEAD: the body's length is told, the body is not sent.
    pub(crate) head: bool,
    /// The version of the request, which decides what is said about the connection.
    pub(crate) version: Version,
}

impl Response {
    fn new(
        status: Status,
        content_type: &'static str,
        body: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
            allow: None,
            close: false,
            head: false,
            version: Version::Http11,
        }
    }

    fn text(status: Status) -> Self {
        Self::new(status, TEXT, format!("{}\n", status.line()).into_bytes())
    }

    fn not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::text(Status::MethodNotAllowed) }
    }

    /// An answer that no request asked for, such as a timeout's; it closes the connection.
    pub(crate) fn error(status: Status) -> Self {
        Self { close: true, ..Self::text(status) }
    }
}

/// The last answer to a stream that can't be decoded further.
impl From<HttpError> for Response {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Malformed(reason) => Self {
                body: format!("{}: {reason}\n", Status::BadRequest.line()).into_bytes().into(),
                ..Self::error(Status::BadRequest)
            },
            HttpError::BodyTooLarge => Self::error(Status::ContentTooLarge),
            HttpError::TargetTooLong => Self::error(Status::UriTooLong),
            HttpError::HeadTooLarge => Self::error(Status::HeadTooLarge),
            HttpError::UnknownEncoding => Self::error(Status::NotImplemented),
            HttpError::UnsupportedVersion => Self::error(Status::VersionNotSupported),
        }
    }
}

/// Answers a request by its path; `stats` gives the JSON for `/stats`.
pub(crate) fn answer(request: Request, stats: &dyn Fn() -> String) -> Response {
    let reads = matches!(request.method, Method::Get | Method::Head);
    let posts = request.method == Method::Post;
    let response = match request.path() {
        "/" | "/stats" | "/healthz" if !reads => Response::not_allowed("GET, HEAD"),
        "/echo" | "/hash" if !posts => Response::not_allowed("POST"),
        "/" => Response::new(Status::Ok, TEXT, &b"Hello from three worlds!\n"[..]),
        "/healthz" => Response::new(Status::Ok, TEXT, &b"ok\n"[..]),
        "/stats" => Response::new(Status::Ok, JSON, stats().into_bytes()),
        "/hash" => match rounds(request.query()) {
            Some(rounds) => Response::new(Status::Ok, TEXT, hex_digest(&request.body, rounds)),
            None => Response::text(Status::BadRequest),
        },
        "/echo" => Response::new(Status::Ok, BYTES, request.body),
        _ => Response::text(Status::NotFound),
    };
    Response {
        close: !request.keep_alive,
        head: request.method == Method::Head,
        version: request.version,
        ..response
    }
}

/// How many times over a body is hashed: `rounds=N` takes more time.
fn rounds(query: Option<&str>) -> Option<u8> {
    const MOST: u8 = 100;
    let Some(query) = query else { return Some(1) };
    let rounds = query.strip_prefix("rounds=")?.parse().ok()?;
    (1..=MOST).contains(&rounds).then_some(rounds)
}

/// SHA-256 of so many copies of the body in hexadecimal digits, and a line end.
fn hex_digest(body: &[u8], rounds: u8) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hasher = Sha256::new();
    for _ in 0..rounds {
        hasher.update(body);
    }
    let digits = hasher.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)]).chain([b'\n']).collect()
}

/// Writes answers; one for each thread keeps the date, which is made once a second.
#[derive(Debug)]
pub(crate) struct Encoder {
    second: u64,
    date: String,
}

impl Encoder {
    /// The last second of the year 9999, where the date format ends.
    const LAST_SECOND: u64 = 253_402_300_799;

    pub(crate) fn new() -> Self {
        Self { second: 0, date: httpdate::fmt_http_date(UNIX_EPOCH) }
    }

    /// Appends the answer to `out`.
    pub(crate) fn write(&mut self, response: &Response, now: SystemTime, out: &mut Vec<u8>) {
        const MOST_HEAD_BYTES: usize = 256;
        let body: &[u8] = if response.head { &[] } else { &response.body };
        out.reserve(MOST_HEAD_BYTES + body.len());
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        put("HTTP/1.1 ");
        put(response.status.line());
        put("\r\nDate: ");
        put(self.date(now));
        put("\r\nContent-Type: ");
        put(response.content_type);
        put("\r\nContent-Length: ");
        put(decimal(response.body.len(), &mut [0; 20]));
        if let Some(methods) = response.allow {
            put("\r\nAllow: ");
            put(methods);
        }
        match (response.version, response.close) {
            (Version::Http11, true) => put("\r\nConnection: close"),
            (Version::Http10, false) => put("\r\nConnection: keep-alive"),
            (Version::Http11, false) | (Version::Http10, true) => {}
        }
        put("\r\n\r\n");
        out.extend_from_slice(body);
    }

    fn date(&mut self, now: SystemTime) -> &str {
        let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let second = second.min(Self::LAST_SECOND);
        if second != self.second {
            self.second = second;
            self.date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
        }
        &self.date
    }
}

/// The digits of `number`, without the machinery of `format!`, which costs more than the rest of
/// a short head.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return std::str::from_utf8(&digits[first..]).unwrap_or_default();
        }
    }
}
