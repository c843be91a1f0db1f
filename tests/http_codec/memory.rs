//! What decoding allocates, and what it may hold.

use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::counting::measure;
use super::http::{Decoder, Limits, ReceiveBuffer};
use super::response::{Encoder, answer};
use super::streams::{fragments, lengths, split};
use super::{SMALL, get, post, post_chunks, receive};

#[test]
fn a_get_allocates_its_target_and_nothing_else() {
    let limits = Limits::default();
    let stream = get("User-Agent: x\r\nAccept: */*\r\nConnection: keep-alive\r\n");
    let mut buffer = ReceiveBuffer::new(limits.window());
    let mut decoder = Decoder::default();
    let mut encoder = Encoder::new();
    let mut out = Vec::with_capacity(1024);
    buffer.spare();
    let ((), _, calls) = measure(|| {
        for _ in 0..1000 {
            receive(&mut buffer, &stream);
            let request = decoder.next(&mut buffer, &limits).unwrap().unwrap();
            out.clear();
            encoder.write(&answer(request, &String::new), UNIX_EPOCH, &mut out);
        }
    });
    assert_eq!(calls, 1000);
}

#[test]
fn a_whole_body_is_allocated_once_and_an_announced_one_is_not() {
    let limits = Limits::default();
    let decode_in = |stream: &[u8]| {
        let mut buffer = ReceiveBuffer::new(limits.window());
        let mut decoder = Decoder::default();
        receive(&mut buffer, &get(""));
        decoder.next(&mut buffer, &limits).unwrap().unwrap();
        buffer.extend(stream);
        measure(|| decoder.next(&mut buffer, &limits).unwrap())
    };
    let (request, bytes, calls) = decode_in(&post("Content-Length: 2000\r\n", &"x".repeat(2000)));
    assert_eq!(request.unwrap().body.len(), 2000);
    assert_eq!((bytes, calls), (2000 + "/echo".len() as isize, 2));
    let (request, bytes, _) = decode_in(&post("Content-Length: 1048576\r\n", "x"));
    assert_eq!(request, None);
    assert!(bytes < 20_000, "{bytes} bytes for one that came");
}

/// What a connection may hold: the buffer, a body, a target, and the tests' own small change.
fn bound(limits: &Limits) -> isize {
    let buffer = 2 * limits.window();
    // Growing holds the old and the new memory for a moment.
    (buffer + buffer / 2 + 2 * limits.max_body + 2 * limits.max_head + 1024) as isize
}

/// Decodes and drops; gives the most bytes that were held.
fn peak<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> isize {
    let run = || {
        let mut buffer = ReceiveBuffer::new(limits.window());
        let mut decoder = Decoder::default();
        for mut piece in pieces {
            while !piece.is_empty() {
                let count = receive(&mut buffer, piece);
                assert!(count > 0, "no room although everything was decoded");
                piece = &piece[count..];
                while let Ok(Some(_)) = decoder.next(&mut buffer, limits) {}
                if decoder.next(&mut buffer, limits).is_err() {
                    return;
                }
            }
        }
    };
    measure(run).1
}

#[test]
fn memory_is_bounded_for_the_largest_requests() {
    let limits = Limits { max_head: 2000, max_headers: 8, max_body: 50_000 };
    let body = "x".repeat(50_000);
    let single = format!("1\r\nx\r\n{}0\r\n\r\n", "1\r\nx\r\n".repeat(49_999));
    let target = "x".repeat(1900);
    for (stream, least) in [
        (post("Content-Length: 50000\r\n", &body), 50_000),
        (post_chunks(&format!("c350\r\n{body}\r\n0\r\n\r\n")), 50_000),
        (post_chunks(&single), 50_000),
        (format!("GET /{target} HTTP/1.0\r\n\r\n").into_bytes(), 1900),
    ] {
        let peak = peak(stream.repeat(5).chunks(1447), &limits);
        assert!((least..=bound(&limits)).contains(&peak), "{peak} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn memory_is_bounded_for_fragments(stream in fragments(), lengths in lengths()) {
        prop_assert!(peak(split(&stream, &lengths), &SMALL) <= bound(&SMALL));
    }

    #[test]
    fn memory_is_bounded_for_arbitrary_bytes(
        stream in prop::collection::vec(any::<u8>(), 0..2000),
        lengths in lengths(),
    ) {
        prop_assert!(peak(split(&stream, &lengths), &SMALL) <= bound(&SMALL));
    }
}

#[test]
fn a_buffer_that_is_cleared_holds_nothing() {
    let mut buffer = ReceiveBuffer::new(Limits::default().window());
    buffer.extend(&[1; 100_000]);
    assert!(buffer.held() == [1; 100_000] && buffer.capacity() >= 100_000);
    buffer.clear();
    assert_eq!((buffer.held().len(), buffer.capacity()), (0, 0));
}
