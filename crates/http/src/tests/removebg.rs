use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zip::ZipArchive;

use super::*;

type Fields<'a> = &'a [(&'a str, &'a [u8])];

fn post(content_type: &str, accept: &str, body: Vec<u8>) -> Response<Bytes> {
    let ask = Ask {
        method: "POST",
        target: "/v1.0/removebg",
        content_type,
        accept,
        body,
    };
    ask.send()
}

fn remove(fields: Fields<'_>) -> Response<Bytes> {
    let png = picture();
    let with_file = [&[("image_file", png.as_slice())], fields].concat();
    post(MULTIPART, "", form(&with_file))
}

#[test]
fn all_three_kinds_of_body_give_the_same_picture() {
    let png = picture();
    let text = STANDARD.encode(&png);
    let unpadded = text.trim_end_matches('=');
    let as_json = |b64: &str| json!({ "image_file_b64": b64, "size": "full", "crop": true });
    let urlencoded = form_urlencoded::Serializer::new(String::new())
        .append_pair("image_file_b64", &text)
        .append_pair("image_file", "")
        .append_pair("crop", "true")
        .append_pair("image_url", "")
        .finish();
    let expected = remove(&[("crop", b"true"), ("size", b"full")]);
    assert_eq!(decoded(&expected).dimensions(), (6, 4));
    for (content_type, body) in [
        ("application/json", as_json(&text).to_string().into_bytes()),
        (
            "application/json; charset=utf-8",
            as_json(unpadded).to_string().into_bytes(),
        ),
        (
            "Application/JSON",
            as_json(&format!("data:image/png;base64,{text}"))
                .to_string()
                .into_bytes(),
        ),
        ("application/x-www-form-urlencoded", urlencoded.into_bytes()),
    ] {
        let response = post(content_type, "", body);
        assert_eq!(
            response.status(),
            200,
            "{content_type}: {}",
            super::text(&response)
        );
        assert_eq!(response.body(), expected.body(), "{content_type}");
    }
}

/// `text` in UTF-16 or UTF-32: units of so many bytes, with a byte-order mark or without.
fn wide(text: &str, unit: usize, big_endian: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter();
    let units = units.chain(text.chars().map(u32::from));
    let bytes = units.flat_map(|value| match big_endian {
        true => value.to_be_bytes()[4 - unit..].to_vec(),
        false => value.to_le_bytes()[..unit].to_vec(),
    });
    bytes.collect()
}

#[test]
fn a_byte_order_mark_before_json_is_skipped_and_wide_characters_are_named() {
    let body = json!({ "image_file_b64": STANDARD.encode(picture()) }).to_string();
    let marked = [b"\xef\xbb\xbf", body.as_bytes()].concat();
    let response = post("application/json", "", marked);
    assert_eq!(response.body(), remove(&[]).body());

    let named = "the JSON body is in UTF-16 or UTF-32; send it in UTF-8";
    for unit in [2, 4] {
        for big_endian in [false, true] {
            for mark in [false, true] {
                let body = wide(&body, unit, big_endian, mark);
                let response = post("application/json", "", body);
                assert_eq!(response.status(), 400);
                let error = &json_of(&response)["errors"][0];
                assert_eq!(error["code"], "missing_source");
                assert_eq!(error["detail"], named, "{unit} {big_endian} {mark}");
            }
        }
    }
    // A mark is no JSON, and a second one is not skipped.
    for body in [
        &b"\xef\xbb\xbf"[..],
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"\0",
        b"\xff",
        b"",
    ] {
        let response = post("application/json", "", body.to_vec());
        assert_eq!(response.status(), 400, "{body:?}");
    }
}

#[test]
fn an_empty_field_is_absent_as_the_official_client_sends_it() {
    let names = [
        "size",
        "type",
        "format",
        "roi",
        "crop",
        "crop_margin",
        "scale",
        "position",
        "channels",
        "bg_color",
        "bg_image_url",
        "bg_image_file",
        "add_shadow",
        "semitransparency",
        "image_url",
        "image_file_b64",
        "type_level",
        "shadow_type",
        "shadow_opacity",
    ];
    let empty: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"".as_slice())).collect();
    assert_eq!(remove(&empty).body(), remove(&[]).body());
    let shape = decoded(&remove(&empty));
    assert_eq!(
        (shape.dimensions(), shape.color().channel_count()),
        ((16, 16), 4)
    );
}

