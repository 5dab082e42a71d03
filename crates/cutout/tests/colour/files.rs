//! What results hold and do not hold, and how large they are.

use cutout::{Encoding, Format, PngEffort, WebpQuality};
use image::codecs::webp::WebPEncoder;

use super::*;

fn encodings() -> [(&'static str, Encoding); 4] {
    let png = Encoding::default();
    let lossy = Encoding {
        webp: WebpQuality::Lossy(90),
        ..png.of(Format::WebP)
    };
    [
        ("png", png),
        ("webp", png.of(Format::WebP)),
        ("lossy webp", lossy),
        ("jpeg", png.of(Format::Jpeg)),
    ]
}

fn webp(data: &[u8], kind: ExtendedColorType, profile: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    file(WebPEncoder::new_lossless(&mut out), data, kind, profile);
    out
}

#[test]
fn every_encoding_keeps_the_profile_and_drops_exif() {
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    for profile in [p3(), srgb, Vec::new()] {
        let kind = ExtendedColorType::Rgb8;
        for picture in [
            png(&rgb(), kind, &profile),
            jpeg(&rgb(), kind, &profile),
            webp(&rgb(), kind, &profile),
        ] {
            for (name, encoding) in encodings() {
                let options = Options {
                    encoding,
                    ..Options::default()
                };
                let (found, exif, _) = opened(&made(&picture, &options));
                assert_eq!(found.unwrap_or_default(), profile, "{name}");
                assert_eq!(exif, None, "{name}");
            }
        }
    }
}

#[test]
fn samples_of_16_bits_stay_as_they_are_where_the_mask_is_opaque() {
    for (kind, samples) in [
        (ExtendedColorType::Rgb16, 3),
        (ExtendedColorType::Rgba16, 4),
        (ExtendedColorType::L16, 1),
        (ExtendedColorType::La16, 2),
    ] {
        let stored = noise(SIDE as usize * SIDE as usize * samples * 2);
        let stored: Vec<u16> = stored
            .chunks(2)
            .map(|b| u16::from_ne_bytes([b[0], b[1]]))
            .collect();
        let bytes: Vec<u8> = stored.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let (profile, _, out) = opened(&made(&png(&bytes, kind, &p3()), &Options::default()));
        assert_eq!(profile, Some(p3()), "{kind:?}");
        let DynamicImage::ImageRgba16(out) = out else {
            panic!("{kind:?} has become {:?}", out.color());
        };
        for ((x, _, found), stored) in out.enumerate_pixels().zip(stored.chunks(samples)) {
            let expected = match *stored {
                _ if x < 8 => [0; 4],
                [r, g, b] => [r, g, b, u16::MAX],
                [.., 0] if samples == 2 || samples == 4 => [0; 4],
                [r, g, b, a] => [r, g, b, a],
                [v, a] => [v, v, v, a],
                [v] => [v, v, v, u16::MAX],
                _ => panic!("{stored:?}"),
            };
            assert_eq!(found.0, expected, "{kind:?}");
        }
    }
}

#[test]
fn a_higher_quality_is_a_larger_file() {
    let large: Vec<u8> = (0..200 * 200 * 3)
        .map(|i: u32| (i / 3 * 7 % 251 + i % 3 * 9) as u8)
        .collect();
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(&large, 200, 200, ExtendedColorType::Rgb8)
        .unwrap();
    let size = |encoding| {
        let options = Options {
            encoding,
            ..Options::default()
        };
        made(&file, &options).len()
    };
    let png = Encoding::default();
    let qualities = [1, 25, 50, 75, 100];
    let jpeg = qualities.map(|jpeg| {
        size(Encoding {
            jpeg,
            ..png.of(Format::Jpeg)
        })
    });
    let webp = qualities.map(|quality| {
        let webp = WebpQuality::Lossy(quality);
        size(Encoding {
            webp,
            ..png.of(Format::WebP)
        })
    });
    for sizes in [jpeg, webp] {
        assert!(sizes.is_sorted() && sizes[0] < sizes[4], "{sizes:?}");
    }
    let small = Encoding {
        png: PngEffort::Small,
        ..png
    };
    assert!(size(small) < size(png), "{} {}", size(small), size(png));
}

#[test]
fn a_small_png_is_never_larger_than_a_fast_one() {
    // Grain is what the slow way is worse at.
    let grain = png(&rgb(), ExtendedColorType::Rgb8, &[]);
    let [fast, small] = [PngEffort::Fast, PngEffort::Small].map(|png| {
        let encoding = Encoding {
            png,
            ..Encoding::default()
        };
        let options = Options {
            encoding,
            ..Options::default()
        };
        made(&grain, &options).len()
    });
    assert!(small <= fast, "{small} {fast}");
}
