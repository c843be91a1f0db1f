//! How the server ends: by a signal, or before it has begun.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::client::get;
use crate::process::{Server, run};
use crate::ways;

#[test]
fn a_signal_drains_and_ends_well_in_every_way() {
    for way in ways() {
        for signal in ["INT", "TERM"] {
            let server = Server::start(&[&way]);
            let mut idle = server.connect();
            assert_eq!(idle.get("/").status, 200);
            let mut never_asked = server.connect();
            let mut half = server.connect();
            half.send("GET / HT");
            let totals = server.stop_well(signal);
            assert_eq!(totals.served, 1);
            for client in [&mut idle, &mut never_asked, &mut half] {
                client.expect_close();
            }
        }
    }
}

#[test]
fn a_signal_under_load_loses_nothing_in_every_way() {
    const CLIENTS: u64 = 16;
    for way in ways() {
        let server = Server::start(&[&way]);
        let begun = AtomicBool::new(false);
        let totals = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
            let begun = &begun;
            for mut client in clients {
                scope.spawn(move || {
                    while client.try_send(get("/").repeat(10)).is_ok() {
                        for _ in 0..10 {
                            // An answer is whole or does not come.
                            let Ok(answer) = client.try_answer(false) else { return };
                            assert_eq!(answer.status, 200);
                        }
                        begun.store(true, Ordering::Relaxed);
                    }
                });
            }
            while !begun.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            server.stop_well("TERM")
        });
        assert!(totals.served >= 10 && totals.connections <= CLIENTS, "{totals:?}");
    }
}

#[test]
fn a_port_that_is_taken_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let addr = taken.local_addr().expect("it is bound").to_string();
    let line = complains(&["--addr", &addr]);
    assert!(line.contains(&addr), "{line}");
}

#[test]
fn a_bad_option_is_one_line() {
    for (options, named) in [
        (["--addr", "nowhere"], "--addr"),
        (["--placement", "everywhere"], "--placement"),
        (["--driver", "paper"], "--driver"),
        (["--placement", "0,1"], "2 worlds"),
        (["--placement", "0,2,2"], "thread 1"),
        (["--max-connections", "0"], "--max-connections"),
        (["--max-body", "-1"], "-1"),
        (["--timeout", "0"], "--timeout"),
        (["--timeout", "soon"], "--timeout"),
        (["--speed", "high"], "--speed"),
    ] {
        let line = complains(&options);
        assert!(line.contains(named), "{options:?}: {line}");
    }
    let line = complains(&["--addr", "127.0.0.1:0", "--cores", "0,99999"]);
    assert!(line.contains("core 99999"), "{line}");
}

#[test]
fn help_is_no_error() {
    let output = run(&["--help"]);
    assert!(output.status.success() && output.stderr.is_empty());
    let help = String::from_utf8(output.stdout).expect("help is text");
    for option in [
        "--addr",
        "--placement",
        "--cores",
        "--driver",
        "--max-connections",
        "--max-body",
        "--timeout",
    ] {
        assert!(help.contains(option), "{option} is missing in\n{help}");
    }
}

/// The one line with which the server refuses to start.
fn complains(options: &[&str]) -> String {
    let output = run(options);
    assert!(!output.status.success(), "{options:?}");
    assert!(output.stdout.is_empty(), "{options:?}");
    let text = String::from_utf8(output.stderr).expect("errors are text");
    assert_eq!(text.lines().count(), 1, "{options:?}: {text}");
    text
}
