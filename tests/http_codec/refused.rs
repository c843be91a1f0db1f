//! Streams that break a rule or a limit.

use super::http::{Decoder, HttpError, Limits, ReceiveBuffer};
use super::response::{Response, Status};
use super::{SMALL, decode, decode_one, get, post, post_chunks, receive};
use Status::{
    BadRequest, ContentTooLarge, HeadTooLarge, NotImplemented, UriTooLong, VersionNotSupported,
};

/// Refuses `stream` with `expected`, and with the same error when it comes byte by byte.
fn refuse(name: &str, stream: &[u8], expected: Status) {
    let (requests, error) = decode([stream], &SMALL);
    assert_eq!(requests, [], "{name}");
    let status = error.map(|error| Response::from(error).status);
    assert_eq!(status, Some(expected), "{name}: {error:?}");
    assert_eq!(decode(stream.chunks(1), &SMALL), (vec![], error), "{name}, byte by byte");
}

#[test]
fn request_lines() {
    let cases = [
        ("GET /", BadRequest),
        ("GET HTTP/1.1", BadRequest),
        ("GET  / HTTP/1.1", BadRequest),
        ("GET / HTTP/1.1 ", BadRequest),
        ("GET / HTTP/1.1 x", BadRequest),
        ("GET / HTTX/1.1", BadRequest),
        ("GET / http/1.1", BadRequest),
        ("GET / HTTP/1.10", BadRequest),
        ("GET / HTTP/2", BadRequest),
        ("GET / HTTP/2.0 ", BadRequest),
        ("GET / HTTP/2.0 x", BadRequest),
        ("PRI * HTTP/2.0", VersionNotSupported),
        ("GET / HTTP/0.9", VersionNotSupported),
        ("GET / HTTP/1.2", VersionNotSupported),
        (" GET / HTTP/1.1", BadRequest),
        ("G(T / HTTP/1.1", BadRequest),
        ("\x16\x03\x01", BadRequest),
    ];
    for (line, expected) in cases {
        refuse(line, format!("{line}\r\nHost: a\r\n\r\n").as_bytes(), expected);
    }
}

