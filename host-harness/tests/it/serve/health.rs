//! `cutout health`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use super::client::Server;
use crate::support::finish;

/// The exit code of `cutout health`, in an empty environment, and what it said.
fn health(url: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutout"));
    let (done, said) = finish(command.env_clear().arg("health").args(url));
    assert!(done.stdout.is_empty());
    (done.status.code(), said)
}

/// The address of something that reads a request, and answers with `answer`.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
    });
    format!("http://{addr}")
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut buffer).unwrap();
        head.extend_from_slice(&buffer[..count]);
    }
}

#[test]
fn a_server_that_is_ready_is_healthy_with_a_token_too() {
    let server = Server::start("native", &["--token", "secret"]);
    for path in ["", "/", "/readyz", "/healthz"] {
        let (code, said) = health(&[&format!("http://{}{path}", server.addr)]);
        assert_eq!(code, Some(0), "{path}: {said}");
    }
    let (code, said) = health(&[&format!("http://{}/metrics", server.addr)]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("401"), "{said}");
}

#[test]
fn what_is_not_ready_is_told_with_its_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    for (url, reason) in [
        (
            answering("HTTP/1.1 503 Service Unavailable\r\n\r\nstopping\n"),
            "503, \"stopping\"",
        ),
        (answering("HTTP/1.1 404 Not Found\r\n\r\n"), "404"),
        (
            answering("220 mail.example ESMTP\r\n"),
            "does not answer by HTTP",
        ),
        (answering(""), "does not answer by HTTP"),
        (nobody, "cutout serve"),
    ] {
        let (code, said) = health(&[&url]);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("error[io]") && said.contains(reason),
            "{said}"
        );
        assert!(said.contains(&url), "{said}");
    }
}

#[test]
fn what_is_no_address_is_wrong_usage() {
    for url in ["https://127.0.0.1:7000", "127.0.0.1:7000", "/readyz"] {
        let (code, said) = health(&[url]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("http://HOST:PORT"), "{said}");
    }
}
