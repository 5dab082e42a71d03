//! How large a result is printed.

use cutout::{Background, Density, Encoding, Format, Layout, Length, Margins, Size};
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::{PixelDensity, PixelDensityUnit};
use image::codecs::webp::WebPEncoder;

use super::*;

/// 300 and 150 pixels of an inch.
const STATED: Density = Density {
    x: 11_811,
    y: 5_906,
};

/// A little-endian directory: X and Y resolution, its unit, and an orientation.
fn exif(x: u32, y: u32, unit: u8, orientation: u8) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x04\0".to_vec();
    for (tag, kind, value) in [
        (0x112_u16, 3_u16, orientation),
        (0x11a, 5, 62),
        (0x11b, 5, 70),
        (0x128, 3, unit),
    ] {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([1, 0, 0, 0, value, 0, 0, 0]);
    }
    bytes.extend([0; 4]);
    bytes.extend(
        [x, 1, y, 1]
            .iter()
            .flat_map(|value: &u32| value.to_le_bytes()),
    );
    bytes
}

fn with_exif(mut encoder: impl ImageEncoder, exif: Vec<u8>) {
    encoder.set_exif_metadata(exif).unwrap();
    let kind = ExtendedColorType::Rgb8;
    encoder.write_image(&rgb(), SIDE, SIDE, kind).unwrap();
}

fn pixels_of_metre(x: u32, y: u32, unit: u8) -> Vec<u8> {
    let chunk = [&x.to_be_bytes()[..], &y.to_be_bytes(), &[unit]].concat();
    behind_header(
        png(&rgb(), ExtendedColorType::Rgb8, &[]),
        &[(b"pHYs", chunk)],
    )
}

fn jfif(density: (u16, u16), unit: PixelDensityUnit) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new(&mut out);
    encoder.set_pixel_density(PixelDensity { density, unit });
    encoder
        .write_image(&rgb(), SIDE, SIDE, ExtendedColorType::Rgb8)
        .unwrap();
    out
}

