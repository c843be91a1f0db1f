//! Which answer a request gets, and how it is written.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::http::{HttpError, Limits};
use super::response::{Encoder, Response, Status, answer};
use super::{SMALL, decode_one, get, post};

fn encode(response: &Response) -> String {
    let mut out = b"before".to_vec();
    Encoder::new().write(response, UNIX_EPOCH, &mut out);
    String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned()
}

/// What a whole stream is answered, with statistics that are told by their name.
fn exchange(stream: &[u8]) -> String {
    encode(&answer(decode_one(stream, &Limits::default()), &|| "{\"ticks\":1}".to_owned()))
}

const DATE: &str = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

#[test]
fn routes() {
    let text = "Content-Type: text/plain; charset=utf-8\r\n";
    let ok = |head: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\n{DATE}{head}Content-Length: {length}\r\n\r\n{body}")
    };
    let json = "Content-Type: application/json\r\n";
    let hello = ok(text, "Hello from three worlds!\n");
    assert_eq!(exchange(&get("")), hello);
    assert_eq!(exchange(b"GET /?q=/echo HTTP/1.1\r\nHost: a\r\n\r\n"), hello);
    assert_eq!(exchange(b"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n"), hello);
    assert_eq!(exchange(b"GET /stats?x HTTP/1.1\r\nHost: a\r\n\r\n"), ok(json, "{\"ticks\":1}"));
    assert_eq!(exchange(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), ok(text, "ok\n"));
    let bytes = "Content-Type: application/octet-stream\r\n";
    assert_eq!(exchange(&post("Content-Length: 5\r\n", "hello")), ok(bytes, "hello"));
    assert_eq!(exchange(&post("", "")), ok(bytes, ""));
    // The digests of FIPS 180-2, appendix B.1, and of nothing.
    assert_eq!(
        exchange(b"POST /hash HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
        ok(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n")
    );
    assert_eq!(
        exchange(b"POST /hash HTTP/1.1\r\nHost: a\r\n\r\n"),
        ok(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")
    );
}

#[test]
fn hash_takes_rounds() {
    let hash = |query: &str| {
        let head = "HTTP/1.1\r\nHost: a\r\nContent-Length: 3";
        exchange(format!("POST /hash{query} {head}\r\n\r\nabc").as_bytes())
    };
    assert_eq!(hash("?rounds=1"), hash(""));
    let of_nine = "76b99ab4be8521d78b19bcff7d1078aabeb477bd134f404094c92cd39f051c3e\n";
    assert!(hash("?rounds=3").ends_with(of_nine));
    for query in ["?", "?rounds=", "?rounds=0", "?rounds=101", "?rounds=-1", "?round=1"] {
        assert!(hash(query).starts_with("HTTP/1.1 400 Bad Request\r\n"), "{query}");
    }
}

#[test]
fn unknown_paths_and_methods() {
    let cases = [
        ("GET /nowhere", "404 Not Found", ""),
        ("BREW /pot", "404 Not Found", ""),
        ("GET //", "404 Not Found", ""),
        ("GET /echo/", "404 Not Found", ""),
        ("OPTIONS *", "404 Not Found", ""),
        ("POST /", "405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
        ("DELETE /stats", "405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
        ("POST /healthz", "405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
        ("GET /echo", "405 Method Not Allowed", "Allow: POST\r\n"),
        ("PUT /hash", "405 Method Not Allowed", "Allow: POST\r\n"),
    ];
    for (line, status, allow) in cases {
        let length = status.len() + 1;
        let expected = format!(
            "HTTP/1.1 {status}\r\n{DATE}Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\n{allow}\r\n{status}\n"
        );
        let answer = exchange(format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        assert_eq!(answer, expected, "{line}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    for path in ["/", "/stats", "/healthz", "/nowhere", "/echo"] {
        let with =
            |method| exchange(format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        let (get, head) = (with("GET"), with("HEAD"));
        assert!(head.ends_with("\r\n\r\n"), "{path}");
        assert!(get.len() > head.len() && get.starts_with(&head), "{path}");
    }
}

#[test]
fn connection_is_named_when_it_is_not_the_default() {
    let cases = [
        ("1.1", "", None),
        ("1.1", "Connection: close\r\n", Some("close")),
        ("1.0", "", None),
        ("1.0", "Connection: keep-alive\r\n", Some("keep-alive")),
    ];
    for (version, fields, expected) in cases {
        let stream = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let answer = exchange(stream.as_bytes());
        let named = answer.lines().find_map(|line| line.strip_prefix("Connection: "));
        assert_eq!(named, expected, "{version} {fields}");
    }
    let request = decode_one(&get("Connection: close\r\n"), &SMALL);
    assert!(answer(request, &String::new).close);
}

#[test]
fn error_answers_close() {
    let of_error = |error: HttpError| Response::from(error);
    let cases = [
        (of_error(HttpError::Malformed("why")), "400 Bad Request", "400 Bad Request: why\n"),
        (Response::error(Status::RequestTimeout), "408 Request Timeout", "408 Request Timeout\n"),
        (of_error(HttpError::BodyTooLarge), "413 Content Too Large", "413 Content Too Large\n"),
        (of_error(HttpError::TargetTooLong), "414 URI Too Long", "414 URI Too Long\n"),
        (
            of_error(HttpError::HeadTooLarge),
            "431 Request Header Fields Too Large",
            "431 Request Header Fields Too Large\n",
        ),
        (of_error(HttpError::UnknownEncoding), "501 Not Implemented", "501 Not Implemented\n"),
        (
            Response::error(Status::ServiceUnavailable),
            "503 Service Unavailable",
            "503 Service Unavailable\n",
        ),
        (
            of_error(HttpError::UnsupportedVersion),
            "505 HTTP Version Not Supported",
            "505 HTTP Version Not Supported\n",
        ),
    ];
    for (response, status, body) in cases {
        assert!(response.close, "{status}");
        let expected = format!(
            "HTTP/1.1 {status}\r\n{DATE}Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(encode(&response), expected);
    }
}

#[test]
fn date_follows_the_clock() {
    let mut encoder = Encoder::new();
    let response = Response::error(Status::RequestTimeout);
    let mut date_at = |now: SystemTime| {
        let mut out = Vec::new();
        encoder.write(&response, now, &mut out);
        let text = String::from_utf8(out).unwrap();
        text.lines().find_map(|line| line.strip_prefix("Date: ").map(str::to_owned)).unwrap()
    };
    let at = |millis: u64| UNIX_EPOCH + Duration::from_millis(millis);
    // The date of RFC 9110, section 5.6.7.
    assert_eq!(date_at(at(784_111_777_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(date_at(at(784_111_777_999)), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(date_at(at(784_111_778_000)), "Sun, 06 Nov 1994 08:49:38 GMT");
    assert_eq!(date_at(at(951_827_696_000)), "Tue, 29 Feb 2000 12:34:56 GMT");
    assert_eq!(date_at(at(784_111_777_000)), "Sun, 06 Nov 1994 08:49:37 GMT", "set back");
    assert_eq!(date_at(UNIX_EPOCH - Duration::from_secs(1)), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(date_at(at(999_999_999_999_999)), "Fri, 31 Dec 9999 23:59:59 GMT");
}

#[test]
fn every_length_is_written_in_decimal() {
    for length in [0, 1, 9, 10, 99, 100, 12_345] {
        let body = vec![b'x'; length];
        let mut response = Response::error(Status::BadRequest);
        response.body = body.into();
        assert!(encode(&response).contains(&format!("\r\nContent-Length: {length}\r\n")));
    }
}
