//! The head of a request: its first line and those header fields that say how it is framed.

use std::mem::MaybeUninit;

use super::{HttpError, Limits, Method, Request, Version};

/// A request whose body has not been read, and how it will come.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) request: Request,
    pub(crate) framing: Framing,
    pub(crate) expects_continue: bool,
}

#[derive(Debug)]
pub(crate) enum Framing {
    /// Bytes of the body, within the limit.
    Length(usize),
    Chunked,
}

/// Parses the head at the front of `data`, which starts with no empty line; gives its length in
/// bytes too, or `None` when its end is missing.
pub(crate) fn parse_head<'b>(
    data: &'b [u8],
    fields: &mut [MaybeUninit<httparse::Header<'b>>; Limits::MOST_HEADERS],
    limits: &Limits,
) -> Result<Option<(usize, Head)>, HttpError> {
    let fields = &mut fields[..limits.max_headers.min(Limits::MOST_HEADERS)];
    let mut parsed = httparse::Request::new(&mut []);
    let length = match parsed.parse_with_uninit_headers(data, fields) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::Version) => return bad_version(data),
        Err(httparse::Error::TooManyHeaders) => return Err(HttpError::HeadTooLarge),
        Err(httparse::Error::HeaderName | httparse::Error::HeaderValue) => {
            return Err(HttpError::Malformed("malformed header field"));
        }
        Err(_) => return Err(HttpError::Malformed("malformed request line")),
    };
    let version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
    let name = parsed.method.unwrap_or_default();
    let method = match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        _ => Method::Other,
    };
    let target = parse_target(name, parsed.path.unwrap_or_default())
        .ok_or(HttpError::Malformed("malformed target"))?;
    let fields = Fields::collect(parsed.headers)?;
    let framing = fields.framing(version, limits)?;
    let keep_alive = !fields.close && (version == Version::Http11 || fields.keep_alive);
    let expects_continue = version == Version::Http11 && fields.expects_continue;
    let request = Request { method, version, target, body: Vec::new(), keep_alive };
    Ok(Some((length, Head { request, framing, expects_continue })))
}

/// Tells a version that is not spoken here from one that is none; waits for the end of the line.
fn bad_version<T>(data: &[u8]) -> Result<Option<T>, HttpError> {
    let Some(end) = data.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
    let line = data[..end].strip_suffix(b"\r").unwrap_or(&data[..end]);
    match line.splitn(3, |&byte| byte == b' ').nth(2) {
        Some([b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']) => {
            Err(HttpError::UnsupportedVersion)
        }
        _ => Err(HttpError::Malformed("malformed version")),
    }
}

/// The path and query of a target in one of the four forms of RFC 9112, section 3.2.
fn parse_target(method: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return (!target.contains('#')).then(|| target.to_owned());
    }
    match method {
        "CONNECT" => return is_authority(target.as_bytes()).then(|| target.to_owned()),
        "OPTIONS" if target == "*" => return Some(target.to_owned()),
        _ => {}
    }
    let (scheme, rest) = target.split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.is_empty() || !is_authority(authority.as_bytes()) || path.contains('#') {
        return None;
    }
    Some(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

/// Whether the bytes can stand in a host with a port (RFC 3986, section 3.2.2). May be empty.
fn is_authority(host: &[u8]) -> bool {
    host.iter().all(|byte| match byte {
        b'-' | b'.' | b'_' | b'~' | b'%' | b':' | b'[' | b']' => true,
        b'!' | b'$' | b'&'..=b',' | b';' | b'=' => true,
        _ => byte.is_ascii_alphanumeric(),
    })
}

/// The header fields that matter here, each joined over its lines.
#[derive(Default)]
struct Fields {
    content_length: Option<u64>,
    chunked: u32,
    other_encoding: bool,
    host: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl Fields {
    fn collect(headers: &[httparse::Header<'_>]) -> Result<Self, HttpError> {
        let mut fields = Self::default();
        for header in headers {
            let (name, value) = (header.name, header.value);
            // Most fields are told apart by their length alone.
            match name.len() {
                4 if name.eq_ignore_ascii_case("host") => fields.host(value)?,
                6 if name.eq_ignore_ascii_case("expect") => {
                    fields.expects_continue |= items(value).any(|item| is(item, "100-continue"));
                }
                10 if name.eq_ignore_ascii_case("connection") => {
                    for item in items(value) {
                        fields.close |= is(item, "close");
                        fields.keep_alive |= is(item, "keep-alive");
                    }
                }
                14 if name.eq_ignore_ascii_case("content-length") => fields.length(value)?,
                17 if name.eq_ignore_ascii_case("transfer-encoding") => fields.encoding(value),
                _ => {}
            }
        }
        Ok(fields)
    }

    fn host(&mut self, value: &[u8]) -> Result<(), HttpError> {
        if self.host {
            return Err(HttpError::Malformed("more than one Host"));
        }
        if !is_authority(value) {
            return Err(HttpError::Malformed("malformed Host"));
        }
        self.host = true;
        Ok(())
    }

    /// Equal lengths that were sent twice, or joined on the way, count as one.
    fn length(&mut self, value: &[u8]) -> Result<(), HttpError> {
        for item in items(value) {
            if item.is_empty() || !item.iter().all(u8::is_ascii_digit) {
                return Err(HttpError::Malformed("malformed Content-Length"));
            }
            let length = item.iter().fold(0, |length: u64, byte| {
                length.saturating_mul(10).saturating_add(u64::from(byte - b'0'))
            });
            if self.content_length.is_some_and(|other| other != length) {
                return Err(HttpError::Malformed("differing Content-Length"));
            }
            self.content_length = Some(length);
        }
        Ok(())
    }

    fn encoding(&mut self, value: &[u8]) {
        for item in items(value) {
            if is(item, "chunked") {
                self.chunked += 1;
            } else {
                self.other_encoding = true;
            }
        }
    }

    /// How the body comes (RFC 9112, section 6.3). What another recipient could read in a
    /// different way is refused, since a request could hide in it.
    fn framing(&self, version: Version, limits: &Limits) -> Result<Framing, HttpError> {
        if version == Version::Http11 && !self.host {
            return Err(HttpError::Malformed("missing Host"));
        }
        let encoded = self.chunked > 0 || self.other_encoding;
        match self.content_length {
            Some(_) if encoded => {
                Err(HttpError::Malformed("both Content-Length and Transfer-Encoding"))
            }
            _ if encoded && version == Version::Http10 => {
                Err(HttpError::Malformed("Transfer-Encoding in HTTP/1.0"))
            }
            _ if self.other_encoding => Err(HttpError::UnknownEncoding),
            _ if self.chunked > 1 => Err(HttpError::Malformed("chunked more than once")),
            _ if encoded => Ok(Framing::Chunked),
            None => Ok(Framing::Length(0)),
            Some(length) => match usize::try_from(length) {
                Ok(length) if length <= limits.max_body => Ok(Framing::Length(length)),
                _ => Err(HttpError::BodyTooLarge),
            },
        }
    }
}

/// The members of a comma-separated field value.
fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn is(item: &[u8], word: &str) -> bool {
    item.eq_ignore_ascii_case(word.as_bytes())
}
