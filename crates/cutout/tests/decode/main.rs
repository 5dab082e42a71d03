//! Every format and coding, from encoded bytes to pixels.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod refusals;

use std::io::Cursor;
use std::path::Path;

use cutout::{Error, Limits, Picture, decode};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Top left, top right, bottom left, bottom right; also in `golden/make.py`.
const QUADRANTS: [[u8; 3]; 4] = [[200, 40, 30], [40, 160, 60], [30, 60, 200], [240, 235, 200]];

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::WebP,
    ImageFormat::Bmp,
    ImageFormat::Gif,
    ImageFormat::Tiff,
];

fn read(bytes: &[u8]) -> Result<Picture, Error> {
    decode(bytes, &Limits::default())
}

fn quadrants() -> RgbImage {
    RgbImage::from_fn(
        32,
        32,
        |x, y| Rgb(QUADRANTS[(x / 16 + y / 16 * 2) as usize]),
    )
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// What is wrong with `picture` as a copy of the quadrants, if anything.
fn difference(
    picture: &Picture,
    channels: usize,
    tolerance: u8,
    expected: [[u8; 3]; 4],
) -> Option<String> {
    if (picture.width, picture.height, picture.channels) != (32, 32, channels) {
        return Some(format!(
            "{}×{}, {} channels",
            picture.width, picture.height, picture.channels
        ));
    }
    for (index, colour) in expected.into_iter().enumerate() {
        let (x, y) = (index % 2 * 16 + 8, index / 2 * 16 + 8);
        let pixel = &picture.data[(y * 32 + x) * channels..][..3];
        if pixel
            .iter()
            .zip(colour)
            .any(|(found, expected)| found.abs_diff(expected) > tolerance)
        {
            return Some(format!(
                "quadrant {index} is {pixel:?} instead of {colour:?}"
            ));
        }
    }
    None
}

#[test]
fn every_format_and_coding_comes_out_with_its_colours() {
    let rgb = DynamicImage::ImageRgb8(quadrants());
    let golden = |name: &str| {
        std::fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/golden")
                .join(name),
        )
        .unwrap()
    };
    let wide = |picture: &DynamicImage| {
        // 16 bits whose low byte would round up.
        let mut wide = picture.to_rgb16();
        wide.iter_mut().for_each(|v| *v = *v & 0xff00 | 0xff);
        DynamicImage::ImageRgb16(wide)
    };
    let cases = [
        ("png", encoded(&rgb, ImageFormat::Png), 0),
        ("png, 16 bits", encoded(&wide(&rgb), ImageFormat::Png), 0),
        (
            "png, opaque alpha",
            encoded(&DynamicImage::ImageRgba8(rgb.to_rgba8()), ImageFormat::Png),
            0,
        ),
        ("jpeg", encoded(&rgb, ImageFormat::Jpeg), 6),
        ("webp, lossless", encoded(&rgb, ImageFormat::WebP), 0),
        ("bmp", encoded(&rgb, ImageFormat::Bmp), 0),
        ("gif", encoded(&rgb, ImageFormat::Gif), 8),
        ("tiff", encoded(&rgb, ImageFormat::Tiff), 0),
        ("tiff, 16 bits", encoded(&wide(&rgb), ImageFormat::Tiff), 0),
        ("cmyk.jpg", golden("cmyk.jpg"), 4),
        ("progressive.jpg", golden("progressive.jpg"), 4),
        ("rgb_coded.jpg", golden("rgb_coded.jpg"), 4),
        ("lossy.webp", golden("lossy.webp"), 8),
        ("animated.webp", golden("animated.webp"), 0),
        ("animated.gif", golden("animated.gif"), 0),
        ("palette2.png", golden("palette2.png"), 0),
        ("lzw.tif", golden("lzw.tif"), 0),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, bytes, tolerance)| {
            let found = read(bytes).map_or_else(
                |e| Some(e.to_string()),
                |p| difference(&p, 3, *tolerance, QUADRANTS),
            );
            found.map(|what| format!("{name}: {what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn grey_is_repeated_and_alpha_is_kept() {
    let grey = DynamicImage::ImageRgb8(quadrants()).to_luma8();
    let level = |index: u32| grey.get_pixel(index % 2 * 16 + 8, index / 2 * 16 + 8).0[0];
    let greys = [0, 1, 2, 3].map(|index| [level(index); 3]);
    let mut rgba = DynamicImage::ImageRgb8(quadrants()).to_rgba8();
    rgba.get_pixel_mut(3, 2).0[3] = 77;
    let mut wide = DynamicImage::ImageRgba8(rgba.clone()).to_rgba16();
    wide.get_pixel_mut(3, 2).0[3] = 77 << 8 | 0xff;
    let cases = [
        (
            DynamicImage::ImageLuma8(grey.clone()),
            ImageFormat::Png,
            3,
            greys,
        ),
        (
            DynamicImage::ImageLuma8(grey.clone()),
            ImageFormat::Tiff,
            3,
            greys,
        ),
        (
            DynamicImage::ImageLuma16(DynamicImage::ImageLuma8(grey).to_luma16()),
            ImageFormat::Png,
            3,
            greys,
        ),
        (
            DynamicImage::ImageRgba8(rgba.clone()),
            ImageFormat::Png,
            4,
            QUADRANTS,
        ),
        (
            DynamicImage::ImageRgba8(rgba.clone()),
            ImageFormat::WebP,
            4,
            QUADRANTS,
        ),
        (
            DynamicImage::ImageRgba8(rgba),
            ImageFormat::Tiff,
            4,
            QUADRANTS,
        ),
        (
            DynamicImage::ImageRgba16(wide),
            ImageFormat::Png,
            4,
            QUADRANTS,
        ),
    ];
    for (index, (picture, format, channels, expected)) in cases.into_iter().enumerate() {
        let found = read(&encoded(&picture, format)).unwrap();
        assert_eq!(
            difference(&found, channels, 0, expected),
            None,
            "case {index}, {format:?}"
        );
        if channels == 4 {
            assert_eq!(
                found.data[(2 * 32 + 3) * 4 + 3],
                77,
                "case {index}, {format:?}"
            );
        }
    }
}

#[test]
fn floating_point_samples_become_16_bits() {
    let float = DynamicImage::ImageRgb32F(DynamicImage::ImageRgb8(quadrants()).to_rgb32f());
    let found = read(&encoded(&float, ImageFormat::Tiff)).unwrap();
    assert_eq!(difference(&found, 3, 0, QUADRANTS), None);
    assert_eq!(found.fine.unwrap(), found.data);
}

/// A WebP file of one chunk as an extended one that announces alpha, EXIF, XMP and frames, none of which are there.
fn extended(plain: &[u8]) -> Vec<u8> {
    let header = b"VP8X\x0a\0\0\0\x1e\0\0\0\x1f\0\0\x1f\0\0";
    let size = (plain.len() - 8 + header.len()) as u32;
    [
        b"RIFF",
        &size.to_le_bytes()[..],
        b"WEBP",
        header,
        &plain[12..],
    ]
    .concat()
}

#[test]
fn chunks_that_a_webp_announces_and_does_not_have_are_not_missed() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/lossy.webp");
    let lossless = encoded(&DynamicImage::ImageRgb8(quadrants()), ImageFormat::WebP);
    for plain in [std::fs::read(golden).unwrap(), lossless] {
        assert_eq!(read(&extended(&plain)).unwrap(), read(&plain).unwrap());
    }
}
