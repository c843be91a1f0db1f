//! Streams that are requests.

use super::http::{Method, Request, Version};
use super::{SMALL, decode, decode_one, get, post, post_chunks, request};

fn accept(name: &str, stream: &[u8], expected: Request) {
    assert_eq!(decode([stream], &SMALL), (vec![expected], None), "{name}");
}

#[test]
fn methods() {
    let cases = [
        ("GET", Method::Get),
        ("HEAD", Method::Head),
        ("POST", Method::Post),
        ("BREW", Method::Other),
        ("get", Method::Other),
    ];
    for (name, method) in cases {
        let stream = format!("{name} /a HTTP/1.1\r\nHost: a\r\n\r\n");
        accept(name, stream.as_bytes(), request(method, "/a", b""));
    }
}

#[test]
fn targets() {
    let cases = [
        ("GET", "/a/b?c=d/e?f", "/a/b?c=d/e?f", "/a/b"),
        ("GET", "http://example.com/a?b", "/a?b", "/a"),
        ("GET", "HTTP://example.com/", "/", "/"),
        ("GET", "HTTPS://example.com:8080", "/", "/"),
        ("GET", "http://example.com?b=/c", "/?b=/c", "/"),
        ("OPTIONS", "*", "*", "*"),
        ("CONNECT", "example.com:443", "example.com:443", "example.com:443"),
    ];
    for (method, sent, target, path) in cases {
        let stream = format!("{method} {sent} HTTP/1.1\r\nHost: a\r\n\r\n");
        let request = decode_one(stream.as_bytes(), &SMALL);
        assert_eq!((request.target.as_str(), request.path()), (target, path), "{sent}");
    }
}

#[test]
fn heads() {
    let cases = [
        ("line feeds alone", "GET / HTTP/1.1\nHost: a\n\n"),
        ("empty lines first", "\r\n\r\n\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("spaces around a value", "GET / HTTP/1.1\r\nhost:\t [::1]:80 \t\r\n\r\n"),
        ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        ("other fields", "GET / HTTP/1.1\r\nHost: a\r\nContent-Lengths: x\r\nA:\r\nB: é\r\n\r\n"),
    ];
    for (name, stream) in cases {
        accept(name, stream.as_bytes(), request(Method::Get, "/", b""));
    }
}

#[test]
fn empty_lines_are_counted_for_each_request() {
    let stream = [&b"\r\n\r\n\r\n"[..], &get("")].concat().repeat(3);
    let (requests, error) = decode([&stream[..]], &SMALL);
    assert_eq!((requests.len(), error), (3, None));
}

#[test]
fn http_10_needs_no_host() {
    assert_eq!(decode_one(b"GET / HTTP/1.0\r\n\r\n", &SMALL).version, Version::Http10);
}

#[test]
fn keep_alive_by_version_and_tokens() {
    let cases = [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: Keep-Alive\r\n", true),
        ("1.1", "Connection: upgrade ,\tCLOSE\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("1.1", "Connection: enclosed\r\nX-Connection: close\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: x, keep-alive,\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ];
    for (version, fields, keep_alive) in cases {
        let stream = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let request = decode_one(stream.as_bytes(), &SMALL);
        assert_eq!(request.keep_alive, keep_alive, "{version} {fields}");
        assert_eq!(request.version == Version::Http10, version == "1.0");
    }
}

#[test]
fn bodies_of_a_length() {
    let cases = [
        ("", ""),
        ("Content-Length: 0\r\n", ""),
        ("Content-Length: 5\r\n", "hello"),
        ("content-length:  005\t\r\n", "hello"),
        ("Content-Length: 5\r\nContent-Length: 05\r\n", "hello"),
        ("Content-Length: 5, 5\r\n", "hello"),
        ("Content-Length: 18\r\n", "GET / HTTP/1.1\r\n\r\n"),
    ];
    for (fields, body) in cases {
        accept(fields, &post(fields, body), request(Method::Post, "/echo", body.as_bytes()));
    }
    let stream = [&get("Content-Length: 2\r\n")[..], b"hi"].concat();
    accept("a GET may have one too", &stream, request(Method::Get, "/", b"hi"));
}

#[test]
fn chunked_bodies() {
    let cases = [
        ("none", "0\r\n\r\n", ""),
        ("one", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("digits", "A\r\n0123456789\r\n00b\r\n 0123456789\r\n000\r\n\r\n", "0123456789 0123456789"),
        ("sixteen digits", "0000000000000001\r\na\r\n0\r\n\r\n", "a"),
        ("extensions", "2;a=b\r\nhi\r\n1 ; q=\";\"\t\r\n!\r\n0;z\r\n\r\n", "hi!"),
        ("trailer", "2\r\nhi\r\n0\r\nSum: 1\r\nContent-Length: 9\r\n\r\n", "hi"),
        ("data like an end", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
    ];
    for (name, chunks, body) in cases {
        accept(name, &post_chunks(chunks), request(Method::Post, "/echo", body.as_bytes()));
    }
    let stream = post("TRANSFER-ENCODING: Chunked\r\n", "2\r\nhi\r\n0\r\n\r\n");
    accept("any case", &stream, request(Method::Post, "/echo", b"hi"));
}
