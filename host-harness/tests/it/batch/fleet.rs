//! Batches over a fleet: a real NATS server, and hosts that behave as hosts may.

mod host;
mod server;
mod trouble;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{batch, folder, image, names, report, results};
use crate::support::{cutout, finish};
use host::Host;
use server::{Server, skip};

fn by_fleet(url: &str, out: &Path) -> Command {
    let mut command = cutout();
    command.args(["batch", "--nats", url, "-o"]).arg(out);
    command
}

/// `a.png`, `b.png`, …
fn letters(count: u8) -> Vec<String> {
    let letters = (b'a'..).take(count.into()).map(char::from);
    letters.map(|letter| format!("{letter}.png")).collect()
}

fn some(count: u8) -> tempfile::TempDir {
    let names = letters(count);
    folder(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_fleet_makes_what_this_process_makes_and_the_report_says_where() {
    let Some(server) = Server::start("") else {
        return;
    };
    let _hosts = [
        Host::good(&server.url(), "h1", 2),
        Host::good(&server.url(), "h2", 2),
    ];
    let input = some(20);
    let at = tempfile::tempdir().unwrap();
    let [here, there, file] = ["here", "there", "report.jsonl"].map(|name| at.path().join(name));
    let flags = ["--also", "mask", "--crop=2px", "--background", "#a0b0c0"];
    let (done, said) = finish(
        batch(&here)
            .args(["--engine", "native"])
            .arg(input.path())
            .args(flags),
    );
    assert!(done.status.success(), "{said}");
    let run = |more: &[&str]| {
        let sheet = at.path().join("sheet.html");
        let mut command = by_fleet(&server.url(), &there);
        command.arg(input.path()).args(flags).args(more);
        command.arg("--contact-sheet").arg(sheet);
        let (done, said) = finish(command.arg("--report").arg(&file));
        assert!(done.status.success(), "{said}");
        (said, report(&file))
    };
    let (said, mut lines) = run(&[]);
    assert!(results(&here) == results(&there), "{said}");
    let sheet = fs::read_to_string(at.path().join("sheet.html")).unwrap();
    assert_eq!(sheet.matches("data:image/webp;base64,").count(), 40);
    let hosts = lines.remove(lines.iter().position(|l| l["hosts"].is_object()).unwrap());
    assert_eq!(lines.len(), 20);
    for name in ["h1", "h2"] {
        let made = lines.iter().filter(|line| line["host"] == name).count();
        assert!(made > 0 && hosts["hosts"][name] == made, "{hosts} {said}");
        assert!(said.contains(&format!("{name} {made}")), "{said}");
        let joined = format!("host {name} is there, slots: 2");
        assert!(said.contains(&joined), "{said}");
    }
    let has_times = |line: &Value| line["stages_ms"]["segment"].is_number();
    assert!(lines.iter().all(has_times));
    // What is done is done; where it was made is still known.
    let (said, lines) = run(&[]);
    assert!(said.contains("0 done, 20 skipped"), "{said}");
    let has_host = |line: &Value| line["host"].is_string() && line["hosts"].is_null();
    assert!(lines.iter().all(has_host));
    assert!(run(&["--overwrite"]).0.contains("20 done, 0 skipped"));
}

#[test]
fn what_a_worker_refuses_has_its_own_kind_and_host() {
    let Some(server) = Server::start("") else {
        return;
    };
    let _host = Host::good(&server.url(), "h1", 1);
    let input = folder(&["good.png"]);
    fs::write(input.path().join("bad.png"), "no image").unwrap();
    fs::write(input.path().join("cut.png"), &image(5)[..300]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("report.jsonl");
    let mut command = by_fleet(&server.url(), &out.path().join("out"));
    let (done, said) = finish(command.arg(input.path()).arg("--report").arg(&file));
    assert_eq!(done.status.code(), Some(1), "{said}");
    let lines = report(&file);
    let kinds = [
        ("bad.png", "unsupported-format"),
        ("cut.png", "undecodable"),
    ];
    for (name, kind) in kinds {
        let is_it = |line: &&Value| line["input"].as_str().is_some_and(|i| i.ends_with(name));
        let line = lines.iter().find(is_it).unwrap();
        assert_eq!(
            (&line["error"]["kind"], &line["host"]),
            (&kind.into(), &"h1".into())
        );
    }
    assert!(said.contains("1 done, 0 skipped, 2 failed"), "{said}");
}

#[test]
fn a_message_above_the_servers_limit_fails_alone_and_names_sizes_and_way_out() {
    let Some(server) = Server::start("max_payload: 8192") else {
        return;
    };
    let _host = Host::good(&server.url(), "h1", 1);
    let input = folder(&["small.png"]);
    let noise = image::RgbImage::from_fn(90, 90, |x, y| {
        let value = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761);
        image::Rgb([(value >> 24) as u8, (value >> 16) as u8, (value >> 8) as u8])
    });
    noise.save(input.path().join("large.png")).unwrap();
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 10);
    noise.write_with_encoder(encoder).unwrap();
    fs::write(input.path().join("grows.jpg"), jpeg).unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut command = by_fleet(&server.url(), out.path());
    // In noise there is a subject for rembg's recipe only, so that the result is large.
    command.args(["--compat", "rembg", "--background", "red"]);
    let (done, said) = finish(command.arg(input.path()));
    assert_eq!(done.status.code(), Some(1), "{said}");
    for (name, kind) in [("large.png", "too-many-bytes"), ("grows.jpg", "too-large")] {
        let line = said.lines().find(|line| line.contains(name));
        let line = line.unwrap_or_else(|| panic!("{name}: {said}"));
        for part in [kind, "8192", "raise the server's max_payload"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    assert_eq!(names(out.path()), ["small.png"]);
}

#[test]
fn a_server_that_asks_who_is_there_is_told_by_the_url() {
    let open = "authorization { user: me, password: \"p@ss\" }";
    let Some(server) = Server::start(open) else {
        return;
    };
    let token = Server::start("authorization { token: secret }").unwrap();
    let closed = "authorization { users: [{ user: me, password: x, \
                  permissions: { publish: { deny: \"cutout.>\" } } }] }";
    let closed = Server::start(closed).unwrap();
    let deaf = "authorization { users: [{ user: me, password: x, \
                permissions: { subscribe: { deny: \"_INBOX.>\" } } }] }";
    let deaf = Server::start(deaf).unwrap();
    let with = |server: &Server, who: &str| server.url().replace("://", &format!("://{who}@"));
    let input = some(2);
    let out = tempfile::tempdir().unwrap();
    // Nobody works anywhere; who is let in hears that.
    let let_in = "error[timeout]: no worker on cutout.remove";
    for (url, code, text) in [
        (&*with(&server, "me:p%40ss"), 1, let_in),
        (&*with(&token, "secret"), 1, let_in),
        (
            &*server.url(),
            1,
            "error[io]: cannot connect to the NATS server 127.0.0.1:",
        ),
        (&*with(&server, "me:wrong"), 1, "authorization violation"),
        (
            &*with(&closed, "me:x"),
            1,
            "let this user publish to cutout.remove",
        ),
        (&*with(&deaf, "me:x"), 1, "and subscribe to _INBOX.>"),
        ("nats://127.0.0.1:1", 1, "is it running"),
        ("http://127.0.0.1:1", 2, "error[usage]: --nats"),
    ] {
        let mut command = by_fleet(url, out.path());
        let (done, said) = finish(command.arg(input.path()).args(["--timeout", "0.1"]));
        assert_eq!(done.status.code(), Some(code), "{url}: {said}");
        assert!(said.contains(text), "{url}: {said}");
        assert!(
            !said.contains("wrong") && !said.contains("secret"),
            "{url}: {said}"
        );
    }
}

#[test]
fn a_login_need_not_stand_where_others_can_see_it() {
    let asks = |who: &str| Server::start(&format!("authorization {{ {who} }}"));
    let Some(user) = asks("user: me, password: \"p@s:s\"") else {
        return;
    };
    let token = asks("token: secret").unwrap();
    let input = some(1);
    let out = tempfile::tempdir().unwrap();
    for (server, login, text) in [
        (&user, "me:p@s:s", "no worker on cutout.remove"),
        (&token, "secret", "no worker on cutout.remove"),
        (&user, "me", "authorization violation"),
    ] {
        let mut command = by_fleet(&server.url(), out.path());
        command.env("CUTOUT_NATS_LOGIN", login);
        let (_, said) = finish(command.arg(input.path()).args(["--timeout", "0.1"]));
        assert!(said.contains(text), "{login}: {said}");
    }
}

#[test]
fn a_server_is_spoken_to_by_tls_if_its_certificate_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let [key, certificate] = ["key.pem", "cert.pem"].map(|name| folder.path().join(name));
    let mut openssl = Command::new("openssl");
    openssl.args("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(' '));
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    if !openssl.output().is_ok_and(|done| done.status.success()) {
        skip("there is no openssl to make a certificate");
        return;
    }
    let config = format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}");
    let Some(server) = Server::start(&config) else {
        return;
    };
    let input = some(1);
    let out = tempfile::tempdir().unwrap();
    let url = server.url().replace("nats:", "tls:");
    for (known, text) in [(true, "no worker on cutout.remove"), (false, "certificate")] {
        let mut command = by_fleet(&url, out.path());
        if known {
            command.env("SSL_CERT_FILE", &certificate);
        }
        let (_, said) = finish(command.arg(input.path()).args(["--timeout", "0.1"]));
        assert!(said.contains(text), "{said}");
    }
}

#[test]
fn flags_of_engines_are_refused_beside_a_fleet() {
    for flags in [
        ["--engine", "native"],
        ["--runtime", "tract"],
        ["--model", "u2net"],
        ["--side", "320"],
        ["--max-memory", "64"],
    ] {
        let mut command = by_fleet("nats://127.0.0.1:1", Path::new("out"));
        let (done, said) = finish(command.arg("in").args(flags));
        assert_eq!(done.status.code(), Some(2), "{flags:?}: {said}");
        assert!(said.contains("--nats") && said.contains(flags[0]), "{said}");
    }
    for flags in [&["--model", "u2netp"][..], &[]] {
        let mut command = cutout();
        command.args(["batch", "in", "-o", "out", "--subject", "a.b"]);
        let (done, said) = finish(command.args(flags));
        assert_eq!(done.status.code(), Some(2), "{flags:?}: {said}");
        assert!(said.contains("--subject"), "{said}");
    }
}
