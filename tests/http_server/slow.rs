//! Peers that are silent, slow, or never read: they are closed when their time is over.

use std::io::Write;
use std::time::Duration;

use crate::attacks::adds_up;
use crate::client::{get, post};
use crate::process::Server;
use crate::ways;

#[test]
fn slow_and_silent_peers_time_out_in_every_way() {
    for way in ways() {
        let server = Server::start(&[&way, "--timeout", "1", "--max-body", "100000"]);
        std::thread::scope(|scope| {
            scope.spawn(|| silent_peers_are_closed(&server));
            scope.spawn(|| slow_requests_time_out(&server));
            scope.spawn(|| slow_bodies_time_out(&server));
            scope.spawn(|| peers_that_never_read_are_closed(&server));
        });
        adds_up(&server);
        server.stop_well("TERM");
    }
}

fn silent_peers_are_closed(server: &Server) {
    let mut never = server.connect();
    let mut after_one = server.connect();
    assert_eq!(after_one.get("/").status, 200);
    never.expect_close();
    after_one.expect_close();
}

fn slow_requests_time_out(server: &Server) {
    trickles(server, get("/").as_bytes());
}

fn slow_bodies_time_out(server: &Server) {
    trickles(server, &post("/echo", &[b'x'; 4000]));
}

/// Sends a byte now and then, for longer than the time that a request may take.
fn trickles(server: &Server, request: &[u8]) {
    let mut client = server.connect();
    let mut writer = client.writer();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for byte in &request[..request.len() - 1] {
                if writer.write_all(&[*byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        assert_eq!(client.answer().status, 408);
        client.expect_close();
    });
}

fn peers_that_never_read_are_closed(server: &Server) {
    let mut client = server.connect();
    let request = post("/echo", &[b'x'; 100_000]);
    // More than all buffers hold, so it ends only when the server gives up.
    for _ in 0..1000 {
        if client.try_send(&request).is_err() {
            return;
        }
    }
    panic!("the server took 100 MB of requests without getting rid of an answer");
}
