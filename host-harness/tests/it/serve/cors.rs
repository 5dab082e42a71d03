//! Calls from web pages of other origins.

use super::client::{Answer, Server, post, small};
use crate::support::{cutout, finish};

const ORIGIN: &str = "https://a.org";

/// What a browser asks before a page of `origin` may send a token and an image.
fn preflight(server: &Server, path: &str, origin: &str) -> Answer {
    let request = format!(
        "OPTIONS {path} HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
         access-control-request-headers: authorization,content-type\r\n\r\n"
    );
    server.ask(request.as_bytes())
}

#[test]
fn a_preflight_request_is_answered_before_the_token_is_asked_for() {
    let flags = [
        "--token",
        "secret",
        "--cors",
        ORIGIN,
        "--cors",
        "http://b.org",
    ];
    let server = Server::start("native", &flags);
    for path in ["/v1/remove", "/api/remove", "/v1.0/removebg", "/metrics"] {
        for origin in [ORIGIN, "http://b.org"] {
            let answer = preflight(&server, path, origin);
            assert_eq!(answer.status, 204, "{path}");
            assert_eq!(answer.headers["access-control-allow-origin"], origin);
            assert_eq!(answer.headers["vary"], "origin");
            let headers = &answer.headers["access-control-allow-headers"];
            assert!(headers.contains("authorization"), "{headers}");
            let methods = &answer.headers["access-control-allow-methods"];
            assert!(methods.contains("POST"), "{methods}");
        }
    }
    let elsewhere = preflight(&server, "/v1/remove", "https://c.org");
    assert_eq!(
        (elsewhere.status, &*elsewhere.code()),
        (403, "origin-not-allowed")
    );
    assert!(
        !elsewhere
            .headers
            .contains_key("access-control-allow-origin")
    );
    assert_eq!(elsewhere.headers["vary"], "origin");
    // No page asks that way before it calls.
    let plain = b"OPTIONS /v1/remove HTTP/1.1\r\nhost: x\r\n\r\n";
    assert_eq!(server.ask(plain).status, 401);
}

#[test]
fn a_page_can_read_results_and_refusals_with_their_headers() {
    let flags = ["--token", "secret", "--cors", ORIGIN, "--max-bytes", "1"];
    let server = Server::start("native", &flags);
    let (image, long) = (small(), vec![0; (1 << 20) + 1]);
    let token = "x-api-key: secret\r\n";
    let urlencoded = "content-type: application/x-www-form-urlencoded\r\nx-api-key: secret\r\n";
    for (path, headers, body, status) in [
        ("/v1/remove", token, &image[..], 200),
        ("/v1/remove", token, b"no image", 415),
        ("/v1/remove", token, &long, 413),
        ("/v1/remove", "", &image, 401),
        ("/nowhere", token, &image, 404),
        ("/v1.0/removebg", urlencoded, b"image_file_b64=%%%", 400),
        ("/v1.0/removebg", "", b"", 403),
    ] {
        let headers = format!("origin: {ORIGIN}\r\n{headers}");
        let answer = server.ask(&post(path, &headers, body));
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(
            answer.headers["access-control-allow-origin"], ORIGIN,
            "{path} {status}"
        );
        assert_eq!(answer.headers["vary"], "origin", "{path} {status}");
        let exposed = &answer.headers["access-control-expose-headers"];
        let exposed: Vec<_> = exposed.split(", ").collect();
        let own = answer.headers.keys().map(String::as_str);
        let own = own.filter(|name| name.starts_with("x-") || *name == "server-timing");
        for name in own.filter(|name| *name != "x-content-type-options") {
            assert!(exposed.contains(&name), "{path} {status}: {name}");
        }
    }
}

#[test]
fn answers_say_nothing_of_origins_unless_the_server_is_told_to() {
    let server = Server::start("native", &[]);
    assert_eq!(preflight(&server, "/v1/remove", ORIGIN).status, 405);
    let request = post("/v1/remove", &format!("origin: {ORIGIN}\r\n"), &small());
    let answer = server.ask(&request);
    assert_eq!(answer.status, 200);
    let names = [
        "vary",
        "access-control-allow-origin",
        "access-control-expose-headers",
    ];
    for name in names {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
}

#[test]
fn what_is_no_origin_is_wrong_usage() {
    let (done, said) = finish(cutout().args(["serve", "--cors", "example.org"]));
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(
        said.contains("error[usage]") && said.contains("https://example.org"),
        "{said}"
    );
}
