use image::{Rgba, RgbaImage};

use super::marks::MAX_MARKS;
use super::*;
use crate::ErrorKind;

#[test]
fn painted_is_where_an_images_alpha_or_else_its_grey_value_is_128_or_more() {
    let white = Rgba([255; 4]);
    let clear = Rgba([255, 255, 255, 127]);
    let half = Rgba([0, 0, 0, 128]);
    let red = Rgba([200, 0, 0, 255]);
    let black = Rgba([0, 0, 0, 255]);
    let cases: [(&str, RgbaImage, [u8; 2]); 4] = [
        (
            "alpha",
            RgbaImage::from_fn(40, 20, |x, _| if x < 20 { clear } else { half }),
            [0, 255],
        ),
        (
            "grey",
            RgbaImage::from_fn(40, 20, |x, _| if x < 20 { white } else { black }),
            [255, 0],
        ),
        (
            "colours of a file with alpha that are opaque",
            RgbaImage::from_pixel(40, 20, red),
            [255, 255],
        ),
        (
            "half the size",
            RgbaImage::from_fn(20, 10, |x, _| if x < 10 { clear } else { half }),
            [0, 255],
        ),
    ];
    let plain = picture(40, 20, |_, _| [9; 3]);
    for (name, image, expected) in cases {
        let bytes = file(image);
        let area = Area::Painted(&bytes);
        let brush = Brush::Keep;
        let after = corrected(&plain, &mask(40, 20, |_, _| 0), &[Mark { brush, area }]);
        assert_eq!([at(&after, 3, 10), at(&after, 36, 10)], expected, "{name}");
    }
}

#[test]
fn a_mask_is_grey_or_the_alpha_of_a_cut_out_of_the_images_size() {
    let of = |image: DynamicImage, size: (u32, u32)| {
        let plain = picture(size.0, size.1, |_, _| [9; 3]);
        let found = mask_of(&file(image), &plain, &Limits::default());
        found
            .map(|mask| mask.data)
            .map_err(|e| (e.kind(), e.to_string()))
    };
    let cut = RgbaImage::from_fn(2, 1, |x, _| Rgba([10, 200, 30, x as u8 * 77]));
    assert_eq!(of(cut.clone().into(), (2, 1)), Ok(vec![0, 77]));
    let opaque = RgbaImage::from_pixel(2, 1, Rgba([10, 200, 30, 255]));
    assert_eq!(of(opaque.clone().into(), (2, 1)), Ok(vec![255, 255]));
    let grey = image::GrayImage::from_fn(2, 1, |x, _| [x as u8 * 99].into());
    assert_eq!(of(grey.into(), (2, 1)), Ok(vec![0, 99]));

    let (kind, text) = of(DynamicImage::from(opaque).to_rgb8().into(), (2, 1)).unwrap_err();
    assert_eq!(kind, ErrorKind::Correction, "{text}");
    let (kind, text) = of(cut.into(), (1, 2)).unwrap_err();
    assert_eq!(kind, ErrorKind::Correction);
    assert!(text.contains("2×1") && text.contains("1×2"), "{text}");
}

#[test]
fn a_mask_of_an_image_with_alpha_has_that_alpha_once_and_nothing_where_it_is_transparent() {
    let own = [0, 128, 255, 100];
    let data = own.iter().flat_map(|alpha| [9, 9, 9, *alpha]);
    let glass = Picture::new(4, 1, 4, data.collect());
    let of = |image: DynamicImage| {
        let found = mask_of(&file(image), &glass, &Limits::default());
        found.unwrap().data
    };
    let alphas = [0, 128, 100, 50];
    let cut = RgbaImage::from_fn(4, 1, |x, _| Rgba([10, 200, 30, alphas[x as usize]]));
    assert_eq!(of(cut.into()), [0, 255, 100, 128]);
    let grey = image::GrayImage::from_pixel(4, 1, [200].into());
    assert_eq!(of(grey.into()), [0, 200, 200, 200]);
}

