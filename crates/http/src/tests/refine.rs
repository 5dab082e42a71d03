use image::{GrayImage, Luma, Rgba, RgbaImage};

use super::*;

/// A form for `/v1/refine`, sent.
fn sent(target: &str, fields: &[(&str, &[u8])]) -> Response<Bytes> {
    let ask = Ask {
        method: "POST",
        target,
        content_type: MULTIPART,
        body: form(fields),
        ..Ask::default()
    };
    ask.send()
}

/// The mask that the service gives for [`picture`].
fn mask() -> Vec<u8> {
    let ask = Ask {
        method: "POST",
        target: "/v1/remove?output=mask",
        body: picture(),
        ..Ask::default()
    };
    let response = ask.send();
    assert_eq!(response.status(), 200);
    response.body().to_vec()
}

/// Painted are the left columns.
fn painted(columns: u32) -> Vec<u8> {
    let image = RgbaImage::from_fn(SIDE, SIDE, |x, _| {
        Rgba([255, 0, 0, if x < columns { 255 } else { 0 }])
    });
    file(&image.into(), ImageFormat::Png)
}

fn grey(response: &Response<Bytes>) -> GrayImage {
    decoded(response).into_luma8()
}

#[test]
fn without_marks_the_result_is_what_the_mask_gave_byte_for_byte() {
    let (image, mask) = (picture(), mask());
    for query in [
        "",
        "?output=mask",
        "?format=webp&crop=1px",
        "?background=red&crop=true",
        "?quality=fast",
        "?compat=rembg",
    ] {
        let ask = Ask {
            method: "POST",
            target: &format!("/v1/remove{query}"),
            body: image.clone(),
            ..Ask::default()
        };
        let removed = ask.send();
        assert_eq!(removed.status(), 200);
        let target = format!("/v1/refine{query}");
        let refined = sent(&target, &[("image", &image), ("mask", &mask)]);
        assert_eq!(refined.status(), 200, "{}", text(&refined));
        assert_eq!(refined.body(), removed.body(), "{query}");
        assert_eq!(
            refined.headers()["content-type"],
            removed.headers()["content-type"]
        );
    }
    // A cut-out holds the mask, too.
    let removed = sent("/v1/remove", &[("image", &image)]);
    let fields = [
        ("image", image.as_slice()),
        ("mask", removed.body()),
        ("output", b"mask"),
    ];
    assert_eq!(sent("/v1/refine", &fields).body(), &mask);
}

#[test]
fn marks_are_taken_in_the_order_of_the_form_and_the_rest_stays() {
    let (image, mask) = (picture(), mask());
    let before = image::load_from_memory(&mask).unwrap().into_luma8();
    let (all, left) = (b"0,0,16,16".as_slice(), painted(9));
    for (marks, inside) in [
        ([("keep", all), ("erase", left.as_slice())], 0),
        ([("erase", left.as_slice()), ("keep", all)], 255),
    ] {
        let mut fields = vec![("mask", mask.as_slice()), ("output", b"mask")];
        fields.extend(marks);
        fields.push(("image", &image));
        let after = grey(&sent("/v1/refine", &fields));
        assert_eq!(
            (after[(1, 8)], after[(15, 2)]),
            (Luma([inside]), Luma([255]))
        );
    }
    let fields = [
        ("image", image.as_slice()),
        ("mask", &mask),
        ("keep", b" 13, 0, 2, 2 "),
        ("erase", b""),
        ("output", b"mask"),
    ];
    let after = grey(&sent("/v1/refine", &fields));
    for (x, y, value) in after.enumerate_pixels() {
        if (13..15).contains(&x) && y < 2 {
            assert_eq!(*value, Luma([255]));
        } else if x < 8 || y > 6 {
            assert_eq!(*value, before[(x, y)], "{x},{y}");
        }
    }
}

/// Fields of a form, the status, the code and a part of the text.
type Refused<'a> = (&'a [(&'a str, &'a [u8])], u16, &'a str, &'a str);

#[test]
fn a_correction_that_cannot_be_is_refused_with_a_stable_code() {
    let (image, mask, png) = (picture(), mask(), painted(3));
    let small = file(&GrayImage::new(8, 16).into(), ImageFormat::Png);
    let cases: [Refused<'_>; 16] = [
        (&[("mask", &mask)], 400, "missing-image", "no image"),
        (&[("image", &image)], 400, "missing-image", "no mask"),
        (
            &[("image", &image), ("mask", b"")],
            400,
            "missing-image",
            "no mask",
        ),
        (
            &[("image", &image), ("mask", &mask), ("mask", &png)],
            400,
            "bad-option",
            "mask",
        ),
        (
            &[("image", &image), ("mask", &mask), ("model", b"u2net")],
            400,
            "bad-option",
            "known are image, mask, keep, erase, output",
        ),
        (
            &[("image", &image), ("mask", &mask), ("keep", b"1,2,3")],
            400,
            "bad-option",
            "x,y,width,height",
        ),
        (
            &[("image", &image), ("mask", &mask), ("keep", b"1,2,NaN,4")],
            400,
            "bad-option",
            "keep",
        ),
        (
            &[("image", &image), ("mask", &mask), ("erase", b"1e9,2,3,4")],
            400,
            "bad-option",
            "erase",
        ),
        (
            &[("image", &image), ("mask", &mask), ("erase", b"-1,2,3,4")],
            400,
            "bad-option",
            "erase",
        ),
        (
            &[("image", &image), ("mask", &mask), ("keep", b"1,2,0,4")],
            400,
            "bad-option",
            "not empty",
        ),
        (
            &[
                ("image", &image),
                ("mask", &mask),
                ("keep", b"1,2,99999999999999999999,4"),
            ],
            400,
            "bad-option",
            "keep",
        ),
        (
            &[
                ("image", &image),
                ("mask", &mask),
                ("keep", b"1,2,4294967295,4"),
            ],
            422,
            "correction",
            "16×16",
        ),
        (
            &[("image", &image), ("mask", &mask), ("erase", b"12,2,5,4")],
            422,
            "correction",
            "16×16",
        ),
        (
            &[("image", &image), ("mask", &small)],
            422,
            "correction",
            "8×16",
        ),
        (
            &[("image", &image), ("mask", &mask), ("keep", &small)],
            422,
            "correction",
            "8×16",
        ),
        (
            &[("image", &image), ("mask", &mask), ("keep", &png[..50])],
            422,
            "undecodable",
            "mark 1 (keep)",
        ),
    ];
    for (fields, status, code, part) in cases {
        let response = sent("/v1/refine", fields);
        let found = json(&response);
        assert_eq!(
            (response.status().as_u16(), found["code"].as_str()),
            (status, Some(code)),
            "{found}"
        );
        assert!(
            found["detail"].as_str().unwrap().contains(part),
            "{found} has no {part}"
        );
    }
    for (target, content_type, code) in [
        ("/v1/refine", "image/png", "bad-body"),
        ("/v1/refine?mask=a.png", MULTIPART, "bad-option"),
    ] {
        let body = image.clone();
        let ask = Ask {
            method: "POST",
            target,
            content_type,
            body,
            ..Ask::default()
        };
        assert_eq!(json(&ask.send())["code"], code, "{target} {content_type}");
    }
    let mut many = vec![("image", image.as_slice()), ("mask", &mask)];
    many.extend([("keep", b"1,1,1,1".as_slice()); 65]);
    assert_eq!(json(&sent("/v1/refine", &many))["code"], "bad-body");
}
