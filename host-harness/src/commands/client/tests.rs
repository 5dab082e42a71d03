use super::*;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
    }
}

#[test]
fn a_refusal_has_the_kind_that_a_run_here_would_have() {
    let from = address("http://localhost").unwrap();
    for (status, body, kind) in [
        (
            413,
            r#"{"code":"too-many-pixels","detail":"x"}"#,
            "too-many-pixels",
        ),
        (504, r#"{"code":"timeout","detail":"x"}"#, "timeout"),
        (401, r#"{"code":"unauthorised","detail":"x"}"#, "usage"),
        (408, r#"{"code":"slow-body","detail":"x"}"#, "io"),
        (503, r#"{"code":"queue-full","detail":"x"}"#, "io"),
        (404, "no such name", "io"),
        (500, "", "io"),
    ] {
        let error = answer(status, body).image(&from, Format::Png).unwrap_err();
        assert_eq!(error.kind().as_str(), kind, "{status} {body}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
}

#[test]
fn an_answer_is_an_image_by_its_type_and_its_bytes() {
    let from = address("http://localhost").unwrap();
    for (media_type, body, is_image) in [
        ("image/png", "\u{fffd}PNG", false),
        ("text/html", "<html>", false),
        ("image/png", "", false),
        ("image/webp", "RIFF\0\0\0\0WEBP", true),
        ("image/png", "RIFF\0\0\0\0WEBP", false),
    ] {
        let mut answer = answer(200, body);
        let value = HeaderValue::from_static(media_type);
        answer.headers.insert(header::CONTENT_TYPE, value);
        let found = answer.image(&from, Format::WebP);
        assert_eq!(found.is_ok(), is_image, "{media_type} {body:?}");
    }
}

#[test]
fn nothing_of_a_refusal_reaches_a_terminal_as_a_command() {
    let long = "x".repeat(10_000);
    let body = format!(r#"{{"code":"a\u001b[2J","detail":"b\u202e\r\n{long}"}}"#);
    let from = address("http://localhost").unwrap();
    let error = answer(400, &body)
        .image(&from, Format::Png)
        .unwrap_err()
        .to_string();
    assert!(error.contains(r"a\u{1b}[2J: b\u{202e}\r\n"), "{error}");
    assert!(
        !error.chars().any(char::is_control) && error.len() < 1000,
        "{error}"
    );
}
