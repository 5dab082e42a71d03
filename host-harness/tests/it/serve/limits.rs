//! Bounds, each with its refusal, and what they leave behind.

use std::collections::BTreeSet;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answer, Server, heavy, large, noisy, post, small};
use crate::support::{ENGINES, patience};

/// The server still answers images, and nothing is left in it.
fn well(server: &Server) {
    assert_eq!(server.post("/v1/remove", &small()).status, 200);
    server.wait_for("cutout_workers_busy", 0.0);
    server.wait_for("cutout_queue_length", 0.0);
}

#[test]
fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
    let server = Server::start("native", &["--max-body", "1"]);
    for expect in ["", "expect: 100-continue\r\n"] {
        let head = format!(
            "POST /v1/remove HTTP/1.1\r\nhost: x\r\n{expect}content-length: 1048577\r\n\r\n"
        );
        let answer = server.ask(head.as_bytes());
        assert_eq!((answer.status, &*answer.code()), (413, "too-many-bytes"));
    }
    well(&server);
}

#[test]
fn a_body_that_turns_out_too_long_is_refused_while_it_is_read() {
    let server = Server::start("native", &["--max-body", "1"]);
    let mut stream = server.connect();
    let head = "POST /v1/remove HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [&b"80000\r\n"[..], &vec![0; 0x80000], b"\r\n"].concat();
    for _ in 0..3 {
        stream.write_all(&chunk).unwrap();
    }
    let answer = Answer::read(&mut stream);
    assert_eq!((answer.status, &*answer.code()), (413, "too-many-bytes"));
    well(&server);
}

#[test]
fn the_limit_on_pixels_reaches_both_engines() {
    for engine in ENGINES {
        let server = Server::start(engine, &["--max-pixels", "1"]);
        let answer = server.post("/v1/remove", &noisy());
        assert_eq!((answer.status, &*answer.code()), (413, "too-many-pixels"));
        well(&server);
    }
}

#[test]
fn a_full_queue_is_said_at_once() {
    let server = Server::start("wasm", &["--workers", "1", "--queue", "0"]);
    let large = large();
    // The worker may be done before the second request comes; then both are sent again.
    let refused = (0..20).find_map(|_| {
        thread::scope(|scope| {
            let first = scope.spawn(|| server.post("/v1/remove", &large));
            while !first.is_finished() && server.metric("cutout_workers_busy") < 1.0 {}
            let second = server.post("/v1/remove", &small());
            assert_eq!(first.join().unwrap().status, 200);
            (second.status == 503).then_some(second)
        })
    });
    let refused = refused.expect("a request beyond the queue");
    assert_eq!(refused.code(), "queue-full");
    assert_eq!(refused.headers["retry-after"], "1");
    well(&server);
}

#[test]
fn bodies_on_their_way_hold_no_worker_and_make_room_where_they_stall() {
    let server = Server::start(
        "native",
        &["--workers", "1", "--max-body", "1", "--max-held", "1"],
    );
    let request = post("/v1/remove", "", &vec![0; 900_000]);
    let mut slow: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(&request[..200_000]).unwrap();
    }
    well(&server);
    // Refused while the others may still go on, and there is room for two such bodies and no more.
    let begun = Instant::now();
    let answer = loop {
        let answer = server.post("/v1/remove", &vec![0; 1_000_000]);
        if answer.status != 503 {
            break answer;
        }
        assert_eq!(answer.code(), "bodies-full");
        assert!(begun.elapsed() < patience());
    };
    assert_eq!(
        (answer.status, &*answer.code()),
        (415, "unsupported-format")
    );
    assert!(server.metric("cutout_connections_closed_total ") >= 1.0);
    drop(slow);
    well(&server);
}

