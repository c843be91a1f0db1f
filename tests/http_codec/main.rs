//! The HTTP/1.1 codec of `examples/http_server`, without sockets.

#[path = "../../examples/http_server/http/mod.rs"]
mod http;
#[path = "../../examples/http_server/response.rs"]
mod response;

mod accepted;
mod answers;
mod counting;
mod memory;
mod refused;
mod streams;

use http::{Decoder, HttpError, Limits, Method, ReceiveBuffer, Request, Version};

const SMALL: Limits = Limits { max_head: 300, max_headers: 4, max_body: 1000 };

/// Reads `bytes` into the buffer, as far as it has room.
fn receive(buffer: &mut ReceiveBuffer, bytes: &[u8]) -> usize {
    let spare = buffer.spare();
    let count = spare.len().min(bytes.len());
    spare[..count].copy_from_slice(&bytes[..count]);
    buffer.filled(count);
    count
}

/// Everything that a stream gives when it comes in `pieces`.
fn decode<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Request>, Option<HttpError>) {
    let mut buffer = ReceiveBuffer::new(limits.window());
    let mut decoder = Decoder::default();
    let mut requests = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let count = receive(&mut buffer, piece);
            assert!(count > 0, "no room although everything was decoded");
            piece = &piece[count..];
            loop {
                match decoder.next(&mut buffer, limits) {
                    Ok(Some(request)) => requests.push(request),
                    Ok(None) => break,
                    Err(error) => return (requests, Some(error)),
                }
            }
        }
    }
    (requests, None)
}

fn decode_one(stream: &[u8], limits: &Limits) -> Request {
    let (mut requests, error) = decode([stream], limits);
    assert_eq!(error, None, "{}", stream.escape_ascii());
    assert_eq!(requests.len(), 1, "{}", stream.escape_ascii());
    requests.remove(0)
}

fn request(method: Method, target: &str, body: &[u8]) -> Request {
    Request {
        method,
        version: Version::Http11,
        target: target.to_owned(),
        body: body.to_vec(),
        keep_alive: true,
    }
}

fn get(fields: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes()
}

/// `fields` each end with CRLF; none is added for `body`.
fn post(fields: &str, body: &str) -> Vec<u8> {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}").into_bytes()
}

/// `body` is in chunks.
fn post_chunks(body: &str) -> Vec<u8> {
    post("Transfer-Encoding: chunked\r\n", body)
}
