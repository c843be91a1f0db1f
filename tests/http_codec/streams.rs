//! How streams come: in any pieces, pipelined, slowly.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::http::{Decoder, HttpError, Limits, Method, ReceiveBuffer};
use super::response::CONTINUE;
use super::{SMALL, decode, decode_one, get, post, post_chunks, receive, request};

/// Streams that visit every state of the decoder, with what ends them.
fn streams() -> Vec<(Vec<u8>, usize, Option<HttpError>)> {
    let mixed = [
        &b"\r\n"[..],
        &get("Connection: keep-alive\r\n"),
        b"GET /a HTTP/1.1\nHost: a\n\n",
        &post("Content-Length: 11\r\n", "hello\r\n\r\nyo"),
        b"\r\n\r\n",
        &post_chunks("5;a=b\r\nhello\r\n00c\r\n, wide world\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
        &post_chunks("0\r\n\r\n"),
        b"HEAD http://a/b HTTP/1.0\r\n\r\n",
        &get("Connection: close\r\n"),
    ]
    .concat();
    let cut = [&get("")[..], &post("Content-Length: 4\r\n", "abc")].concat();
    let bad_version = [&post("Content-Length: 1\r\n", "a")[..], b"GET / HTTP/3.0\r\n"].concat();
    let bad_chunk = [&get("")[..], &post_chunks("1\r\nabc\r\n0\r\n\r\n")].concat();
    let bad_field = [&get("")[..], &get("A: b\r\n\tc\r\n")].concat();
    let long = [&get("")[..], &get(&format!("A: {}\r\n", "x".repeat(300)))].concat();
    vec![
        (mixed, 7, None),
        (cut, 1, None),
        (bad_version, 1, Some(HttpError::UnsupportedVersion)),
        (bad_chunk, 1, Some(HttpError::Malformed("chunk longer than its size"))),
        (bad_field, 1, Some(HttpError::Malformed("malformed header field"))),
        (long, 1, Some(HttpError::HeadTooLarge)),
    ]
}

#[test]
fn every_split_gives_the_same_requests() {
    for (stream, requests, error) in streams() {
        let whole = decode([stream.as_slice()], &SMALL);
        assert_eq!((whole.0.len(), whole.1), (requests, error));
        assert_eq!(decode(stream.chunks(1), &SMALL), whole, "byte by byte");
        for at in 1..stream.len() {
            let (first, second) = stream.split_at(at);
            assert_eq!(decode([first, second], &SMALL), whole, "split at {at}");
        }
    }
}

#[test]
fn a_hundred_pipelined_requests_come_in_order() {
    let limits = Limits::default();
    let stream: Vec<u8> = (0..100)
        .flat_map(|number| {
            match number % 3 {
                0 => format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"),
                1 => format!("POST /{number} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
                _ => format!(
                    "POST /{number} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                ),
            }
            .into_bytes()
        })
        .collect();
    for size in [stream.len(), 1000, 7] {
        let (requests, error) = decode(stream.chunks(size), &limits);
        assert_eq!(error, None);
        assert_eq!(requests.len(), 100);
        for (number, request) in requests.iter().enumerate() {
            assert_eq!(request.target, format!("/{number}"));
            assert_eq!(request.body, if number % 3 == 0 { &b""[..] } else { b"abc" });
        }
    }
}

#[test]
fn undecoded_requests_stop_the_reading() {
    let mut buffer = ReceiveBuffer::new(SMALL.window());
    let mut decoder = Decoder::default();
    let stream = get("").repeat(100);
    let mut sent = 0;
    while let count @ 1.. = receive(&mut buffer, &stream[sent..]) {
        sent += count;
    }
    assert_eq!(sent, 2 * SMALL.window(), "a peer that pipelines fills the buffer and no more");
    assert!(decoder.next(&mut buffer, &SMALL).unwrap().is_some());
    assert_eq!(receive(&mut buffer, &stream), 0, "the rest is not moved for the room of one");
    let mut requests = 1;
    loop {
        while let Some(request) = decoder.next(&mut buffer, &SMALL).unwrap() {
            assert_eq!(request, self::request(Method::Get, "/", b""));
            requests += 1;
        }
        match receive(&mut buffer, &stream[sent..]) {
            0 => break,
            count => sent += count,
        }
    }
    assert_eq!((requests, sent), (100, stream.len()));
}

/// A quadratic decoder would look at 10^13 bytes for these streams.
#[test]
fn work_is_linear_in_a_stream_of_single_bytes() {
    const LENGTH: usize = 4 << 20;
    let limits = Limits { max_head: LENGTH + 100, max_headers: 64, max_body: LENGTH };
    let long = "x".repeat(LENGTH);
    let begun = Instant::now();
    decode_one(&get(""), &limits);
    for stream in [
        get(&format!("A: {long}\r\n")),
        post(&format!("Content-Length: {LENGTH}\r\n"), &long),
        post_chunks(&format!("{LENGTH:x}\r\n{long}\r\n0\r\n\r\n")),
        post_chunks(&format!("0\r\nA: {long}\r\n\r\n")),
    ] {
        let (requests, error) = decode(stream.chunks(1), &limits);
        assert_eq!((requests.len(), error), (1, None));
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "took {:?}", begun.elapsed());
}

#[test]
fn interim_response_is_due_until_the_body_begins() {
    let expect = "Expect: 100-Continue\r\n";
    let due = |version: &str, fields: &str, body: &str| {
        let mut buffer = ReceiveBuffer::new(SMALL.window());
        let mut decoder = Decoder::default();
        let stream = format!("POST / HTTP/{version}\r\nHost: a\r\n{fields}\r\n{body}");
        receive(&mut buffer, stream.as_bytes());
        while decoder.next(&mut buffer, &SMALL).unwrap().is_some() {}
        (decoder.take_continue(), decoder.take_continue())
    };
    let cases = [
        ("1.1", format!("{expect}Content-Length: 2\r\n"), "", true),
        ("1.1", format!("{expect}Transfer-Encoding: chunked\r\n"), "", true),
        ("1.1", format!("{expect}Content-Length: 2\r\n"), "h", false),
        ("1.1", format!("{expect}Content-Length: 2\r\n"), "hi", false),
        ("1.1", format!("{expect}Content-Length: 0\r\n"), "", false),
        ("1.1", expect.to_owned(), "", false),
        ("1.1", "Content-Length: 2\r\n".to_owned(), "", false),
        ("1.1", "Expect: other\r\nContent-Length: 2\r\n".to_owned(), "", false),
        ("1.0", format!("{expect}Content-Length: 2\r\n"), "", false),
    ];
    for (version, fields, body, expected) in cases {
        assert_eq!(due(version, &fields, body), (expected, false), "{version} {fields} {body}");
    }
    assert_eq!(CONTINUE, b"HTTP/1.1 100 Continue\r\n\r\n");
}

#[test]
fn idle_between_requests_only() {
    let mut buffer = ReceiveBuffer::new(SMALL.window());
    let mut decoder = Decoder::default();
    assert!(decoder.is_idle(&buffer));
    let stream = post("Content-Length: 2\r\n", "hi");
    for (at, byte) in stream.iter().enumerate() {
        receive(&mut buffer, &[*byte]);
        let complete = decoder.next(&mut buffer, &SMALL).unwrap().is_some();
        assert_eq!(complete, at + 1 == stream.len());
        assert_eq!(decoder.is_idle(&buffer), complete, "after {at} bytes");
    }
    receive(&mut buffer, b"\r\n");
    assert_eq!(decoder.next(&mut buffer, &SMALL), Ok(None));
    assert!(decoder.is_idle(&buffer), "an empty line is no request");
}

/// Streams made of what the decoder looks for, so that chance reaches its inner states.
pub(crate) fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        6 => prop::sample::select(vec![
            &b"GET / HTTP/1.1\r\n"[..], b"POST /echo HTTP/1.1\r\n", b"HEAD /x HTTP/1.0\r\n",
            b"Host: a\r\n", b"Content-Length: 7\r\n", b"Content-Length: 900\r\n",
            b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"X: y\r\n", b"\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"5\r\nhello\r\n", b"3e8\r\n", b"1;a=b\r\nx\r\n", b"0\r\n", b"0\r\n\r\n", b"\n", b"\r",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (0..400_usize).prop_map(|count| vec![b'x'; count]),
    ];
    prop::collection::vec(fragment, 0..40).prop_map(|fragments| fragments.concat())
}

/// Splits a stream into pieces whose lengths repeat.
pub(crate) fn split<'a>(mut stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &length in lengths.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (piece, rest) = stream.split_at(length.min(stream.len()));
        pieces.push(piece);
        stream = rest;
    }
    pieces
}

pub(crate) fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..200_usize, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_splits_give_the_same_requests(which in 0..6_usize, lengths in lengths()) {
        let (stream, ..) = streams().swap_remove(which);
        let whole = decode([stream.as_slice()], &SMALL);
        prop_assert_eq!(decode(split(&stream, &lengths), &SMALL), whole);
    }

    #[test]
    fn fragments_decode_alike(stream in fragments(), lengths in lengths()) {
        let whole = decode([stream.as_slice()], &SMALL);
        let (requests, error) = decode(split(&stream, &lengths), &SMALL);
        prop_assert_eq!(requests, whole.0);
        // A head that never ends may be refused early or not yet, by how it came.
        if error.is_some() {
            prop_assert_eq!(error, whole.1);
        }
    }
}
