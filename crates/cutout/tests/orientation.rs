//! Every orientation of every format that can state one.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use cutout::{Limits, decode};
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, Rgb, RgbImage};

/// Type and count of the entry that states the orientation: one SHORT as EXIF has it, and what other writers make of it.
const KINDS: [(u16, u32); 5] = [(3, 1), (4, 1), (1, 1), (8, 1), (3, 2)];

/// EXIF with one entry, the orientation.
fn exif(orientation: u8, (kind, count): (u16, u32)) -> Vec<u8> {
    [
        b"II*\0\x08\0\0\0\x01\0\x12\x01",
        &kind.to_le_bytes()[..],
        &count.to_le_bytes(),
        &[orientation, 0, 0, 0],
        &[0; 4],
    ]
    .concat()
}

/// An uncompressed RGB TIFF; the `image` crate writes no orientation.
fn tiff(picture: &RgbImage, orientation: u8, (kind, count): (u16, u32)) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let pixels = picture.as_raw();
    let (bits, end) = (8, 14 + pixels.len() as u32);
    let entries: [(u16, u16, u32, u32); 10] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, bits),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 14),
        (274, kind, count, orientation.into()),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, pixels.len() as u32),
    ];
    let mut out = [
        b"II*\0",
        &end.to_le_bytes()[..],
        &[8, 0, 8, 0, 8, 0],
        pixels,
        &[10, 0],
    ]
    .concat();
    for (tag, kind, count, value) in entries {
        out.extend(
            [
                &tag.to_le_bytes()[..],
                &kind.to_le_bytes(),
                &count.to_le_bytes(),
                &value.to_le_bytes(),
            ]
            .concat(),
        );
    }
    out.extend([0; 4]);
    out
}

#[test]
fn all_eight_orientations_come_out_upright_from_every_format_that_has_them() {
    let upright = RgbImage::from_fn(48, 32, |x, y| Rgb([(x * 5) as u8, (y * 7) as u8, 100]));
    let mut wrong = Vec::new();
    for orientation in 1..=8 {
        // As stored: the inverse of what the reader has to do.
        let mut stored = DynamicImage::ImageRgb8(upright.clone());
        let inverse = match orientation {
            6 => 8,
            8 => 6,
            same => same,
        };
        stored.apply_orientation(Orientation::from_exif(inverse).unwrap());
        let stored = stored.to_rgb8();
        let files =
            KINDS.map(|kind| oriented_files(&stored, orientation, kind).map(|file| (kind, file)));
        for (kind, (name, bytes)) in files.into_iter().flatten() {
            let found = decode(&bytes, &Limits::default()).unwrap();
            let tolerance = if name == "jpeg" { 12 } else { 0 };
            let same = (found.width, found.height) == (48, 32)
                && found
                    .data
                    .iter()
                    .zip(upright.as_raw())
                    .all(|(a, b)| a.abs_diff(*b) <= tolerance);
            if !same {
                wrong.push(format!(
                    "{name}, orientation {orientation} as {kind:?}: {}×{}",
                    found.width, found.height
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn write_with_exif(mut encoder: impl ImageEncoder, picture: &RgbImage, exif: Vec<u8>) {
    encoder.set_exif_metadata(exif).unwrap();
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture, width, height, ExtendedColorType::Rgb8)
        .unwrap();
}

/// A PNG with EXIF as hexadecimal text, the way ImageMagick writes it.
fn with_raw_profile(picture: &RgbImage, exif: &[u8], packed: bool) -> Vec<u8> {
    let hex: String = exif.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("\nexif\n      {}\n4578\n69660000{hex}\n", exif.len() + 6);
    let keyword = "Raw profile type exif".to_owned();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    if packed {
        encoder.add_ztxt_chunk(keyword, text).unwrap();
    } else {
        encoder.add_text_chunk(keyword, text).unwrap();
    }
    encoder
        .write_header()
        .unwrap()
        .write_image_data(picture)
        .unwrap();
    out
}

fn oriented_files(
    stored: &RgbImage,
    orientation: u8,
    kind: (u16, u32),
) -> [(&'static str, Vec<u8>); 7] {
    let exif = exif(orientation, kind);
    let (mut jpeg, mut png, mut webp, mut prefixed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    write_with_exif(
        JpegEncoder::new_with_quality(&mut jpeg, 95),
        stored,
        exif.clone(),
    );
    write_with_exif(PngEncoder::new(&mut png), stored, exif.clone());
    write_with_exif(WebPEncoder::new_lossless(&mut webp), stored, exif.clone());
    write_with_exif(
        PngEncoder::new(&mut prefixed),
        stored,
        [b"Exif\0\0", &exif[..]].concat(),
    );
    [
        ("jpeg", jpeg),
        ("png", png),
        ("webp", webp),
        ("png, prefixed", prefixed),
        ("png, raw profile", with_raw_profile(stored, &exif, false)),
        (
            "png, packed raw profile",
            with_raw_profile(stored, &exif, true),
        ),
        ("tiff", tiff(stored, orientation, kind)),
    ]
}
