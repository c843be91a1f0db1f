//! Peers that send faster than they read, and crowds.

use std::io::Write;

use crate::client::{get, post};
use crate::process::Server;
use crate::ways;

#[test]
fn a_peer_that_reads_late_gets_every_answer_in_every_way() {
    // Far more than sockets and the server hold between them.
    const REQUESTS: usize = 400;
    const BODY: usize = 64 * 1024;
    for way in ways() {
        let server = Server::start(&[&way]);
        let mut client = server.connect();
        let mut writer = client.writer();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for number in 0..REQUESTS {
                    let body = [number as u8; BODY];
                    writer.write_all(&post("/echo", &body)).expect("the server reads");
                }
            });
            std::thread::sleep(std::time::Duration::from_millis(200));
            for number in 0..REQUESTS {
                assert!(client.answer().body == [number as u8; BODY], "{way}: {number}");
            }
        });
        drop(client);
        assert_eq!(server.stop_well("TERM").served as usize, REQUESTS);
    }
}

#[test]
fn long_pipelines_of_many_peers_get_every_answer_in_every_way() {
    const CLIENTS: usize = 24;
    const REQUESTS: usize = 2000;
    for way in ways() {
        let server = Server::start(&[&way]);
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let mut client = server.connect();
                let mut writer = client.writer();
                scope.spawn(move || {
                    let requests = get("/healthz").repeat(REQUESTS);
                    writer.write_all(requests.as_bytes()).expect("the server reads");
                });
                scope.spawn(move || {
                    for _ in 0..REQUESTS {
                        assert_eq!(client.answer().text(), "ok\n");
                    }
                });
            }
        });
        assert_eq!(server.stop_well("TERM").served as usize, CLIENTS * REQUESTS);
    }
}

#[test]
fn beyond_the_limit_connections_get_503_at_the_door_until_one_leaves() {
    const LIMIT: usize = 4;
    let server = Server::start(&["--max-connections", "4"]);
    let mut inside: Vec<_> = (0..LIMIT).map(|_| server.connect()).collect();
    for client in &mut inside {
        assert_eq!(client.get("/").status, 200);
    }
    for _ in 0..3 {
        let mut outside = server.connect();
        // It may ask or not, early or late.
        let _ = outside.try_send(get("/"));
        assert_eq!(outside.answer().status, 503);
        outside.expect_close();
    }
    for client in &mut inside {
        assert_eq!(client.get("/healthz").status, 200);
    }
    inside.pop();
    // The seat is free once the io world has seen the close.
    let mut refused = 3;
    loop {
        let mut next = server.connect();
        let _ = next.try_send(get("/"));
        match next.answer().status {
            200 => break,
            status => assert_eq!(status, 503),
        }
        refused += 1;
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(inside);
    let totals = server.stop_well("TERM");
    assert_eq!((totals.connections, totals.refused), (LIMIT as u64 + 1, refused));
}

#[test]
fn who_finds_no_descriptor_left_waits_for_one_in_every_way() {
    const FILES: u32 = 64;
    const CLIENTS: usize = 150;
    for way in ways() {
        let server = Server::start_with_files(FILES, &[&way]);
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.send(get("/"));
        }
        // Each leaves when it has its answer, and so makes room for another.
        for mut client in clients {
            assert_eq!(client.answer().status, 200, "{way}");
        }
        assert_eq!(server.stop_well("TERM").served as usize, CLIENTS);
    }
}
