//! What the server is for: every route, in every placement, with answers in order.

use crate::client::{get, post, post_chunked};
use crate::process::Server;
use crate::ways;

const HASH_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";

#[test]
fn every_route_answers_over_one_connection_in_every_way() {
    for way in ways() {
        let server = Server::start(&[&way]);
        let mut client = server.connect();

        let root = client.get("/");
        assert_eq!((root.status, root.text()), (200, "Hello from three worlds!\n"));
        assert_eq!(root.field("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(client.get("/healthz").text(), "ok\n");

        assert_eq!(client.post("/echo", "some bytes").body, b"some bytes");
        assert_eq!(client.post("/echo", "").body, b"");
        assert_eq!(client.post("/hash", "abc").text(), HASH_OF_ABC);
        for size in [1, 2, 3] {
            client.send(post_chunked("/hash", b"abc", size));
            assert_eq!(client.answer().text(), HASH_OF_ABC);
            client.send(post_chunked("/echo", b"in chunks", size));
            assert_eq!(client.answer().body, b"in chunks");
        }

        client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
        let head = client.head_answer();
        let length = root.body.len().to_string();
        assert_eq!((head.status, head.field("content-length")), (200, Some(length.as_str())));

        assert_eq!(client.get("/nowhere").status, 404);
        let refused = client.post("/", "");
        assert_eq!((refused.status, refused.field("allow")), (405, Some("GET, HEAD")));
        assert_eq!(client.get("/echo").status, 405);

        let stats = client.get("/stats");
        assert_eq!(stats.field("content-type"), Some("application/json"));
        for name in ["Accept", "Io", "Compute"] {
            assert!(stats.text().contains(name), "{}", stats.text());
        }

        drop(client);
        let totals = server.stop_well("TERM");
        assert_eq!((totals.served, totals.connections), (16, 1), "{way}: {totals:?}");
    }
}

#[test]
fn pipelined_answers_keep_the_order_of_their_requests_in_every_way() {
    const REQUESTS: usize = 100;
    for way in ways() {
        let server = Server::start(&[&way]);
        let mut client = server.connect();
        let mut bytes = Vec::new();
        for number in 0..REQUESTS {
            // Some take longer in the compute world than those after them.
            match number % 10 {
                3 => bytes.extend(post("/hash", &[b'x'; 2000])),
                7 => bytes.extend(get(&format!("/nowhere/{number}")).into_bytes()),
                _ => bytes.extend(post("/echo", number.to_string().as_bytes())),
            }
        }
        client.send(&bytes);
        for number in 0..REQUESTS {
            let answer = client.answer();
            match number % 10 {
                3 => assert_eq!((answer.status, answer.body.len()), (200, 65)),
                7 => assert_eq!(answer.status, 404),
                _ => assert_eq!(answer.text(), number.to_string(), "{way}"),
            }
        }
        drop(client);
        server.stop_well("TERM");
    }
}

#[test]
fn many_connections_at_once_get_their_own_answers_in_every_way() {
    const CLIENTS: usize = 32;
    const REQUESTS: usize = 100;
    for way in ways() {
        let server = Server::start(&[&way]);
        std::thread::scope(|scope| {
            for number in 0..CLIENTS {
                let mut client = server.connect();
                scope.spawn(move || {
                    for request in 0..REQUESTS {
                        let body = format!("{number} asks {request}");
                        assert_eq!(client.post("/echo", &body).text(), body);
                    }
                });
            }
        });
        let totals = server.stop_well("TERM");
        assert_eq!(totals.served as usize, CLIENTS * REQUESTS);
        assert_eq!(totals.connections as usize, CLIENTS);
    }
}

#[test]
fn bodies_of_any_size_come_back_whole() {
    let server = Server::start(&["--max-body", "3000000"]);
    let mut client = server.connect();
    for size in [1, 4095, 4096, 16_384, 65_537, 1_000_000, 3_000_000] {
        let body: Vec<u8> = (0..size).map(|index: usize| (index % 251) as u8).collect();
        assert!(client.post("/echo", &body).body == body, "{size} bytes");
        client.send(post_chunked("/echo", &body, 10_007));
        assert!(client.answer().body == body, "{size} bytes in chunks");
    }
    drop(client);
    server.stop_well("TERM");
}

#[test]
fn connections_end_when_the_request_says_so() {
    let server = Server::start(&[]);
    for request in [
        "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: test\r\n\r\n",
        // What follows is no longer asked for.
        "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(request);
        assert_eq!(client.answer().status, 200);
        client.expect_close();
    }
    let mut client = server.connect();
    client.send("GET / HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.answer().field("connection"), Some("keep-alive"));
    assert_eq!(client.get("/").status, 200);
    drop(client);
    server.stop_well("TERM");
}

#[test]
fn a_peer_that_waits_for_continue_gets_it_in_turn() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let expecting =
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    client.send([get("/").as_str(), expecting].concat());
    assert_eq!(client.answer().status, 200);
    assert_eq!(client.answer().status, 100);
    client.send("body");
    assert_eq!(client.answer().body, b"body");
    drop(client);
    server.stop_well("TERM");
}
