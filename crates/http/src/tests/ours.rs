mod refusals;

use super::*;

fn post(target: &str, body: Vec<u8>) -> Ask<'_> {
    Ask {
        method: "POST",
        target,
        body,
        ..Ask::default()
    }
}

#[test]
fn a_posted_picture_comes_back_as_it_is_asked_for() {
    // Target, Accept, media type, size, channels.
    for (target, accept, media_type, size, channels) in [
        ("/", "", "image/png", (16, 16), 4),
        ("/v1/remove", "", "image/png", (16, 16), 4),
        ("/v1/remove?output=mask", "", "image/png", (16, 16), 1),
        (
            "/v1/remove?output=mask&crop=true",
            "",
            "image/png",
            (6, 4),
            1,
        ),
        ("/v1/remove", "image/webp", "image/webp", (16, 16), 4),
        ("/v1/remove", "IMAGE/Jpeg", "image/jpeg", (16, 16), 3),
        (
            "/v1/remove",
            "image/png;q=0, */*",
            "image/webp",
            (16, 16),
            4,
        ),
        (
            "/v1/remove",
            "image/*;q=0.2, image/webp;q=0.1",
            "image/png",
            (16, 16),
            4,
        ),
        (
            "/v1/remove",
            "text/html, image/jpeg;q=0.5, image/png;q=0.1",
            "image/jpeg",
            (16, 16),
            3,
        ),
        (
            "/v1/remove?format=webp",
            "image/png",
            "image/webp",
            (16, 16),
            4,
        ),
        (
            "/v1/remove?format=jpeg&jpeg-quality=50",
            "",
            "image/jpeg",
            (16, 16),
            3,
        ),
        (
            "/v1/remove?format=webp&webp-quality=60",
            "",
            "image/webp",
            (16, 16),
            4,
        ),
        (
            "/v1/remove?webp-quality=lossless",
            "image/webp",
            "image/webp",
            (16, 16),
            4,
        ),
        ("/v1/remove?png=small", "", "image/png", (16, 16), 4),
        ("/v1/remove?crop=true", "", "image/png", (6, 4), 4),
        ("/v1/remove?crop=1px+2px", "", "image/png", (10, 6), 4),
        ("/v1/remove?crop=50%25", "", "image/png", (12, 8), 4),
        (
            "/v1/remove?crop=false&max-side=8",
            "",
            "image/png",
            (8, 8),
            4,
        ),
        ("/v1/remove?background=red", "", "image/png", (16, 16), 3),
        (
            "/v1/remove?background=%23f008",
            "",
            "image/png",
            (16, 16),
            4,
        ),
    ] {
        let mut ask = post(target, picture());
        ask.accept = accept;
        let response = ask.send();
        let image = decoded(&response);
        assert_eq!(
            response.headers()["content-type"],
            media_type,
            "{target} {accept}"
        );
        assert_eq!(image.dimensions(), size, "{target} {accept}");
        assert_eq!(image.color().channel_count(), channels, "{target} {accept}");
        assert_eq!(response.headers()["x-model"], "bright");
    }
}

#[test]
fn a_body_that_is_no_form_is_the_picture_whatever_it_is_called() {
    for content_type in [
        "",
        "image/png",
        "application/x-www-form-urlencoded",
        "application/json",
    ] {
        let ask = Ask {
            content_type,
            ..post("/v1/remove", picture())
        };
        assert_eq!(
            decoded(&ask.send()).dimensions(),
            (16, 16),
            "{content_type}"
        );
    }
}

#[test]
fn the_subject_is_opaque_and_told_in_headers_and_json() {
    let response = post("/", picture()).send();
    let image = decoded(&response);
    assert_eq!((alpha(&image, 4, 8), alpha(&image, 3, 8)), (255, 0));
    let headers = response.headers();
    for (name, value) in [("left", "4"), ("top", "8"), ("width", "6"), ("height", "4")] {
        assert_eq!(headers[format!("x-foreground-{name}")], value, "{name}");
    }
    let mut ask = post("/?format=webp", picture());
    ask.accept = "application/json";
    let found = json(&ask.send());
    assert_eq!(
        (&found["width"], &found["height"]),
        (&16.into(), &16.into())
    );
    assert_eq!(found["media_type"], "image/webp");
    assert_eq!(found["foreground"]["left"], 4);
    assert!(found["image_b64"].as_str().unwrap().starts_with("UklGR"));
}

#[test]
fn a_form_gives_the_picture_its_options_and_a_background() {
    let behind = picture_of(|_, _| true);
    let ask = Ask {
        content_type: MULTIPART,
        ..post(
            "/v1/remove?crop=true",
            form(&[("image", &picture()), ("background", &behind)]),
        )
    };
    let image = decoded(&ask.send());
    assert_eq!(image.dimensions(), (6, 4));
    assert_eq!(image.get_pixel(0, 0).0, [255; 4]);
}

#[test]
fn a_form_holds_its_one_image_by_any_of_three_names() {
    let png = picture();
    let png = png.as_slice();
    type Case<'a> = (&'a [(&'a str, &'a [u8])], u16, &'a str);
    let cases: [Case<'_>; 11] = [
        (&[("image", png)], 200, ""),
        (&[("image[]", png)], 200, ""),
        (&[("file", png)], 200, ""),
        (&[("file", b""), ("image", png), ("image[]", b"")], 200, ""),
        (&[("file", png), ("format", b"png")], 200, ""),
        (&[("image[]", png), ("image[]", png)], 400, "bad-option"),
        (&[("image", png), ("image", b"other")], 400, "bad-option"),
        (&[("image", png), ("file", png)], 400, "bad-option"),
        (&[("image[]", b"other"), ("file", png)], 400, "bad-option"),
        (&[("file[]", png)], 400, "bad-option"),
        (&[("file", b""), ("crop", b"true")], 400, "missing-image"),
    ];
    for (fields, status, code) in cases {
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        let ask = Ask {
            content_type: MULTIPART,
            ..post("/v1/remove", form(fields))
        };
        let response = ask.send();
        assert_eq!(response.status(), status, "{names:?}: {}", text(&response));
        if status == 200 {
            assert_eq!(
                response.body(),
                post("/v1/remove", png.to_vec()).send().body()
            );
        } else {
            assert_eq!(json(&response)["code"], code, "{names:?}");
        }
    }
}
