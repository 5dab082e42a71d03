//! Many clients, and clients that take nothing: what they hold is counted, bounded, and no other client's loss.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::TcpStream as Plain;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::client::{Answer, Server, post, small};
use crate::support::patience;

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// A connection of HTTP/2 that takes `window` bytes of each answer, and the task that keeps it.
async fn http2<B>(server: &Server, window: u32) -> (SendRequest<B>, JoinHandle<hyper::Result<()>>)
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let stream = TcpStream::connect(&server.addr).await.unwrap();
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(window);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn get(server: &Server, path: &str) -> Request<Empty<Bytes>> {
    let request = Request::get(format!("http://{}{path}", server.addr));
    request.body(Empty::new()).unwrap()
}

/// A body that never comes.
struct Never;

impl Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// Waits for the end of a connection over which nothing more comes.
fn ends(stream: &mut Plain) {
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn an_answer_counts_until_the_client_has_taken_it() {
    let server = Server::start("native", &[]);
    // Longer and shorter than what hyper takes of an answer before the client has any of it.
    for path in ["/openapi.json", "/dashboard.css", "/metrics"] {
        for window in [0, 1] {
            let runtime = runtime();
            let answer: Response<Incoming> = runtime.block_on(async {
                let (mut sender, _) = http2(&server, window).await;
                sender.send_request(get(&server, path)).await.unwrap()
            });
            assert_eq!(answer.status(), 200, "{path}");
            // This one, and the one that asks.
            server.wait_for("cutout_in_flight ", 2.0);
            drop(answer);
            drop(runtime);
            server.wait_for("cutout_in_flight ", 1.0);
        }
    }
    server.wait_for("cutout_connections ", 1.0);
}

#[test]
fn a_connection_without_a_request_is_closed_in_time_whatever_else_it_says() {
    let server = Server::start("native", &["--idle-timeout", "0.2"]);
    let mut plain = server.connect();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert_eq!(Answer::read(&mut plain).status, 200);
    ends(&mut plain);
    runtime().block_on(async {
        // hyper answers pings.
        let (mut sender, connection) = http2(&server, 65_535).await;
        let answer = sender.send_request(get(&server, "/healthz")).await.unwrap();
        assert_eq!(answer.status(), 200);
        drop(answer);
        timeout(patience(), connection)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    });
}

#[test]
fn where_all_places_are_taken_the_longest_idle_makes_room() {
    let server = Server::with_descriptors(80, &["--idle-timeout", "86400"]);
    let places = server.metric("cutout_connections_capacity ");
    assert_eq!(places, 16.0);
    // One that has said nothing yet is closed in time by itself, and these are not.
    let open = || loop {
        let mut connection = server.connect();
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        connection.write_all(request).unwrap();
        // The connection before may take its place for a moment.
        if Answer::read(&mut connection).status == 200 {
            break connection;
        }
    };
    let mut idle = vec![open()];
    // A client has its answer before the server counts its request as done, and only then is its connection idle.
    server.wait_for("cutout_in_flight ", 1.0);
    idle.extend((1..16).map(|_| open()));
    assert_eq!(server.get_in("/healthz").status, 200);
    ends(&mut idle[0]);
    assert!(server.metric("cutout_connections_closed_total ") >= 1.0);
    // One that is worked for, or whose client is quick, is not idle.
    let last = idle.last_mut().unwrap();
    last.write_all(&post("/v1/remove", "", &small())).unwrap();
    assert_eq!(Answer::read(last).status, 200);
}

#[test]
fn requests_that_stall_make_room_for_others() {
    let server = Server::start("native", &[]);
    let capacity = server.metric("cutout_in_flight_capacity ");
    let runtime = runtime();
    let connections: Vec<_> = runtime.block_on(async {
        let mut connections = Vec::new();
        // More than there may be.
        for _ in 0..40 {
            let (sender, connection) = http2(&server, 65_535).await;
            for _ in 0..16 {
                let mut sender = sender.clone();
                let request = Request::post(format!("http://{}/v1/remove", server.addr));
                let request = request.body(Never).unwrap();
                tokio::spawn(async move { sender.send_request(request).await });
            }
            connections.push((sender, connection));
        }
        connections
    });
    // However full it is, the request after next finds a place.
    assert_eq!(server.get_in("/healthz").status, 200);
    let begun = Instant::now();
    while server.post("/v1/remove", &small()).status != 200 {
        assert!(begun.elapsed() < patience());
    }
    let text = String::from_utf8(server.get_in("/metrics").body).unwrap();
    let found = text
        .lines()
        .find_map(|l| l.strip_prefix("cutout_in_flight "));
    assert!(found.unwrap().parse::<f64>().unwrap() <= capacity, "{text}");
    drop((connections, runtime));
    server.wait_for("cutout_in_flight ", 1.0);
    server.wait_for("cutout_connections ", 1.0);
}

#[test]
fn large_bodies_that_are_held_leave_room_for_a_small_image() {
    let server = Server::start("native", &["--max-body", "1", "--max-held", "4"]);
    let request = post("/v1/remove", "", &vec![0; 1_000_000]);
    let mut held: Vec<_> = (0..6).map(|_| server.connect()).collect();
    for stream in &mut held {
        // Some are refused meanwhile.
        let _ = stream.write_all(&request[..900_000]);
    }
    for _ in 0..10 {
        assert_eq!(server.post("/v1/remove", &small()).status, 200);
    }
    let most = server.metric("cutout_held_capacity_bytes ");
    assert!(server.metric("cutout_held_bytes ") <= most);
    assert_eq!(most, 4_194_304.0);
    drop(held);
    server.wait_for("cutout_in_flight ", 1.0);
}

#[test]
fn a_request_names_one_host() {
    let server = Server::start("native", &[]);
    for path in ["/healthz", "/", "/v1/remove", "/metrics"] {
        for (version, hosts, refused) in [
            ("1.1", "", true),
            ("1.1", "host: a\r\nhost: b\r\n", true),
            ("1.1", "host: a\r\nHost: a\r\n", true),
            ("1.0", "host: a\r\nhost: b\r\n", true),
            ("1.1", "host: a\r\n", false),
            ("1.1", "host:\r\n", false),
            ("1.0", "", false),
        ] {
            let answer = server.ask(format!("GET {path} HTTP/{version}\r\n{hosts}\r\n").as_bytes());
            let case = format!("{path} {version} {hosts:?}");
            assert_eq!(answer.status == 400, refused, "{case}");
            assert!(!refused || answer.code() == "bad-host", "{case}");
        }
    }
}

#[test]
fn failures_are_kept_in_little_room() {
    let server = Server::start("native", &[]);
    let path = format!("/{}", "\"".repeat(2000));
    let id = format!(
        "x-request-id: {}\r\nexpect: 100-continue\r\n",
        "\"".repeat(128)
    );
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n{id}\r\n");
    for _ in 0..60 {
        assert_eq!(server.ask(head.as_bytes()).status, 413);
    }
    let failures = server.get("/dashboard/failures").body;
    assert!(failures.len() < 32 << 10, "{} bytes", failures.len());
    let failures: serde_json::Value = serde_json::from_slice(&failures).unwrap();
    assert_eq!(failures.as_array().unwrap().len(), 50);
    assert_eq!(failures[0]["path"].as_str().unwrap().len(), 80);
}
