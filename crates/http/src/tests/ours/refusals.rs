use super::*;

#[test]
fn an_image_that_curl_has_altered_is_refused_with_the_flag_that_does_not() {
    for (content_type, is_hinted) in [
        ("application/x-www-form-urlencoded", true),
        ("image/png", false),
    ] {
        for (body, code) in [
            (b"no image".to_vec(), "unsupported-format"),
            (picture()[..60].to_vec(), "undecodable"),
        ] {
            let ask = Ask {
                content_type,
                ..post("/v1/remove", body)
            };
            let problem = json(&ask.send());
            assert_eq!(problem["code"], code);
            let detail = problem["detail"].as_str().unwrap();
            assert_eq!(detail.contains("--data-binary"), is_hinted, "{detail}");
        }
    }
}

#[test]
fn a_refusal_names_the_fields_that_are_known() {
    let detail = |ask: Ask<'_>| json(&ask.send())["detail"].as_str().unwrap().to_owned();
    let wrong = Ask {
        content_type: MULTIPART,
        ..post("/v1/remove", form(&[("picture", &picture())]))
    };
    let wrong = detail(wrong);
    assert!(wrong.contains("known are image, output, "), "{wrong}");
    // No image is taken from the query.
    for name in ["image", "image[]", "file"] {
        let query = detail(post(&format!("/v1/remove?{name}=a.png"), picture()));
        assert!(
            query.starts_with(&format!("{name} is not an option")),
            "{query}"
        );
    }
    let query = detail(post("/v1/remove?colour=red", picture()));
    assert!(query.contains("known are output, "), "{query}");
}

#[test]
fn what_cannot_be_is_refused_with_a_stable_code() {
    let png = picture();
    let cases: [(&str, &str, &[u8], u16, &str); 23] = [
        ("/?output=video", "", &png, 400, "bad-option"),
        ("/?output=mask&output=cutout", "", &png, 400, "bad-option"),
        (
            "/?image=http://localhost/a.png",
            "",
            &png,
            400,
            "bad-option",
        ),
        ("/?colour=red", "", &png, 400, "bad-option"),
        ("/?format=gif", "", &png, 400, "bad-option"),
        ("/?jpeg-quality=0", "", &png, 400, "bad-option"),
        ("/?jpeg-quality=101", "", &png, 400, "bad-option"),
        ("/?webp-quality=0", "", &png, 400, "bad-option"),
        ("/?webp-quality=101", "", &png, 400, "bad-option"),
        ("/?webp-quality=lossy", "", &png, 400, "bad-option"),
        ("/?png=9", "", &png, 400, "bad-option"),
        ("/?quality=80", "", &png, 400, "bad-option"),
        ("/?quality=rembg", "", &png, 400, "bad-option"),
        ("/?compat=good", "", &png, 400, "bad-option"),
        ("/?compat=rembg&quality=good", "", &png, 400, "bad-option"),
        ("/?max-side=0", "", &png, 400, "bad-option"),
        ("/?crop=51%25", "", &png, 400, "bad-option"),
        ("/?background=nocolour", "", &png, 400, "bad-option"),
        ("/", "text/html", &png, 406, "not-acceptable"),
        ("/", "image/png;q=0", &png, 406, "not-acceptable"),
        ("/", "", b"not an image", 415, "unsupported-format"),
        ("/", "", b"", 422, "undecodable"),
        ("/", "", b"\x89PNG\r\n\x1a\n\0\0", 422, "undecodable"),
    ];
    for (target, accept, body, status, code) in cases {
        let mut ask = post(target, body.to_vec());
        ask.accept = accept;
        let response = ask.send();
        assert_eq!(response.status(), status, "{target}: {}", text(&response));
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let problem = json(&response);
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&code.into(), &status.into()),
            "{target}"
        );
    }
    for (content_type, body, code) in [
        (MULTIPART, form(&[("picture", &png)]), "bad-option"),
        (MULTIPART, form(&[("crop", b"true")]), "missing-image"),
        (MULTIPART, b"no form".to_vec(), "bad-body"),
        ("multipart/form-data", form(&[("image", &png)]), "bad-body"),
        (MULTIPART, form(&[]), "missing-image"),
    ] {
        let ask = Ask {
            content_type,
            ..post("/", body)
        };
        let response = ask.send();
        assert_eq!(
            json(&response)["code"],
            code,
            "{content_type}: {}",
            text(&response)
        );
        assert_eq!(response.status(), 400);
    }
}

#[test]
fn a_picture_beyond_the_limits_is_413() {
    let request = Request::post("/").body(Bytes::from(picture())).unwrap();
    for limits in [
        Limits {
            max_bytes: 10,
            ..Limits::default()
        },
        Limits {
            max_pixels: 255,
            ..Limits::default()
        },
    ] {
        let response = respond(Some(&mut pipeline()), limits, &request, &mut |_| {});
        assert_eq!(response.status(), 413, "{limits:?}");
    }
}
