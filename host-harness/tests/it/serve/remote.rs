//! `cutout run --server` and `cutout health --image`, which have a server work.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::path::Path;
use std::thread;

use super::client::{Server, noisy};
use super::ran;
use crate::support::{cutout, finish};

/// The address of something that answers with `answer`, whatever it is asked.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // An answer that comes before its request is none to a client.
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        let stream = stream.get_mut();
        stream.write_all(answer.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // Closed with something unread, a connection is reset, and the answer may be lost.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    format!("http://{addr}")
}

/// The exit code of `cutout run` by a server, and what it said.
fn run(input: &Path, output: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = cutout();
    command.arg("run").arg(input).arg("-o").arg(output);
    let (done, said) = finish(command.args(arguments));
    (done.status.code(), said)
}

#[test]
fn a_server_makes_what_a_run_here_would_make() {
    let server = Server::start("native", &["--token", "secret"]);
    let url = format!("http://{}", server.addr);
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.png"), folder.path().join("out.png"));
    fs::write(&input, noisy()).unwrap();
    for (mask, flags) in [(false, vec![]), (true, vec!["--mask"])] {
        let arguments = [vec!["--server", &url, "--token", "secret"], flags].concat();
        let (code, said) = run(&input, &output, &arguments);
        assert_eq!(code, Some(0), "{said}");
        assert!(fs::read(&output).unwrap() == ran("native", &noisy(), mask));
    }
}

#[test]
fn options_and_a_background_reach_the_server() {
    let server = Server::start("native", &[]);
    let url = format!("http://{}/", server.addr);
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.png");
    fs::write(&input, noisy()).unwrap();
    let background = input.to_str().unwrap();
    for (name, flags) in [
        (
            "a.jpg",
            vec!["--background", "#81d4fa", "--jpeg-quality", "50"],
        ),
        ("b.jpg", vec!["--background", background]),
        ("c.webp", vec!["--webp-quality", "40", "--max-side", "32"]),
        (
            "d.png",
            vec!["--crop=10% 5px", "--png", "small", "--quality", "fast"],
        ),
        ("e.png", vec!["--compat", "rembg"]),
    ] {
        let (there, here) = (
            folder.path().join(name),
            folder.path().join(format!("here-{name}")),
        );
        let (code, said) = run(
            &input,
            &there,
            &[flags.clone(), vec!["--server", &url]].concat(),
        );
        assert_eq!(code, Some(0), "{name}: {said}");
        let model = crate::support::tiny();
        let (code, said) = run(
            &input,
            &here,
            &[flags, vec!["--engine", "native", "--model", &model]].concat(),
        );
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(
            fs::read(there).unwrap() == fs::read(here).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn what_a_server_does_not_do_has_a_kind_and_leaves_no_file() {
    let server = Server::start("native", &["--token", "secret", "--max-pixels", "0.001"]);
    let url = format!("http://{}", server.addr);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let html =
        answering("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>");
    let query = format!("{url}/?a=b");
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.png"), folder.path().join("out.png"));
    let broken = folder.path().join("broken.png");
    fs::write(&input, noisy()).unwrap();
    fs::write(&broken, "no image").unwrap();
    for (input, arguments, code, expected) in [
        (&input, vec!["--server", &url], 2, "error[usage]"),
        (
            &input,
            vec!["--server", &url, "--token", "other"],
            2,
            "401, unauthorised",
        ),
        (
            &input,
            vec!["--server", &url, "--token", "secret"],
            1,
            "error[too-many-pixels]",
        ),
        (
            &broken,
            vec!["--server", &url, "--token", "secret"],
            1,
            "error[unsupported-format]",
        ),
        (&input, vec!["--server", &nobody], 1, "error[io]"),
        (&input, vec!["--server", &html], 1, "no image/png"),
        (&input, vec!["--server", &query], 2, "without one"),
        (
            &input,
            vec!["--server", "https://127.0.0.1"],
            2,
            "http://HOST:PORT",
        ),
        (
            &input,
            vec!["--server", &url, "--engine", "native"],
            2,
            "cannot be used with",
        ),
    ] {
        let (found, said) = run(input, &output, &arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!output.exists());
    }
}

#[test]
fn a_server_that_does_not_answer_in_time_is_a_timeout() {
    // A connection that is made and never read.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.png"), folder.path().join("out.png"));
    fs::write(&input, noisy()).unwrap();
    let (code, said) = run(&input, &output, &["--server", &url, "--timeout", "0.2"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("error[timeout]") && said.contains(&url),
        "{said}"
    );
}

#[test]
fn a_server_that_cuts_out_images_is_healthy() {
    let server = Server::start("native", &["--token", "secret"]);
    let url = format!("http://{}", server.addr);
    for (token, code, expected) in [
        (Some("secret"), 0, "refuses what is none"),
        (Some("other"), 2, "401, unauthorised"),
        (None, 2, "401, unauthorised"),
    ] {
        let mut command = cutout();
        command.args(["health", "--image", &url]);
        command.args(token.map(|token| format!("--token={token}")));
        let (done, said) = finish(&mut command);
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_server_that_answers_no_image_is_not_healthy() {
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "no image/png",
        ),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "404"),
        ("", "cannot ask"),
    ] {
        let url = answering(answer);
        let mut command = cutout();
        let (done, said) = finish(command.args(["health", "--image", &url]));
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(
            said.contains("error[io]") && said.contains(expected),
            "{said}"
        );
    }
}
