//! Files by real encoders against what real decoders make of them (`fixtures/heif`), and files that nobody meant to be read.

use heifer::{EncodeOptions, Image};
use proptest::prelude::*;

use super::image::span;
use super::*;
use crate::ErrorKind;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../fixtures/heif/", $name))
    };
    ($name:literal, $ending:literal) => {
        include_bytes!(concat!("../../../../../fixtures/heif/", $name, $ending))
    };
}

/// Name, the file, the pixels by libheif or libavif as PNG, and the largest mean difference in levels.
macro_rules! cases {
    ($($name:literal within $most:literal),+ $(,)?) => {
        [$(($name, fixture!($name).as_slice(), fixture!($name, ".png").as_slice(), $most)),+]
    };
}

fn read(bytes: &[u8]) -> Result<Picture, Error> {
    crate::decode(bytes, &Limits::default())
}

/// libheif repeats chroma where it has half of the width, so that it has other colours at the edges of this small image; on one of
/// 600 × 400 pixels the mean difference is 1.0.
#[test]
fn pixels_are_those_of_libheif_and_libavif() {
    let cases = cases![
        "420.heic" within 3.0,
        "422.heic" within 3.0,
        "444.heic" within 0.1,
        "deep.heic" within 1.0,
        "alpha.heic" within 0.1,
        "400.avif" within 0.1,
        "420.avif" within 0.3,
        "422.avif" within 0.3,
        "444.avif" within 0.3,
        "alpha.avif" within 0.3,
        "deep.avif" within 1.0,
        "deeper.avif" within 1.0,
        "grid.avif" within 0.3,
        "limited-grey.avif" within 0.3,
        "limited.avif" within 0.3,
        "lossless.avif" within 0.0,
        "mirrored-0.avif" within 0.3,
        "mirrored-1.avif" within 0.3,
        "p3.avif" within 0.3,
        "premultiplied.avif" within 1.0,
        "turned-1.avif" within 0.3,
        "turned-2.avif" within 0.3,
        "turned-3.avif" within 0.3,
    ];
    for (name, bytes, expected, most) in cases {
        let picture = read(bytes).unwrap();
        let expected = read(expected).unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.channels),
            (expected.width, expected.height, expected.channels),
            "{name}"
        );
        let pairs = picture.data.chunks_exact(picture.channels);
        let pairs = pairs.zip(expected.data.chunks_exact(picture.channels));
        // What is wholly transparent has no colour, and next to it premultiplied colours have few levels.
        let visible = pairs.filter(|(_, b)| b.get(3).is_none_or(|alpha| *alpha > 40));
        let differences = visible.flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)));
        let (sum, count) = differences.fold((0.0, 0.0), |(sum, count), difference| {
            (sum + f64::from(difference), count + 1.0)
        });
        let mean = sum / count;
        println!("{name}: {mean:.3}");
        assert!(mean <= most, "{name}: {mean}");
        assert_eq!(picture.fine.is_some(), name.starts_with("deep"), "{name}");
        assert_eq!(picture.profile.is_some(), name.starts_with("p3"), "{name}");
    }
}

#[test]
fn what_would_come_out_wrong_is_refused_by_name() {
    let cases: [(&str, &[u8], &str); 1] = [(
        "ycgco.avif",
        fixture!("ycgco.avif"),
        "matrix coefficients 8",
    )];
    for (name, bytes, expected) in cases {
        let error = read(bytes).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{name}");
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
}

/// The file states PQ of an image that was made as sRGB: read as light, its white is far beyond that of sRGB.
#[test]
fn high_dynamic_range_becomes_srgb_with_its_bits() {
    let picture = read(fixture!("pq.avif")).unwrap();
    assert!(picture.profile.is_none() && picture.fine.is_some());
    let stored = read(fixture!("deep.avif")).unwrap();
    let mean = |picture: &Picture| {
        let sum: u64 = picture.data.iter().map(|value| u64::from(*value)).sum();
        sum / picture.data.len() as u64
    };
    assert!(mean(&picture).abs_diff(mean(&stored)) > 10);
    let brightest = picture.data.iter().max();
    assert!(brightest >= Some(&250), "{brightest:?}");
}

/// As phones write them: tiles of 512 × 512, by heifer's encoder.
#[test]
fn a_photo_in_tiles_is_put_together_and_limited() {
    let (width, height) = (1200, 700);
    let value = |x: u32, y: u32| [(x / 5) as u16, (y / 3) as u16, ((x + y) / 8) as u16, 255];
    let mut image = Image::filled(width, height, 8, [0; 4]);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    image.data = places.flat_map(|(x, y)| value(x, y)).collect();
    let bytes = heifer::encode(&image, &EncodeOptions::default()).unwrap();
    let picture = read(&bytes).unwrap();
    assert_eq!(
        (picture.width, picture.height, picture.channels),
        (width, height, 3)
    );
    let pixels = picture.data.as_chunks::<3>().0.iter();
    let expected = image.data.as_chunks::<4>().0;
    let worst = pixels.zip(expected).flat_map(|(found, expected)| {
        let pairs = found.iter().zip(expected);
        pairs.map(|(a, b)| u16::from(*a).abs_diff(*b))
    });
    let worst = worst.max();
    assert!(worst <= Some(12), "{worst:?}");

    let limits = Limits {
        max_pixels: u64::from(width * height) - 1,
        ..Limits::default()
    };
    let error = crate::decode(&bytes, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyPixels, "{error}");
}

#[test]
fn a_clean_aperture_is_cut_out_around_the_middle() {
    let cases = [
        (600, (201, 1), (5, 1), Some((205, 201))),
        (600, (600, 1), (0, 1), Some((0, 600))),
        (601, (301, 1), (-150, 1), Some((0, 301))),
        (600, (603, 2), (0, 1), Some((149, 302))),
        (600, (601, 1), (0, 1), None),
        (600, (201, 1), (300, 1), None),
        (600, (201, 0), (0, 1), None),
        (600, (0, 1), (0, 1), None),
    ];
    for (whole, length, offset, expected) in cases {
        let found = span(whole, length, offset).ok();
        assert_eq!(found, expected, "{length:?} at {offset:?} of {whole}");
    }
}

/// Files of all kinds, to be spoilt.
fn sound() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![
        fixture!("420.heic").as_slice(),
        fixture!("alpha.heic"),
        fixture!("deep.heic"),
        fixture!("420.avif"),
        fixture!("grid.avif"),
        fixture!("premultiplied.avif"),
        fixture!("mirrored-0.avif"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_400))]

    #[test]
    fn spoilt_files_are_errors_or_images_and_never_a_panic(
        bytes in sound(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = bytes.to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(end) = end {
            bytes.truncate(end.index(bytes.len()) + 1);
        }
        let limits = Limits { max_pixels: 100_000, ..Limits::default() };
        if let Ok(picture) = crate::decode(&bytes, &limits) {
            let area = picture.width as usize * picture.height as usize;
            prop_assert_eq!(picture.data.len(), area * picture.channels);
        }
    }
}