#[test]
fn every_documented_value_makes_what_it_says() {
    // Fields; media type, size, and the box of the subject: left, top, width, height.
    type Case<'a> = (Fields<'a>, &'a str, (u32, u32), [u32; 4]);
    let cases: [Case<'_>; 17] = [
        (&[], "image/png", (16, 16), [4, 8, 6, 4]),
        (
            &[("size", b"4k"), ("format", b"png")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (
            &[("size", b"50MP"), ("format", b"jpg")],
            "image/jpeg",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (&[("format", b"webp")], "image/webp", (16, 16), [4, 8, 6, 4]),
        (
            &[("bg_color", b"81d4fa")],
            "image/jpeg",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (
            &[("bg_color", b"green"), ("format", b"png")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (
            &[("bg_color", b"#81d4fa77")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (
            &[("channels", b"alpha")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (&[("crop", b"true")], "image/png", (6, 4), [0, 0, 6, 4]),
        (
            &[("crop", b"true"), ("crop_margin", b"1px")],
            "image/png",
            (8, 6),
            [1, 1, 6, 4],
        ),
        (
            &[("crop", b"true"), ("crop_margin", b"50% 0")],
            "image/png",
            (6, 8),
            [0, 2, 6, 4],
        ),
        (
            &[("crop_margin", b"2px")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (
            &[("position", b"center")],
            "image/png",
            (16, 16),
            [5, 6, 6, 4],
        ),
        (
            &[("position", b"0% 100%")],
            "image/png",
            (16, 16),
            [0, 12, 6, 4],
        ),
        (
            &[("position", b"original"), ("scale", b"original")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
        (&[("scale", b"75%")], "image/png", (16, 16), [2, 4, 12, 8]),
        (
            &[("type", b"person"), ("type_level", b"2")],
            "image/png",
            (16, 16),
            [4, 8, 6, 4],
        ),
    ];
    for (fields, media_type, size, subject) in cases {
        let named: Vec<_> = fields
            .iter()
            .map(|(n, v)| (n, String::from_utf8_lossy(v)))
            .collect();
        let response = remove(fields);
        let image = decoded(&response);
        let headers = response.headers();
        assert_eq!(headers["content-type"], media_type, "{named:?}");
        assert_eq!(image.dimensions(), size, "{named:?}");
        for (i, side) in ["left", "top", "width", "height"].iter().enumerate() {
            let value = &headers[format!("x-foreground-{side}")];
            assert_eq!(
                value.to_str().unwrap(),
                subject[i].to_string(),
                "{named:?} {side}"
            );
        }
        assert_eq!(headers["x-width"], size.0.to_string());
        assert_eq!(headers["x-credits-charged"], "0");
        let kind = if named.iter().any(|(n, _)| **n == "type") {
            "person"
        } else {
            "other"
        };
        assert_eq!(headers["x-type"], kind, "{named:?}");
    }
}

#[test]
fn sizes_are_brought_down_to_what_is_asked_for() {
    let image = RgbImage::from_fn(1000, 500, |x, y| {
        Rgb([if (300..600).contains(&x) && (100..400).contains(&y) {
            255
        } else {
            0
        }; 3])
    });
    let file = file(&image.into(), ImageFormat::Png);
    for (size, expected) in [
        ("preview", (707, 353)),
        ("medium", (1000, 500)),
        ("auto", (1000, 500)),
    ] {
        let fields: Fields<'_> = &[("image_file", &file), ("size", size.as_bytes())];
        let response = post(MULTIPART, "", form(fields));
        assert_eq!(decoded(&response).dimensions(), expected, "{size}");
        assert_eq!(response.headers()["x-max-width"], "1000");
        assert_eq!(response.headers()["x-max-height"], "500");
    }
}

#[test]
fn only_what_is_in_the_region_of_interest_can_be_foreground() {
    // Two white boxes; only the right one is in the region.
    let two = picture_of(|x, y| (2..5).contains(&(x % 8)) && (4..12).contains(&y));
    for roi in [
        "8 0 16 16",
        "8px 0px 100% 100%",
        "50% 0% 100% 100%",
        "16 16 8 0",
    ] {
        let fields: Fields<'_> = &[("image_file", &two), ("roi", roi.as_bytes())];
        let image = decoded(&post(MULTIPART, "", form(fields)));
        assert_eq!(alpha(&image, 3, 8), 0, "{roi}");
        assert!(alpha(&image, 11, 8) > 200, "{roi}");
    }
    let whole: Fields<'_> = &[("image_file", &two), ("roi", b"0 0 100% 100%")];
    assert_eq!(
        alpha(&decoded(&post(MULTIPART, "", form(whole))), 3, 8),
        255
    );
}

#[test]
fn a_client_that_accepts_json_gets_base64_and_the_box() {
    let png = picture();
    let fields: Fields<'_> = &[("image_file", &png), ("crop", b"true")];
    let response = post(MULTIPART, "application/json", form(fields));
    assert_eq!(response.headers()["content-type"], "application/json");
    let data = &json_of(&response)["data"];
    assert_eq!(
        (&data["foreground_width"], &data["foreground_left"]),
        (&6.into(), &0.into())
    );
    let bytes = STANDARD
        .decode(data["result_b64"].as_str().unwrap())
        .unwrap();
    assert_eq!(&bytes, remove(&[("crop", b"true")]).body());
}

fn json_of(response: &Response<Bytes>) -> Value {
    super::json(response)
}

#[test]
fn a_zip_has_the_colours_and_alpha() {
    let response = remove(&[("format", b"zip"), ("size", b"full")]);
    assert_eq!(response.headers()["content-type"], "application/zip");
    let mut archive = ZipArchive::new(Cursor::new(response.body().to_vec())).unwrap();
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        std::io::copy(&mut archive.by_name(name).unwrap(), &mut bytes).unwrap();
        image::load_from_memory(&bytes).unwrap()
    };
    let (colour, alpha) = (read("color.jpg"), read("alpha.png"));
    assert_eq!(
        (colour.dimensions(), alpha.dimensions()),
        ((16, 16), (16, 16))
    );
    assert_eq!(alpha.color().channel_count(), 1);
    assert_eq!(
        (alpha.get_pixel(5, 9).0[0], alpha.get_pixel(0, 0).0[0]),
        (255, 0)
    );
}

#[test]
fn every_refusal_has_its_documented_code() {
    let png = picture();
    let blank = picture_of(|_, _| false);
    let noise = b"neither PNG nor JPEG, only a text that is long enough to be a file".as_slice();
    let broken = &png[..png.len() - 20];
    let file = ("image_file", png.as_slice());
    type Case<'a> = (Vec<(&'a str, &'a [u8])>, &'a str);
    let cases: [Case<'_>; 32] = [
        (vec![], "missing_source"),
        (
            vec![("image_file", b""), ("image_url", b"")],
            "missing_source",
        ),
        (
            vec![file, ("image_url", b"http://localhost/a.png")],
            "multiple_sources",
        ),
        (
            vec![("image_url", b"http://localhost/a.png")],
            "failed_image_download",
        ),
        (vec![("image_file_b64", b"%%%")], "failed_to_read_image"),
        (vec![("image_file", noise)], "invalid_file_type"),
        (vec![("image_file", broken)], "failed_to_read_image"),
        (vec![("image_file", &blank)], "unknown_foreground"),
        (vec![file, ("image_file", &blank)], "multiple_sources"),
        (
            vec![file, ("size", b"full"), ("size", b"hd")],
            "invalid_size",
        ),
        (
            vec![file, ("shadow_opacity", b"101")],
            "invalid_shadow_opacity",
        ),
        (vec![file, ("size", b"huge")], "invalid_size"),
        (vec![file, ("type", b"ghost")], "invalid_type"),
        (vec![file, ("format", b"gif")], "invalid_format"),
        (vec![file, ("channels", b"cmyk")], "invalid_channels"),
        (vec![file, ("bg_color", b"greenish")], "invalid_bg_color"),
        (
            vec![file, ("bg_image_url", b"http://localhost/a.png")],
            "failed_image_download",
        ),
        (
            vec![file, ("bg_color", b"fff"), ("bg_image_file", &png)],
            "multiple_bg_sources",
        ),
        (vec![file, ("bg_image_file", noise)], "invalid_file_type"),
        (vec![file, ("roi", b"0 0 10")], "invalid_roi"),
        (vec![file, ("roi", b"a b c d")], "invalid_roi"),
        (vec![file, ("roi", b"0 0 17 16")], "roi_exceeds_bounds"),
        (vec![file, ("roi", b"0 0 101% 100%")], "roi_exceeds_bounds"),
        (vec![file, ("roi", b"4 4 4 8")], "roi_region_empty"),
        (vec![file, ("crop", b"perhaps")], "invalid_crop"),
        (
            vec![file, ("crop", b"true"), ("crop_margin", b"501px")],
            "invalid_crop_margin",
        ),
        (
            vec![file, ("crop", b"true"), ("crop_margin", b"1 2 3")],
            "invalid_crop_margin",
        ),
        (vec![file, ("scale", b"9%")], "invalid_scale"),
        (vec![file, ("scale", b"50")], "invalid_scale"),
        (vec![file, ("position", b"101%")], "invalid_position"),
        (vec![file, ("add_shadow", b"true")], "invalid_add_shadow"),
        (
            vec![file, ("semitransparency", b"some")],
            "invalid_semitransparency",
        ),
    ];
    for (fields, code) in cases {
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        let response = post(MULTIPART, "", form(&fields));
        assert_eq!(
            response.status(),
            400,
            "{names:?} {code}: {}",
            super::text(&response)
        );
        assert_eq!(json_of(&response)["errors"][0]["code"], code, "{names:?}");
        assert!(json_of(&response)["errors"][0]["title"].is_string());
    }
}

#[test]
fn an_account_has_the_documented_shape() {
    let ask = Ask {
        method: "GET",
        target: "/v1.0/account",
        ..Ask::default()
    };
    let response = ask.send();
    let attributes = &json_of(&response)["data"]["attributes"];
    assert_eq!(attributes["api"]["sizes"], "all");
    assert_eq!(attributes["credits"]["total"], 0);
}