#[test]
fn a_slow_body_runs_out_of_time() {
    let server = Server::start("native", &["--workers", "1", "--read-timeout", "0.2"]);
    let request = post("/v1/remove", "", &small());
    let mut stream = server.connect();
    stream.write_all(&request[..request.len() - 1]).unwrap();
    let answer = Answer::read(&mut stream);
    assert_eq!((answer.status, &*answer.code()), (408, "slow-body"));
    well(&server);
}

#[test]
fn a_client_that_goes_away_leaves_the_server_well() {
    for engine in ENGINES {
        let server = Server::start(engine, &["--workers", "1"]);
        let request = post("/v1/remove", "x-request-id: uploading\r\n", &noisy());
        let mut uploading = server.connect();
        uploading.write_all(&request[..request.len() / 2]).unwrap();
        drop(uploading);
        let line: serde_json::Value = serde_json::from_str(&server.until("uploading")).unwrap();
        assert!(line["status"] == 499 || line["status"] == 400, "{line}");

        let mut downloading = server.connect();
        downloading
            .write_all(&post("/v1/remove", "", &noisy()))
            .unwrap();
        assert_eq!(Answer::head(&mut downloading).0, 200);
        drop(downloading);

        let mut waiting = server.connect();
        waiting
            .write_all(&post("/v1/remove", "x-request-id: waiting\r\n", &large()))
            .unwrap();
        drop(waiting);
        well(&server);
    }
}

#[test]
fn an_image_above_the_memory_cap_fails_alone() {
    let mut said = BTreeSet::new();
    for engine in ENGINES {
        let server = Server::start(engine, &["--workers", "1", "--max-memory", "48"]);
        for _ in 0..2 {
            let answer = server.post("/v1/remove", &large());
            let found = (answer.status, &*answer.code());
            assert_eq!(found, (413, "out-of-memory"), "{engine}");
            said.insert(answer.body);
            well(&server);
        }
    }
    assert_eq!(said.len(), 1, "both engines say so in the same words");
}

#[test]
fn an_instance_that_grew_large_makes_room_for_a_fresh_one() {
    let server = Server::start("wasm", &["--workers", "1"]);
    well(&server);
    assert_eq!(server.metric("cutout_instances_total"), 1.0);
    assert_eq!(server.post("/v1/remove", &heavy()).status, 200);
    well(&server);
    assert_eq!(server.metric("cutout_instances_total"), 2.0);
}

/// Many times what a small image takes here and now, in seconds; one of 6,500 times the pixels takes longer still.
fn deadline(engine: &str) -> String {
    let server = Server::start(engine, &["--workers", "1"]);
    let time = |_| {
        let begun = Instant::now();
        well(&server);
        begun.elapsed()
    };
    let slowest: Duration = (0..5).map(time).max().unwrap();
    (slowest * 10).as_secs_f64().to_string()
}

#[test]
fn an_image_that_misses_the_deadline_fails_alone() {
    for engine in ENGINES {
        let deadline = deadline(engine);
        let server = Server::start(engine, &["--workers", "1", "--timeout", &deadline]);
        let answer = server.post("/v1/remove?compat=rembg", &heavy());
        assert_eq!(
            (answer.status, &*answer.code()),
            (504, "timeout"),
            "{engine}"
        );
        server.wait_for("cutout_workers_busy", 0.0);
        well(&server);
    }
}

/// Seconds of work for an encoder that is interrupted, and for one that is not begun since it would be late.
#[test]
fn a_native_worker_is_free_soon_after_its_deadline_whatever_it_is_at() {
    let server = Server::start("native", &["--workers", "1", "--timeout", "1"]);
    let heavy = heavy();
    for query in ["png=small", "format=webp&webp-quality=1"] {
        // rembg's recipe finds a subject in noise.
        let answer = server.post(&format!("/v1/remove?compat=rembg&{query}"), &heavy);
        let late = Instant::now();
        let found = (answer.status, &*answer.code());
        assert_eq!(found, (504, "timeout"), "{query}");
        well(&server);
        let waited = late.elapsed();
        assert!(waited < patience() / 30, "{query}: {waited:?}");
    }
}
