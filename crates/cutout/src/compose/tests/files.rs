//! Canvases as files.

use super::*;
use crate::{Encoding, Format, PngEffort, WebpQuality, decode};

#[test]
fn every_encoding_is_read_back_as_it_was_written() {
    let clear = composed(Layout::default(), &Behind::Transparent);
    let solid = composed(Layout::default(), &Behind::Colour([90, 80, 70, 255]));
    let (png, webp) = (Encoding::default(), Encoding::default().of(Format::WebP));
    let jpeg = |jpeg| Encoding {
        jpeg,
        ..png.of(Format::Jpeg)
    };
    let small = Encoding {
        png: PngEffort::Small,
        ..png
    };
    let lossy = |quality| Encoding {
        webp: WebpQuality::Lossy(quality),
        ..webp
    };
    // How far colours may be off where they are seen; alpha never is.
    for (canvas, encoding, channels, tolerance) in [
        (&clear, png, 4, 0),
        (&clear, small, 4, 0),
        (&clear, webp, 4, 0),
        (&clear, lossy(100), 4, 8),
        (&clear, lossy(1), 4, 40),
        (&clear, jpeg(100), 3, 40),
        (&solid, png, 3, 0),
        (&solid, small, 3, 0),
        (&solid, webp, 3, 0),
        (&solid, lossy(100), 3, 80),
        (&solid, jpeg(100), 3, 40),
        (&solid, jpeg(1), 3, 160),
    ] {
        let file = canvas.encoded(encoding).unwrap();
        let read = decode(&file, &Limits::default()).unwrap();
        assert_eq!(read.channels, channels, "{encoding:?}");
        let expected = if channels == 4 {
            canvas.data.clone()
        } else {
            canvas.rgb()
        };
        let mut worst = 0;
        for (found, expected) in read.data.chunks(channels).zip(expected.chunks(channels)) {
            assert_eq!(found.get(3), expected.get(3), "{encoding:?}");
            if expected.get(3) != Some(&0) {
                let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
                worst = worst.max(off.max().unwrap());
            }
        }
        assert!(worst <= tolerance, "{encoding:?}: {worst}");
    }
}

#[test]
fn a_scaled_picture_of_16_bits_has_8() {
    let mut wide = picture(10, 8);
    wide.fine = Some(vec![9; wide.data.len()]);
    let mask = mask(10, 8, [2, 3, 4, 2]);
    let layout = Layout {
        scale: Some(0.5),
        ..Layout::default()
    };
    let (limits, size) = (&Limits::default(), Size::default());
    let nothing = &Behind::Transparent;
    let canvas = compose(&wide, &mask, &layout, size, Quality::Good, nothing, limits).unwrap();
    assert_eq!(canvas.fine, None);
    assert!(canvas.data.chunks(4).any(|pixel| pixel[3] == 255));
}

#[test]
fn a_cropped_picture_of_16_bits_keeps_them() {
    let mut wide = picture(10, 8);
    wide.fine = Some((0..wide.data.len()).map(|i| (i * 7) as u8).collect());
    let mask = mask(10, 8, [2, 3, 4, 2]);
    let crop = Layout {
        crop: Some(Margins::all(Length::Pixels(1))),
        ..Layout::default()
    };
    let moved = Layout {
        position: Some([1.0, 1.0]),
        ..Layout::default()
    };
    for (layout, [left, top]) in [(crop, [1, 1]), (moved, [6, 6])] {
        let (limits, size) = (&Limits::default(), Size::default());
        let nothing = &Behind::Transparent;
        let canvas = compose(&wide, &mask, &layout, size, Quality::Good, nothing, limits).unwrap();
        let file = canvas.encoded(Encoding::default()).unwrap();
        let read = decode(&file, limits).unwrap();
        for (x, y) in (0..2).flat_map(|y| (0..4).map(move |x| (x, y))) {
            let stored = ((y + 3) * 10 + x + 2) as usize * 3;
            let found = ((y + top) * canvas.width + x + left) as usize * 4;
            for (from, to) in [
                (&wide.data, &read.data),
                (wide.fine.as_ref().unwrap(), read.fine.as_ref().unwrap()),
            ] {
                assert_eq!(to[found..][..3], from[stored..][..3], "{layout:?} {x} {y}");
                assert_eq!(to[found + 3], 255, "{layout:?} {x} {y}");
            }
        }
    }
}

#[test]
fn a_side_that_a_format_cannot_hold_is_an_error() {
    let png = Encoding::default();
    let lossy = Encoding {
        webp: WebpQuality::Lossy(80),
        ..png.of(Format::WebP)
    };
    for (width, encoding, refused) in [
        (16_383, lossy, false),
        (16_384, lossy, true),
        (16_384, png.of(Format::WebP), false),
        (16_385, png.of(Format::WebP), true),
        (16_385, png, false),
        (65_535, png.of(Format::Jpeg), false),
        (65_536, png.of(Format::Jpeg), true),
    ] {
        let long = Canvas {
            width,
            height: 1,
            data: vec![255; width as usize * 4],
            fine: None,
            profile: None,
            density: None,
            foreground: BoundingBox {
                left: 0,
                top: 0,
                width: 1,
                height: 1,
            },
            opaque: false,
        };
        let kind = long.encoded(encoding).err().map(|error| error.kind());
        let expected = refused.then_some(ErrorKind::TooManyPixels);
        assert_eq!(kind, expected, "{width} {encoding:?}");
    }
}
