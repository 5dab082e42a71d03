//! `cutout serve`, over real sockets.

mod addresses;
mod client;
mod cors;
mod crowd;
mod health;
mod history;
mod limits;
mod mutated;
mod refine;
mod remote;
mod stop;

use std::fs;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::{ENGINES, cutout, finish, tiny};
use client::{Answer, Server, noisy, post, small};

/// The result of `cutout run` for `image`.
fn ran(engine: &str, image: &[u8], mask: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.png"), folder.path().join("out.png"));
    fs::write(&input, image).unwrap();
    let mut command = cutout();
    command.arg("run").arg(&input).arg("-o").arg(&output);
    command.args(["--engine", engine, "--model", &tiny()]);
    command.args(mask.then_some("--mask"));
    let (done, said) = finish(&mut command);
    assert!(done.status.success(), "{said}");
    fs::read(output).unwrap()
}

#[test]
fn the_answer_is_what_run_writes_byte_for_byte() {
    let image = noisy();
    for engine in ENGINES {
        let server = Server::start(engine, &["--workers", "1"]);
        for (path, mask) in [("/v1/remove", false), ("/", false), ("/?output=mask", true)] {
            let answer = server.post(path, &image);
            assert_eq!(answer.status, 200, "{engine} {path}");
            assert!(answer.body == ran(engine, &image, mask), "{engine} {path}");
            assert_eq!(answer.headers["content-type"], "image/png");
            assert_eq!(answer.headers["x-model"], "tiny");
            let timing = &answer.headers["server-timing"];
            assert!(timing.starts_with("wait;dur="), "{engine}: {timing}");
            assert!(timing.contains(", encode;dur="), "{engine}: {timing}");
        }
    }
}

#[test]
fn http_2_in_cleartext_carries_several_images_on_one_connection() {
    let server = Server::start("wasm", &["--workers", "1", "--queue", "8"]);
    let (image, expected) = (noisy(), ran("wasm", &noisy(), false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(&server.addr).await.unwrap();
        let http2 = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        let (sender, connection) = http2.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let ask = |body: Vec<u8>| {
            let mut sender = sender.clone();
            let request = hyper::Request::post(format!("http://{}/v1/remove", server.addr));
            let request = request.body(Full::new(Bytes::from(body))).unwrap();
            async move {
                let response = sender.send_request(request).await.unwrap();
                assert_eq!(response.version(), hyper::Version::HTTP_2);
                assert_eq!(response.status(), 200);
                response.into_body().collect().await.unwrap().to_bytes()
            }
        };
        let (a, b, c) = tokio::join!(ask(image.clone()), ask(small()), ask(image.clone()));
        assert!(a == expected && c == expected && b.starts_with(b"\x89PNG"));
    });
}

#[test]
fn a_connection_is_kept_and_a_body_waits_for_100_continue() {
    use std::io::{Read, Write};
    let server = Server::start("native", &[]);
    let mut stream = server.connect();
    for _ in 0..2 {
        let request = post("/v1/remove", "expect: 100-continue\r\n", &small());
        let (head, body) = request.split_at(request.len() - small().len());
        stream.write_all(head).unwrap();
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body).unwrap();
        assert_eq!(Answer::read(&mut stream).status, 200);
    }
}

#[test]
fn a_request_keeps_its_id_in_answer_and_log() {
    let server = Server::start("native", &[]);
    let answer = server.ask(&post("/v1/remove", "x-request-id: mine-7\r\n", &small()));
    assert_eq!(answer.headers["x-request-id"], "mine-7");
    let line: serde_json::Value = serde_json::from_str(&server.until("mine-7")).unwrap();
    assert_eq!(
        (&line["status"], &line["path"]),
        (&200.into(), &"/v1/remove".into())
    );
    assert_eq!(line["bytes_in"], small().len());
    assert_eq!(line["bytes_out"], answer.body.len());
    assert!(
        line["wait_ms"].is_number() && line["ms"].is_number(),
        "{line}"
    );

    let own = server.ask(&post("/", "x-request-id: a b\r\n", &small()));
    assert_eq!(own.headers["x-request-id"].len(), 36);
}

