use super::*;

fn remove(target: &str, fields: &[(&str, &[u8])]) -> Response<Bytes> {
    let ask = Ask {
        method: "POST",
        target,
        content_type: MULTIPART,
        body: form(fields),
        ..Ask::default()
    };
    ask.send()
}

#[test]
fn rembgs_options_work_from_the_form_and_the_query() {
    let png = picture();
    // The query, one more field, channels, and a corner's pixel.
    type Case<'a> = (&'a str, (&'a str, &'a [u8]), u8, [u8; 4]);
    let cases: [Case<'_>; 7] = [
        ("", ("model", b""), 4, [0, 0, 0, 0]),
        ("", ("model", b"bright"), 4, [0, 0, 0, 0]),
        ("", ("om", b"true"), 1, [0, 0, 0, 255]),
        ("?om=true", ("a", b"false"), 1, [0, 0, 0, 255]),
        ("?bgc=255,0,0,255", ("ppm", b"false"), 3, [255, 0, 0, 255]),
        ("", ("bgc", b"0, 255, 0, 255"), 3, [0, 255, 0, 255]),
        ("", ("extras", b"{}"), 4, [0, 0, 0, 0]),
    ];
    for (query, field, channels, corner) in cases {
        let response = remove(&format!("/api/remove{query}"), &[("file", &png), field]);
        let image = decoded(&response);
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(image.color().channel_count(), channels, "{query} {field:?}");
        assert_eq!(image.get_pixel(0, 0).0, corner, "{query} {field:?}");
    }
}

#[test]
fn post_processing_makes_all_or_nothing_of_a_mask() {
    // Every level, in an order that is no gradient: in one there is no subject.
    let soft = RgbImage::from_fn(SIDE, SIDE, |x, _| Rgb([(x * 5 % 16 * 17) as u8; 3]));
    let soft = file(&soft.into(), ImageFormat::Png);
    let values = |ppm: &[u8]| {
        let response = remove(
            "/api/remove",
            &[("file", &soft), ("om", b"1"), ("ppm", ppm)],
        );
        let values = decoded(&response).into_luma8().into_raw();
        values.iter().filter(|v| !matches!(v, 0 | 255)).count()
    };
    assert!(values(b"false") > 100);
    assert_eq!(values(b"true"), 0);
}

#[test]
fn what_rembg_does_and_is_not_done_here_is_refused() {
    let png = picture();
    let fields: [(&str, &[u8]); 8] = [
        ("a", b"true"),
        ("vm", b"true"),
        ("om", b"maybe"),
        ("dc", b"maybe"),
        ("extras", b"{\"sam\": 1}"),
        ("model", b"birefnet-general"),
        ("bgc", b"1,2,3"),
        ("bgc", b"1,2,3,256"),
    ];
    for field in fields {
        let response = remove("/api/remove", &[("file", &png), field]);
        assert_eq!(response.status(), 400, "{field:?}");
        assert_eq!(json(&response)["code"], "bad-option", "{field:?}");
    }
    let response = remove("/api/remove?om=false", &[("file", &png), ("om", b"true")]);
    assert_eq!(json(&response)["code"], "bad-option");
    let response = remove("/api/remove", &[("om", b"true")]);
    assert_eq!(json(&response)["code"], "missing-image");
    let response = remove(
        "/api/remove",
        &[("file", b"no image, but a text of some length, as it were")],
    );
    assert_eq!(response.status(), 415);
}

#[test]
fn edges_are_decontaminated_whether_or_not_that_is_asked_for() {
    let png = picture();
    let asked = remove("/api/remove", &[("file", &png), ("dc", b"true")]);
    let plain = remove("/api/remove", &[("file", &png)]);
    assert_eq!(
        (asked.status(), asked.body()),
        (plain.status(), plain.body())
    );
}
