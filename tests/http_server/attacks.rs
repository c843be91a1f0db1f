//! Peers that break rules, cut off, or leave. One server for each way to run takes all of them, and must
//! be as good as new afterwards.

use std::time::Duration;

use crate::client::{Client, get, post, post_chunked};
use crate::process::Server;
use crate::ways;

#[test]
fn attacks_are_survived_in_every_way() {
    // Not all at once: many systems let a process have 1,024 files open.
    for some in ways().chunks(3) {
        std::thread::scope(|scope| {
            for way in some {
                scope.spawn(move || survives(way));
            }
        });
    }
}

fn survives(way: &str) {
    let server = Server::start(&[way, "--max-body", "100000"]);
    let attacks: [fn(&Server); 7] = [
        malformed_requests_get_400,
        large_bodies_get_413,
        floods_of_headers_get_431,
        cut_off_requests_cost_nothing,
        half_closed_peers_get_their_answers,
        peers_that_leave_before_their_answers_cost_nothing,
        crowds_that_come_and_go_cost_nothing,
    ];
    assert_eq!(server.connect().get("/healthz").status, 200);
    adds_up(&server);
    let descriptors = server.descriptors();
    for attack in attacks {
        attack(&server);
        assert_eq!(server.connect().get("/healthz").status, 200);
    }
    adds_up(&server);
    // The connection that asks for the statistics can be one more or less.
    for _ in 0..500 {
        if server.descriptors() <= descriptors + 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let left = server.descriptors();
    assert!(left <= descriptors + 1, "{way}: {descriptors} files were open, then {left}");
    server.stop_well("TERM");
}

fn malformed_requests_get_400(server: &Server) {
    for bytes in [
        "\0\0\0\0\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut client = server.connect();
        // A good request before it still gets its answer, first.
        client.send([get("/").as_str(), bytes].concat());
        assert_eq!(client.answer().status, 200, "{bytes:?}");
        assert_eq!(client.answer().status, 400, "{bytes:?}");
        client.expect_close();
    }
}

fn large_bodies_get_413(server: &Server) {
    let body = vec![b'x'; 5_000_000];
    for request in [
        post("/echo", &body),
        post_chunked("/echo", &body, 50_000),
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n".to_vec(),
    ] {
        let mut client = server.connect();
        // The server may close before all was sent.
        let _ = client.try_send(&request);
        assert_eq!(client.answer().status, 413);
    }
}

fn floods_of_headers_get_431(server: &Server) {
    let many = "A: b\r\n".repeat(1000);
    let long = format!("A: {}\r\n", "b".repeat(100_000));
    for fields in [many, long] {
        let mut client = server.connect();
        let _ = client.try_send(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        assert_eq!(client.answer().status, 431);
    }
}

fn cut_off_requests_cost_nothing(server: &Server) {
    let requests = [get("/").into_bytes(), post("/echo", b"a body")];
    for request in &requests {
        for end in 0..request.len() {
            let mut client = server.connect();
            client.send(&request[..end]);
            if end % 2 == 0 {
                client.half_close();
                client.expect_close();
            }
        }
    }
}

fn half_closed_peers_get_their_answers(server: &Server) {
    for count in [1, 2, 100] {
        let mut client = server.connect();
        client.send(get("/").repeat(count));
        client.half_close();
        for _ in 0..count {
            assert_eq!(client.answer().status, 200);
        }
        client.expect_close();
    }
}

fn peers_that_leave_before_their_answers_cost_nothing(server: &Server) {
    for round in 0..50 {
        let mut client = server.connect();
        client.send(post("/hash", &[b'x'; 90_000]).repeat(2));
        client.send(get("/").repeat(20));
        if round % 2 == 0 {
            // An answer that stays unread makes the close a reset.
            client.first_byte();
        }
    }
}

fn crowds_that_come_and_go_cost_nothing(server: &Server) {
    let mut crowd: Vec<Client> = (0..200).map(|_| server.connect()).collect();
    for client in crowd.iter_mut().step_by(3) {
        client.send(get("/"));
    }
    for client in crowd.iter_mut().step_by(6) {
        assert_eq!(client.answer().status, 200);
    }
}

/// Once all attackers are gone, the statistics show one connection, and nothing else anywhere.
pub(crate) fn adds_up(server: &Server) {
    let mut client = server.connect();
    for _ in 0..500 {
        let answer = client.get("/stats");
        let stats: serde_json::Value = serde_json::from_slice(&answer.body).expect("it is JSON");
        let worlds = stats["worlds"].as_array().expect("there are worlds");
        assert!(worlds.iter().all(|world| world["ticks"].as_u64() > Some(0)), "{stats}");
        let entities: Vec<_> = worlds.iter().map(|world| world["entities"].as_u64()).collect();
        if entities != [Some(0), Some(1), Some(0)] {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        for edge in stats["edges"].as_array().expect("there are edges") {
            let count = |name: &str| edge[name].as_u64().expect("it is a count");
            let elsewhere = count("received") + count("in_flight") + count("returned");
            assert_eq!(count("sent"), elsewhere, "{stats}");
            assert_eq!(count("in_flight"), 0, "{stats}");
        }
        return;
    }
    panic!("connections are left behind: {}", client.get("/stats").text());
}
