use super::*;

/// A client, the `Accept` that it sends (empty: none), and the media types that our face and remove.bg's give it.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str);

const PNG: &str = "image/png";
const WEBP: &str = "image/webp";
const JSON: &str = "application/json";

/// As the clients' sources have them by default, and as people write them.
const CASES: [Case<'_>; 26] = [
    ("Retrofit, superagent on Node", "", PNG, PNG),
    ("curl, fetch, XMLHttpRequest, requests", "*/*", PNG, PNG),
    (
        "axios, Angular",
        "application/json, text/plain, */*",
        PNG,
        PNG,
    ),
    ("jQuery", "*/*", PNG, PNG),
    (
        "jQuery, dataType json",
        "application/json, text/javascript, */*; q=0.01",
        JSON,
        JSON,
    ),
    ("jQuery, dataType text", "text/plain, */*; q=0.01", PNG, PNG),
    (
        "superagent.accept, ky.json, Retrofit's Headers",
        "application/json",
        JSON,
        JSON,
    ),
    (
        "RestTemplate, a class",
        "application/json, application/*+json",
        JSON,
        JSON,
    ),
    (
        "RestTemplate, bytes",
        "application/octet-stream, */*",
        PNG,
        PNG,
    ),
    (
        "Chrome, a form",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
        WEBP,
        PNG,
    ),
    (
        "Firefox, a form",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        PNG,
        PNG,
    ),
    (
        "Safari, an image",
        "image/webp,image/avif,image/jxl,image/heic,*/*;q=0.8",
        WEBP,
        PNG,
    ),
    ("by hand", "Application/JSON", JSON, JSON),
    ("by hand", "application/json; charset=utf-8", JSON, JSON),
    ("by hand", "application/*", JSON, JSON),
    ("by hand", "application/json, image/png", PNG, PNG),
    ("by hand", "image/png, application/json", PNG, PNG),
    ("by hand", "application/json, image/webp", WEBP, PNG),
    ("by hand", "application/json;q=0.9, */*", PNG, PNG),
    ("by hand", "application/json, */*;q=0.5", JSON, JSON),
    ("by hand", "*/*;q=0.5, application/json", JSON, JSON),
    ("by hand", "application/json, image/*;q=0.9", JSON, JSON),
    (
        "by hand",
        "application/json;q=0.5, image/*;q=0.4",
        JSON,
        JSON,
    ),
    (
        "by hand",
        "application/json;q=0.5, image/png;q=0.4, image/webp;q=0.6",
        WEBP,
        PNG,
    ),
    ("by hand", "application/json;q=0, */*;q=0.1", PNG, PNG),
    ("by hand", "application/json, image/gif", JSON, JSON),
];

#[test]
fn json_is_given_only_where_it_is_preferred_to_every_image_format() {
    let png = picture();
    for (client, accept, ours, theirs) in CASES {
        for (target, field, expected) in [
            ("/v1/remove", "image", ours),
            ("/v1.0/removebg", "image_file", theirs),
        ] {
            let mut request = Request::post(target).header("content-type", MULTIPART);
            if !accept.is_empty() {
                request = request.header("accept", accept);
            }
            let request = request.body(form(&[(field, &png)]).into()).unwrap();
            let response = answered(&request);
            let given = &response.headers()["content-type"];
            assert_eq!(given, expected, "{target}, {client}: {accept}");
        }
    }
}

#[test]
fn several_lines_of_accept_are_one_list() {
    for (second, expected) in [("image/*", PNG), ("image/*;q=0.9", JSON)] {
        for (target, field) in [("/v1/remove", "image"), ("/v1.0/removebg", "image_file")] {
            let request = Request::post(target)
                .header("content-type", MULTIPART)
                .header("accept", JSON)
                .header("accept", second)
                .body(form(&[(field, &picture())]).into())
                .unwrap();
            let response = answered(&request);
            assert_eq!(
                response.headers()["content-type"],
                expected,
                "{target} {second}"
            );
        }
    }
}

#[test]
fn the_image_within_json_has_the_format_that_is_liked_best() {
    for (accept, format, media_type) in [
        ("application/json", "", PNG),
        ("application/json, image/webp;q=0.5", "", WEBP),
        (
            "application/json, image/webp;q=0.5",
            "?format=jpeg",
            "image/jpeg",
        ),
    ] {
        let target = format!("/v1/remove{format}");
        let ask = Ask {
            method: "POST",
            target: &target,
            accept,
            body: picture(),
            ..Ask::default()
        };
        assert_eq!(json(&ask.send())["media_type"], media_type, "{accept}");
    }
}