#[test]
fn marks_that_do_not_fit_or_are_too_many_are_refused_before_anything_is_made() {
    let limits = Limits {
        max_bytes: 10_000,
        max_side: 100,
        max_pixels: 1_000,
    };
    let layer = |width, height| file(RgbaImage::from_pixel(width, height, Rgba([0, 0, 0, 9])));
    let (same, twice, other, wide) = (layer(40, 20), layer(44, 22), layer(40, 23), layer(102, 51));
    let long = vec![0; 10_001];
    // 40,000 × 20,000 pixels by its header alone.
    let mut bomb = same.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0x9c, 0x40, 0, 0, 0x4e, 0x20]);
    let part = |part| Area::Rectangle(rectangle(part));
    let colours =
        file(DynamicImage::from(RgbaImage::from_pixel(40, 20, Rgba([200, 0, 0, 9]))).to_rgb8());
    let cases: [(&str, Vec<Area<'_>>, ErrorKind); 16] = [
        (
            "colours without alpha",
            vec![Area::Painted(&colours)],
            ErrorKind::Correction,
        ),
        ("no width", vec![part((1, 1, 0, 5))], ErrorKind::Correction),
        ("no height", vec![part((1, 1, 5, 0))], ErrorKind::Correction),
        (
            "beyond the right",
            vec![part((36, 1, 5, 5))],
            ErrorKind::Correction,
        ),
        ("below", vec![part((1, 16, 5, 5))], ErrorKind::Correction),
        (
            "far away",
            vec![part((u32::MAX, u32::MAX, 1, 1))],
            ErrorKind::Correction,
        ),
        (
            "huge",
            vec![part((1, 1, u32::MAX, u32::MAX))],
            ErrorKind::Correction,
        ),
        (
            "the second one",
            vec![part((1, 1, 1, 1)), part((40, 0, 1, 1))],
            ErrorKind::Correction,
        ),
        (
            "many",
            vec![part((1, 1, 1, 1)); MAX_MARKS + 1],
            ErrorKind::Correction,
        ),
        (
            "other proportions",
            vec![Area::Painted(&other)],
            ErrorKind::Correction,
        ),
        (
            "no image",
            vec![Area::Painted(b"1,2,3,4")],
            ErrorKind::UnsupportedFormat,
        ),
        (
            "half an image",
            vec![Area::Painted(&same[..60])],
            ErrorKind::Undecodable,
        ),
        (
            "many bytes",
            vec![Area::Painted(&long)],
            ErrorKind::TooManyBytes,
        ),
        (
            "a wide image",
            vec![Area::Painted(&wide)],
            ErrorKind::TooManyPixels,
        ),
        (
            "a bomb",
            vec![Area::Painted(&bomb)],
            ErrorKind::TooManyPixels,
        ),
        // 968 pixels each, of which two fit into twice the limit.
        (
            "many pixels together",
            vec![Area::Painted(&twice); 3],
            ErrorKind::TooManyPixels,
        ),
    ];
    let plain = picture(40, 20, |_, _| [9; 3]);
    for (name, areas, kind) in cases {
        let brush = Brush::Erase;
        let marks: Vec<_> = areas.into_iter().map(|area| Mark { brush, area }).collect();
        let before = mask(40, 20, |_, _| 200);
        let mut after = before.clone();
        let error = correct(&plain, &mut after, &marks, &limits).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert_eq!(after, before, "{name}");
        let text = error.to_string();
        assert!(
            text.contains("mark") && text.contains(if name == "many" { "64" } else { "erase" }),
            "{name}: {text}"
        );
    }
    for fits in [&same, &twice] {
        let mark = Mark {
            brush: Brush::Keep,
            area: Area::Painted(fits),
        };
        let mut after = mask(40, 20, |_, _| 200);
        correct(&plain, &mut after, &[mark; 2], &limits).unwrap();
    }
}
