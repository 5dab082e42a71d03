mod body;
mod refusals;

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
