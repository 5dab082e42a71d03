//! `cutout serve` with an address of its own for metrics.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;

use super::client::{Answer, Server, post, small};
use crate::support::{cutout, finish, patience, tiny};

/// The status of a GET at an address.
fn status(addr: &str, path: &str) -> u16 {
    ask(
        addr,
        format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(),
    )
    .status
}

fn ask(addr: &str, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(patience())).unwrap();
    stream.write_all(request).unwrap();
    Answer::read(&mut stream)
}

#[test]
fn metrics_and_dashboard_are_at_an_address_of_their_own_and_images_at_theirs() {
    let mut server = Server::start("native", &["--metrics-addr", "127.0.0.1:0"]);
    let said = server.until("metrics on http://");
    let addr = said.rsplit("//").next().unwrap();
    let metrics = addr.strip_suffix("/metrics").unwrap();
    for (path, main, own) in [
        ("/metrics", 404, 200),
        ("/dashboard", 404, 200),
        ("/dashboard.js", 404, 200),
        ("/dashboard.css", 404, 200),
        ("/dashboard/failures", 404, 200),
        ("/healthz", 200, 200),
        ("/readyz", 200, 200),
        ("/host.json", 200, 200),
        ("/", 200, 404),
        ("/page.js", 200, 404),
        ("/openapi.json", 200, 404),
    ] {
        assert_eq!(server.get(path).status, main, "{path}");
        assert_eq!(status(metrics, path), own, "{path} at the metrics");
    }
    // The page leads to nothing that is not at its address.
    let host: serde_json::Value = serde_json::from_slice(&server.get("/host.json").body).unwrap();
    assert_eq!(host, serde_json::json!({"admitted": true, "pages": []}));
    let image = post("/v1/remove", "", &small());
    assert_eq!(server.ask(&image).status, 200);
    let refused = ask(metrics, &image);
    assert_eq!((refused.status, &*refused.code()), (404, "not-found"));
    server.signal(Signal::TERM);
    assert!(server.wait().success());
}

#[test]
fn the_metrics_ask_for_the_token_at_their_own_address_too() {
    let arguments = ["--metrics-addr", "127.0.0.1:0", "--token", "secret"];
    let server = Server::start("native", &arguments);
    let said = server.until("metrics on http://");
    let addr = said.rsplit("//").next().unwrap();
    let metrics = addr.strip_suffix("/metrics").unwrap();
    assert_eq!(status(metrics, "/metrics"), 401);
    let host: serde_json::Value = serde_json::from_slice(&server.get("/host.json").body).unwrap();
    assert_eq!(host, serde_json::json!({"admitted": false, "pages": []}));
    let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer secret\r\n\r\n";
    assert_eq!(ask(metrics, request).status, 200);
}

#[test]
fn pages_of_other_origins_may_call_the_images_address_alone() {
    let arguments = ["--metrics-addr", "127.0.0.1:0", "--cors", "*"];
    let server = Server::start("native", &arguments);
    let said = server.until("metrics on http://");
    let addr = said.rsplit("//").next().unwrap();
    let metrics = addr.strip_suffix("/metrics").unwrap();
    let asks = "access-control-request-method: GET\r\n";
    for (method, path, more) in [
        ("GET", "/healthz", ""),
        ("GET", "/metrics", ""),
        ("OPTIONS", "/metrics", asks),
        ("OPTIONS", "/dashboard/history", asks),
    ] {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\norigin: https://example.org\r\n{more}\r\n"
        );
        let request = request.as_bytes();
        for (answer, is_allowed) in [(server.ask(request), true), (ask(metrics, request), false)] {
            let mut names = answer.headers.keys();
            let allowed = names.any(|name| name.starts_with("access-control-"));
            assert_eq!(allowed, is_allowed, "{method} {path}: {answer:?}");
        }
    }
}

#[test]
fn an_address_for_metrics_that_cannot_be_had_is_named_by_its_flag() {
    let server = Server::start("native", &[]);
    for (addr, way_out) in [
        (&*server.addr, "choose another --metrics-addr"),
        // Kept for documentation: no machine has it.
        (
            "192.0.2.1:7001",
            "choose another --metrics-addr, such as 127.0.0.1:7001",
        ),
    ] {
        let mut command = cutout();
        command.args(["serve", "--addr", "127.0.0.1:0", "--engine", "native"]);
        command.args(["--model", &tiny(), "--metrics-addr", addr]);
        let (done, said) = finish(&mut command);
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains(way_out), "{said}");
    }
}