#[test]
fn targets() {
    let targets = [
        "index.html",
        "*",
        "a:80",
        "/#a",
        "/\x07",
        "ftp://a/",
        "http:/a",
        "http:///a",
        "http://u@a/",
        "http://a/#b",
    ];
    for target in targets {
        let stream = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        refuse(target, stream.as_bytes(), BadRequest);
    }
    refuse("path", b"CONNECT a/b HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest);
    refuse("not UTF-8", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest);
}

#[test]
fn lines_before_a_request() {
    refuse("five empty lines", &[&b"\r\n\n\r\n\r\n\r\n"[..], &get("")].concat(), BadRequest);
    refuse("carriage return", &[&b"\r"[..], &get("")].concat(), BadRequest);
}

#[test]
fn hosts() {
    refuse("none", b"GET / HTTP/1.1\r\n\r\n", BadRequest);
    refuse("two", &get("Host: a\r\n"), BadRequest);
    for host in ["a b", "a/b", "u@a", "a?b", "\"a\""] {
        let stream = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        refuse(host, stream.as_bytes(), BadRequest);
    }
}

#[test]
fn field_syntax() {
    let fields = [
        "X: a\r\n b",
        "X: a\r\n\tb",
        "X : a",
        "X",
        ": a",
        "X: a\0b",
        "X: a\rb",
        "X: a\x7f",
        "(: a",
    ];
    for field in fields {
        refuse(field, &get(&format!("{field}\r\n")), BadRequest);
    }
    refuse("folded first", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", BadRequest);
}

#[test]
fn ambiguous_framing() {
    let fields = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ];
    for fields in fields {
        refuse(fields, &post(fields, ""), BadRequest);
    }
    let stream = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refuse("chunked in HTTP/1.0", stream, BadRequest);
}

#[test]
fn lengths() {
    for length in ["", "-1", "+1", "0x1", "1 1", "1,", "1.0", "one"] {
        refuse(length, &post(&format!("Content-Length: {length}\r\n"), "hello"), BadRequest);
    }
    // The last is 2^64 + 5.
    for length in ["1001", "18446744073709551615", "18446744073709551621"] {
        let stream = post(&format!("Expect: 100-continue\r\nContent-Length: {length}\r\n"), "");
        refuse(length, &stream, ContentTooLarge);
    }
}

#[test]
fn encodings() {
    for encoding in ["gzip", "identity", "gzip, chunked", "chunked, gzip", "xchunked", "chunked;a"]
    {
        let stream = post(&format!("Transfer-Encoding: {encoding}\r\n"), "0\r\n\r\n");
        refuse(encoding, &stream, NotImplemented);
    }
}

#[test]
fn chunk_sizes() {
    let cases = [
        ("\r\n", BadRequest),
        (";a\r\n", BadRequest),
        ("g\r\n", BadRequest),
        ("0x1\r\na\r\n", BadRequest),
        ("-1\r\n", BadRequest),
        (" 1\r\na\r\n", BadRequest),
        ("1 \r\na\r\n", BadRequest),
        ("1 a\r\na\r\n", BadRequest),
        ("1;a\rb\r\na\r\n", BadRequest),
        ("1\na\r\n", BadRequest),
        ("00000000000000001\r\na\r\n", BadRequest),
        ("10000000000000001\r\na\r\n", BadRequest),
        ("1\r\nab\r\n", BadRequest),
        ("1\r\na\n0\r\n\r\n", BadRequest),
        ("1\r\na\r1\r\n", BadRequest),
        ("ffffffffffffffff\r\n", ContentTooLarge),
        ("3e9\r\n", ContentTooLarge),
    ];
    for (chunks, expected) in cases {
        refuse(chunks, &post_chunks(chunks), expected);
    }
    let full = format!("3e8\r\n{}\r\n1\r\n", "x".repeat(1000));
    refuse("one byte too many", &post_chunks(&full), ContentTooLarge);
}

#[test]
fn chunk_extensions_and_trailers() {
    let extension = |length: usize| format!("1;{}\r\na\r\n", "x".repeat(length));
    let cases = [
        ("long extension", extension(260), BadRequest),
        ("extension without end", format!("1;{}", "x".repeat(260)), BadRequest),
        ("long extensions together", extension(200).repeat(2), BadRequest),
        ("trailer without colon", "0\r\nSum 1\r\n\r\n".to_owned(), BadRequest),
        ("folded trailer", "0\r\nA: 1\r\n b\r\n\r\n".to_owned(), BadRequest),
        ("long trailer", format!("0\r\nA: {}", "x".repeat(300)), HeadTooLarge),
        ("five trailers", "0\r\nA:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n".to_owned(), HeadTooLarge),
    ];
    for (name, chunks, expected) in cases {
        refuse(name, &post_chunks(&chunks), expected);
    }
}

#[test]
fn sizes_of_heads() {
    let long = "x".repeat(400);
    let target = format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n");
    refuse("five fields", &get("A:\r\nB:\r\nC:\r\nD:\r\n"), HeadTooLarge);
    refuse("long field", &get(&format!("A: {long}\r\n")), HeadTooLarge);
    refuse("field without end", &get(&format!("A: {long}")), HeadTooLarge);
    refuse("long target", target.as_bytes(), UriTooLong);
    refuse("target without end", format!("GET /{long}").as_bytes(), UriTooLong);
    refuse("method without end", long.as_bytes(), BadRequest);
}

#[test]
fn limits_are_inclusive() {
    let head = |length: usize| {
        let bare = get("A: \r\n").len();
        get(&format!("A: {}\r\n", "x".repeat(length - bare)))
    };
    assert_eq!(head(300).len(), 300);
    decode_one(&head(300), &SMALL);
    refuse("one byte more", &head(301), HeadTooLarge);

    // The fourth field is the Host of `get`.
    decode_one(&get("A:\r\nB:\r\nC:\r\n"), &SMALL);

    let body = "x".repeat(1000);
    decode_one(&post("Content-Length: 1000\r\n", &body), &SMALL);
    decode_one(&post_chunks(&format!("3e8\r\n{body}\r\n0\r\n\r\n")), &SMALL);

    let fields: String = (0..63).map(|number| format!("A{number}: b\r\n")).collect();
    decode_one(&get(&fields), &Limits::default());
    let error = decode([&get(&(fields + "A: b\r\n"))[..]], &Limits::default()).1;
    assert_eq!(error, Some(HttpError::HeadTooLarge));
}

#[test]
fn a_bad_request_line_is_refused_before_the_head_ends() {
    refuse("nonsense", b"NONSENSE\r\n", BadRequest);
    refuse("version", b"GET / HTTP/2.0\r\n", VersionNotSupported);
}

#[test]
fn bytes_that_no_line_has_are_refused_before_the_line_ends() {
    let stream = get("");
    let (first, second) = stream.split_at(20);
    let (requests, error) = decode([first, second, b"\x16\x03\x01"], &SMALL);
    assert_eq!((requests.len(), error.is_some()), (1, true));
}

/// What follows the refused chunk would complete the body.
#[test]
fn errors_are_final() {
    let mut buffer = ReceiveBuffer::new(SMALL.window());
    let mut decoder = Decoder::default();
    let stream = [&get("")[..], &post_chunks("3e9\r\n0\r\n\r\n")].concat();
    receive(&mut buffer, &stream);
    assert!(matches!(decoder.next(&mut buffer, &SMALL), Ok(Some(_))));
    assert_eq!(decoder.next(&mut buffer, &SMALL), Err(HttpError::BodyTooLarge));
    assert_eq!(decoder.next(&mut buffer, &SMALL), Err(HttpError::BodyTooLarge));
}
