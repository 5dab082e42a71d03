use super::*;

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