/// An uncompressed TIFF: its pixels, X and Y resolution, its directory.
fn tiff(x: u32, y: u32, unit: u32) -> Vec<u8> {
    let pixels = rgb();
    let (at, length) = (8, pixels.len() as u32);
    let mut file = b"II*\0".to_vec();
    file.extend((at + length + 16).to_le_bytes());
    file.extend(pixels);
    file.extend([x, 1, y, 1].iter().flat_map(|value| value.to_le_bytes()));
    let entries: [(u16, u16, u32); 11] = [
        (256, 4, SIDE),
        (257, 4, SIDE),
        (258, 3, 8),
        (262, 3, 2),
        (273, 4, at),
        (277, 3, 3),
        (278, 4, SIDE),
        (279, 4, length),
        (282, 5, at + length),
        (283, 5, at + length + 8),
        (296, 3, unit),
    ];
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        file.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn the_density_is_read_from_every_format_that_has_it() {
    let mut bmp = Vec::new();
    BmpEncoder::new(&mut bmp)
        .encode(&rgb(), SIDE, SIDE, ExtendedColorType::Rgb8)
        .unwrap();
    bmp[38..42].copy_from_slice(&11_811_i32.to_le_bytes());
    bmp[42..46].copy_from_slice(&5_906_i32.to_le_bytes());
    let mut negative = bmp.clone();
    negative[38..42].copy_from_slice(&(-5_i32).to_le_bytes());
    let (mut webp, mut png, mut jpeg, mut turned) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    with_exif(WebPEncoder::new_lossless(&mut webp), exif(300, 150, 2, 1));
    with_exif(PngEncoder::new(&mut png), exif(300, 150, 2, 1));
    with_exif(JpegEncoder::new(&mut jpeg), exif(300, 150, 2, 1));
    with_exif(PngEncoder::new(&mut turned), exif(150, 300, 2, 6));
    let mut metric = Vec::new();
    with_exif(PngEncoder::new(&mut metric), exif(100, 50, 3, 1));
    let inch = PixelDensityUnit::Inches;
    let cases = [
        ("pHYs", pixels_of_metre(11_811, 5_906, 1), Some(STATED)),
        ("pHYs without a unit", pixels_of_metre(1, 2, 0), None),
        ("pHYs of nothing", pixels_of_metre(0, 2, 1), None),
        ("pHYs of too much", pixels_of_metre(u32::MAX, 2, 1), None),
        ("JFIF", jfif((300, 150), inch), Some(STATED)),
        (
            "JFIF in centimetres",
            jfif((100, 50), PixelDensityUnit::Centimeters),
            Some(Density {
                x: 10_000,
                y: 5_000,
            }),
        ),
        (
            "JFIF without a unit",
            jfif((1, 1), PixelDensityUnit::PixelAspectRatio),
            None,
        ),
        ("BMP", bmp, Some(STATED)),
        ("a negative BMP", negative, None),
        ("TIFF", tiff(300, 150, 2), Some(STATED)),
        ("TIFF without a unit", tiff(1, 1, 1), None),
        ("EXIF in WebP", webp, Some(STATED)),
        ("EXIF in PNG", png, Some(STATED)),
        ("EXIF in JPEG", jpeg, Some(STATED)),
        ("EXIF of an image on its side", turned, Some(STATED)),
        (
            "EXIF in centimetres",
            metric,
            Some(Density {
                x: 10_000,
                y: 5_000,
            }),
        ),
    ];
    for (name, file, expected) in cases {
        let found = decode(&file, &Limits::default()).unwrap();
        assert_eq!(found.density, expected, "{name}");
    }
}

/// What a PNG's pHYs or a JPEG's JFIF says: the unit, across, down.
fn written(file: &[u8]) -> Option<(u8, u32, u32)> {
    if file.starts_with(b"\xff\xd8") {
        let two = |at: usize| u32::from(u16::from_be_bytes([file[at], file[at + 1]]));
        assert_eq!(&file[6..11], b"JFIF\0");
        return Some((file[13], two(14), two(16)));
    }
    let at = file.windows(4).position(|window| window == b"pHYs")?;
    let four = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    Some((file[at + 12], four(at + 4), four(at + 8)))
}

#[test]
fn png_and_jpeg_results_keep_the_density_also_when_they_are_smaller() {
    let file = pixels_of_metre(11_811, 5_906, 1);
    let layout = Layout {
        crop: Some(Margins::all(Length::Pixels(1))),
        ..Layout::default()
    };
    let plain = Options::default();
    let small = Size {
        max_side: Some(SIDE / 2),
        ..Size::default()
    };
    let options = [
        plain.clone(),
        Options {
            size: small,
            ..plain.clone()
        },
        Options {
            layout,
            ..plain.clone()
        },
        Options {
            layout,
            size: small,
            ..plain.clone()
        },
        Options {
            background: Background::Colour([1, 2, 3, 255]),
            ..plain
        },
    ];
    for (index, options) in options.iter().enumerate() {
        for (format, expected) in [
            (Format::Png, (1, 11_811, 5_906)),
            (Format::Jpeg, (1, 300, 150)),
        ] {
            let encoding = Encoding::default().of(format);
            let found = written(&made(
                &file,
                &Options {
                    encoding,
                    ..options.clone()
                },
            ));
            assert_eq!(found, Some(expected), "{index}, {format:?}");
        }
    }
    // Nothing is made up, and whole centimetres stay so.
    let encoding = Encoding::default().of(Format::Jpeg);
    let options = Options {
        encoding,
        ..plain.clone()
    };
    let none = png(&rgb(), ExtendedColorType::Rgb8, &[]);
    assert_eq!(written(&made(&none, &plain)), None);
    assert_eq!(written(&made(&none, &options)), Some((0, 1, 1)));
    let metric = jfif((100, 50), PixelDensityUnit::Centimeters);
    assert_eq!(written(&made(&metric, &options)), Some((2, 100, 50)));
    // What JFIF has no room for is left out.
    let fine = pixels_of_metre(100_000_000, 100_000_000, 1);
    assert_eq!(written(&made(&fine, &options)), Some((0, 1, 1)));
}
