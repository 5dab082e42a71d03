//! Fleets that come to harm: the server and all hosts, and single hosts.

mod hosts;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::host::{Act, Host, refuse_offers};
use super::server::Server;
use super::{by_fleet, letters, some};
use crate::batch::{image, names, report};
use crate::support::finish;

/// The time after which an image counts as lost that is never answered, and the one for which nobody may be heard of.
const SOON: [&str; 2] = ["--timeout", "2"];

/// Where nothing is to be waited for, a wait of the default time-out shows.
const AT_ONCE: Duration = Duration::from_secs(50);

#[test]
fn images_on_their_way_are_handed_out_again_when_the_server_is_back() {
    let Some(mut server) = Server::start("") else {
        return;
    };
    let third = image(2);
    let host = Host::start(&server.url(), "h1", 1, {
        let third = third.clone();
        Box::new(move |image, before| match before {
            0 if image == third => Act::Drop,
            _ => Act::Answer,
        })
    });
    let input = some(12);
    let out = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let mut command = by_fleet(&server.url(), out.path());
    let mut child = command
        .arg(input.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while host.seen.recv().unwrap().0 != third {}
    server.restart();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{said:?}");
    assert!(start.elapsed() < AT_ONCE, "{said:?}");
    assert_eq!(names(out.path()), letters(12));
    let said = said.join("\n");
    assert!(
        said.contains("no connection to the NATS server 127.0.0.1:"),
        "{said}"
    );
}

#[test]
fn a_fleet_without_workers_ends_the_batch_once_and_not_each_image() {
    let Some(server) = Server::start("") else {
        return;
    };
    let input = some(20);
    let out = tempfile::tempdir().unwrap();
    let mut command = by_fleet(&server.url(), out.path());
    let (done, said) = finish(command.arg(input.path()).args(["--timeout", "0.3"]));
    assert_eq!(done.status.code(), Some(1), "{said}");
    let waits = "no worker on cutout.remove at 127.0.0.1:";
    assert_eq!(said.matches(waits).count(), 2, "{said}");
    assert!(said.contains("waiting for up to 0.3 s"), "{said}");
    assert!(said.contains("0 done, 0 skipped, 0 failed"), "{said}");
    assert!(said.contains("error[timeout]: no worker on"), "{said}");
    // Interrupted meanwhile, nothing has failed: nobody had begun.
    let mut command = by_fleet(&server.url(), out.path());
    command.arg(input.path()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = |line: &String| line.contains("waiting for up to 60 s");
    assert!(lines.by_ref().map(Result::unwrap).any(|line| waits(&line)));
    let mut kill = Command::new("kill");
    kill.args(["-s", "INT", &child.id().to_string()]);
    assert!(kill.status().unwrap().success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(
        rest.iter()
            .any(|line| line.contains("0 failed") && line.contains("20 left")),
        "{rest:?}"
    );
}

#[test]
fn ctrl_c_finishes_what_a_host_has_begun() {
    let Some(server) = Server::start("") else {
        return;
    };
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    let (begins, begun) = std::sync::mpsc::channel();
    let host = Host::start(
        &server.url(),
        "h1",
        1,
        Box::new(move |_, _| {
            begins.send(()).unwrap();
            // All go when the test has no more to say.
            let _ = may_go.recv();
            Act::Answer
        }),
    );
    let input = some(20);
    let out = tempfile::tempdir().unwrap();
    let mut command = by_fleet(&server.url(), out.path());
    let mut child = command
        .arg(input.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    go.send(()).unwrap();
    // The first is done, and the second in work.
    begun.recv().unwrap();
    begun.recv().unwrap();
    let mut kill = Command::new("kill");
    kill.args(["-s", "INT", &child.id().to_string()]);
    assert!(kill.status().unwrap().success());
    // From then on nothing is handed out.
    let heard = lines.find(|line| line.as_ref().unwrap().contains("interrupted"));
    assert!(heard.is_some());
    drop(go);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains(" 0 failed")),
        "{rest:?}"
    );
    drop(host);
    // Those in work and no others.
    assert_eq!(names(out.path()).len(), 2, "{rest:?}");
}