#[test]
fn metrics_and_failures_tell_what_happened() {
    let server = Server::start("wasm", &["--workers", "1", "--fresh"]);
    for _ in 0..3 {
        assert_eq!(server.post("/v1/remove", &small()).status, 200);
    }
    assert_eq!(server.post("/v1/remove", b"no image").status, 415);
    assert_eq!(server.get("/nowhere").status, 404);
    for (name, value) in [
        (
            r#"cutout_requests_total{path="/v1/remove",status="200"}"#,
            3.0,
        ),
        (
            r#"cutout_requests_total{path="/v1/remove",status="415"}"#,
            1.0,
        ),
        (r#"cutout_requests_total{path="other",status="404"}"#, 1.0),
        (r#"cutout_failures_total{code="unsupported-format"}"#, 1.0),
        (r#"cutout_stage_seconds_count{stage="encode"}"#, 3.0),
        ("cutout_request_seconds_count", 5.0),
        ("cutout_wait_seconds_count", 5.0),
        ("cutout_workers ", 1.0),
        ("cutout_workers_busy", 0.0),
        ("cutout_queue_length", 0.0),
        ("cutout_queue_capacity", 2.0),
    ] {
        assert_eq!(server.metric(name), value, "{name}");
    }
    assert!(server.metric("cutout_instances_total") >= 5.0);
    assert!(server.metric("cutout_instance_memory_bytes") > 1e6);
    assert!(server.metric("process_resident_memory_bytes") > 1e6);
    assert!(server.metric("process_start_time_seconds") > 1e9);

    let failures = server.get("/dashboard/failures").body;
    let failures: serde_json::Value = serde_json::from_slice(&failures).unwrap();
    assert_eq!(failures.as_array().unwrap().len(), 1, "{failures}");
    assert_eq!(failures[0]["code"], "unsupported-format");
    assert_eq!(failures[0]["status"], 415);
    assert_eq!(failures[0]["path"], "/v1/remove");
    assert!(failures[0]["time"].is_f64() && failures[0]["ms"].is_number());
}

#[test]
fn pages_come_with_a_strict_policy() {
    let server = Server::start("native", &[]);
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/dashboard", "text/html; charset=utf-8"),
        ("/dashboard.js", "text/javascript; charset=utf-8"),
        ("/dashboard/charts.js", "text/javascript; charset=utf-8"),
        ("/dashboard.css", "text/css; charset=utf-8"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], media_type, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        let policy = answer.headers.get("content-security-policy");
        let strict = policy.is_some_and(|policy| policy.starts_with("default-src 'none'"));
        assert_eq!(strict, media_type.starts_with("text/html"), "{path}");
    }
}

#[test]
fn the_dashboard_names_everything_relative_to_itself() {
    let server = Server::start("native", &[]);
    let text = |path: &str| {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}");
        let text = String::from_utf8(answer.body).unwrap();
        for mark in ["(\"/", " \"/", "=\"/", "(`/", " `/", "url(/"] {
            assert!(!text.contains(mark), "{path} has {mark}");
        }
        text
    };
    let (page, script) = (text("/dashboard"), text("/dashboard.js"));
    text("/dashboard.css");
    for (named, file) in [
        (&page, "href=\"dashboard.css\""),
        (&page, "src=\"dashboard.js\""),
        (&page, "href=\"metrics\""),
        (&page, "href=\"openapi.json\""),
        (&page, "href=\"./\""),
        (&script, "read(\"metrics\")"),
        (&script, "read(\"dashboard/failures\")"),
        (&script, "read(\"dashboard/history\")"),
    ] {
        assert!(named.contains(file), "{file}");
        let path = file.split('"').nth(1).unwrap().trim_start_matches("./");
        assert_eq!(server.get(&format!("/{path}")).status, 200, "{path}");
    }
    // Modules import each other by names that are relative to themselves.
    let mut modules = imports(&script);
    for n in 0.. {
        let Some(module) = modules.get(n) else {
            break;
        };
        let named = imports(&text(&format!("/dashboard/{module}")));
        modules.extend(
            named
                .into_iter()
                .filter(|name| !modules.contains(name))
                .collect::<Vec<_>>(),
        );
    }
    assert!(modules.len() >= 8, "{modules:?}");
}

/// Names of the modules that a script imports, without their folders.
fn imports(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| line.starts_with("import "));
    let paths = lines.map(|line| line.split('"').nth(1).unwrap());
    paths
        .map(|path| path.rsplit('/').next().unwrap().to_owned())
        .collect()
}

#[test]
fn with_a_token_only_health_and_the_page_are_open() {
    let server = Server::start("native", &["--token", "secret"]);
    let with = |path: &str, headers: &str| server.ask(&post(path, headers, &small()));
    assert_eq!(
        with("/v1/remove", "authorization: Bearer secret\r\n").status,
        200
    );
    assert_eq!(with("/v1/remove", "x-api-key: secret\r\n").status, 200);
    for headers in [
        "",
        "authorization: Bearer wrong\r\n",
        "x-api-key: secre\r\n",
    ] {
        let answer = with("/v1/remove", headers);
        assert_eq!((answer.status, &*answer.code()), (401, "unauthorised"));
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    let history = b"GET /dashboard/history HTTP/1.1\r\nhost: x\r\nx-api-key: secret\r\n\r\n";
    assert_eq!(server.ask(history).status, 200);
    let answer = with("/v1.0/removebg", "x-api-key: wrong\r\n");
    assert_eq!(answer.status, 403);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["errors"][0]["code"], "auth_failed");
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/", 200),
        ("/dashboard", 200),
        ("/host.json", 200),
        ("/metrics", 401),
        ("/dashboard/failures", 401),
        ("/dashboard/history", 401),
    ] {
        assert_eq!(server.get(path).status, status, "{path}");
    }
    for (token, admitted) in [("secret", true), ("wrong", false), ("", false)] {
        let headers = format!("authorization: Bearer {token}\r\n");
        let host: serde_json::Value =
            serde_json::from_slice(&with("/host.json", &headers).body).unwrap();
        assert_eq!(host["admitted"], admitted, "{token:?}");
    }
}
