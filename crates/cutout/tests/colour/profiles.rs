//! What becomes of profiles.

use std::path::Path;

use cutout::{Background, Profile};
use moxcms::DataColorSpace;
use proptest::prelude::*;

use super::*;

#[test]
fn a_transparent_cutout_keeps_the_values_of_a_wide_profile() {
    let picture = png(&rgb(), ExtendedColorType::Rgb8, &p3());
    let (_, _, out) = opened(&made(&picture, &Options::default()));
    for ((x, _, found), stored) in out.to_rgba8().enumerate_pixels().zip(rgb().chunks(3)) {
        if x >= 8 {
            assert_eq!(found.0, [stored[0], stored[1], stored[2], 255]);
        } else {
            assert_eq!(found.0, [0; 4]);
        }
    }
}

#[test]
fn a_background_is_put_behind_colours_of_srgb() {
    let expected = to_srgb(&p3(), &rgb());
    let moved = worst(&expected, &rgb());
    assert!(
        moved > 20,
        "the two spaces are not far enough apart: {moved}"
    );
    let picture = png(&rgb(), ExtendedColorType::Rgb8, &p3());
    // A background with a profile of its own is converted too.
    let behind = png(&rgb(), ExtendedColorType::Rgb8, &p3());
    for background in [
        Background::Colour([9, 8, 7, 255]),
        Background::Picture(behind),
    ] {
        let options = Options {
            background: background.clone(),
            ..Options::default()
        };
        let (found, _, out) = opened(&made(&picture, &options));
        assert_eq!(found, None);
        for ((x, _, found), expected) in out.to_rgb8().enumerate_pixels().zip(expected.chunks(3)) {
            let expected = match (x, &background) {
                (..8, Background::Colour([r, g, b, _])) => &[*r, *g, *b],
                _ => expected,
            };
            assert!(worst(&found.0, expected) <= 1, "{found:?} {expected:?}");
        }
    }
}

#[test]
fn the_network_and_thumbnails_see_srgb() {
    let kind = ExtendedColorType::Rgb8;
    let wide = png(&rgb(), kind, &p3());
    let converted = png(&to_srgb(&p3(), &rgb()), kind, &[]);
    let options = Options {
        thumbnails: Some(SIDE),
        quality: Quality::Fast,
        ..Options::default()
    };
    let shown = |file: &[u8]| {
        let (mut pipeline, input) = seeing();
        let out = pipeline.remove(file, &options, &mut |_| {}).unwrap();
        (input.take(), out.thumbnails.unwrap())
    };
    assert!(shown(&wide) == shown(&converted));
    assert!(shown(&wide) != shown(&png(&rgb(), kind, &[])));
}

#[test]
fn a_grey_picture_with_a_profile_of_grey_becomes_srgb() {
    let profile = ColorProfile::new_gray_with_gamma(1.4);
    let mut light = ColorProfile::new_gray_with_gamma(1.0);
    // Lightness instead of light: the other connection space.
    light.pcs = DataColorSpace::Lab;
    let (profile, light) = (profile.encode().unwrap(), light.encode().unwrap());
    let (grey8, grey16) = (noise(256), noise(512));
    let by_gamma = |level: f64| level.powf(1.4);
    let by_lightness = |level: f64| match level {
        0.08.. => ((level + 0.16) / 1.16).powi(3),
        _ => level / 9.033,
    };
    let expected = |light: f64| {
        if light <= 0.003_130_8 {
            light * 12.92
        } else {
            1.055 * light.powf(1.0 / 2.4) - 0.055
        }
    };
    let limits = Limits::default();
    type Case<'a> = (Vec<u8>, u32, &'a dyn Fn(f64) -> f64);
    let (l8, l16) = (ExtendedColorType::L8, ExtendedColorType::L16);
    let cases: [Case<'_>; 4] = [
        (png(&grey8, l8, &profile), 8, &by_gamma),
        (jpeg(&grey8, l8, &profile), 8, &by_gamma),
        (png(&grey16, l16, &profile), 16, &by_gamma),
        (png(&grey8, l8, &light), 8, &by_lightness),
    ];
    for (file, bits, curve) in cases {
        let found = decode(&file, &limits).unwrap();
        let stored = decode(&without_profile(&file), &limits).unwrap();
        assert_eq!(found.profile, None);
        assert_eq!(found.fine.is_some(), bits == 16);
        for i in 0..found.data.len() {
            let (level, found) = match (&stored.fine, &found.fine) {
                (Some(stored_low), Some(found_low)) => (
                    f64::from(u16::from_be_bytes([stored.data[i], stored_low[i]])) / 65_535.0,
                    f64::from(u16::from_be_bytes([found.data[i], found_low[i]])) / 65_535.0,
                ),
                _ => (
                    f64::from(stored.data[i]) / 255.0,
                    f64::from(found.data[i]) / 255.0,
                ),
            };
            // The profile holds its gamma as a table.
            let off = (found - expected(curve(level))).abs();
            assert!(off < 0.51 / 255.0 + 0.002, "{bits}: {level} {found} {off}");
        }
    }
}

/// The same PNG or JPEG without its profile.
fn without_profile(file: &[u8]) -> Vec<u8> {
    let position = |name: &[u8]| file.windows(name.len()).position(|window| window == name);
    let mut file = file.to_vec();
    if let Some(at) = position(b"iCCP") {
        // A length, the name, so many bytes, and a checksum.
        let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap());
        file.drain(at - 4..at + length as usize + 8);
    }
    if let Some(at) = position(b"ICC_PROFILE") {
        // A marker, a length that covers itself and what follows.
        let length = u16::from_be_bytes(file[at - 2..at].try_into().unwrap());
        file.drain(at - 4..at - 2 + usize::from(length));
    }
    file
}

#[test]
fn inks_become_the_srgb_that_littlecms_makes_of_them() {
    let golden = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        std::fs::read(folder.join(name)).unwrap()
    };
    let found = decode(&golden("inks.jpg"), &Limits::default()).unwrap();
    let expected = decode(&golden("inks.png"), &Limits::default()).unwrap();
    assert_eq!((found.width, found.height, found.channels), (64, 64, 3));
    let off = found.data.iter().zip(&expected.data);
    let off: Vec<f64> = off.map(|(a, b)| f64::from(a.abs_diff(*b))).collect();
    let mean = off.iter().sum::<f64>() / off.len() as f64;
    let largest = off.iter().copied().fold(0.0, f64::max);
    assert!(mean < 1.5 && largest <= 6.0, "{mean} {largest}");
}

#[test]
fn inks_without_a_profile_are_not_inverted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/odd/ok");
    let Ok(file) = std::fs::read(folder.join("cmyk_adobe.jpg")) else {
        println!("skip: {} is not there", folder.display());
        return;
    };
    // Means of the image's sixteen parts, by Pillow 12.0.0.
    const EXPECTED: [[u8; 3]; 16] = [
        [38, 5, 8],
        [1, 4, 5],
        [1, 4, 5],
        [1, 4, 5],
        [71, 8, 11],
        [113, 10, 14],
        [78, 8, 11],
        [62, 7, 10],
        [27, 5, 7],
        [40, 6, 8],
        [29, 5, 7],
        [18, 5, 6],
        [1, 4, 5],
        [1, 4, 5],
        [1, 4, 5],
        [1, 4, 5],
    ];
    let picture = decode(&file, &Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height), (100, 100));
    for (index, expected) in EXPECTED.iter().enumerate() {
        let mut sums = [0_u32; 3];
        for (x, y) in (0..25).flat_map(|y| (0..25).map(move |x| (x, y))) {
            let at = ((index / 4 * 25 + y) * 100 + index % 4 * 25 + x) * 3;
            (0..3).for_each(|i| sums[i] += u32::from(picture.data[at + i]));
        }
        let found = sums.map(|sum| (sum / 625) as u8);
        assert!(
            worst(&found, expected) <= 2,
            "{index}: {found:?} {expected:?}"
        );
    }
}

#[test]
fn a_picture_with_a_profile_that_cannot_be_is_made_without_it() {
    let mut broken = p3();
    broken[36..40].copy_from_slice(b"pasc");
    let grey = ColorProfile::new_gray_with_gamma(1.4).encode().unwrap();
    let inks = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/inks.jpg"));
    let inks = decode_icc(&inks.unwrap());
    let mut large = p3();
    large.resize((4 << 20) + 1, 0);
    let kind = ExtendedColorType::Rgb8;
    let plain = made(&png(&rgb(), kind, &[]), &Options::default());
    for (name, profile) in [
        ("no profile", b"not a profile".to_vec()),
        ("broken", broken),
        ("cut short", p3()[..200].to_vec()),
        ("of grey", grey),
        ("of inks", inks),
        ("too large", large),
    ] {
        assert_eq!(Profile::new(&profile), None, "{name}");
        let out = made(&png(&rgb(), kind, &profile), &Options::default());
        assert_eq!(out, plain, "{name}");
    }
}

fn decode_icc(jpeg: &[u8]) -> Vec<u8> {
    let mut decoder = JpegDecoder::new(Cursor::new(jpeg)).unwrap();
    decoder.icc_profile().unwrap().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn damaged_profiles_never_refuse_a_picture(
        which in 0..3_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(), is_cut in any::<bool>(),
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let grey = ColorProfile::new_gray_with_gamma(1.4).encode().unwrap();
        let mut profile = match which {
            0 => p3(),
            1 => grey,
            _ => decode_icc(&std::fs::read(folder.join("inks.jpg")).unwrap()),
        };
        for (index, value) in changes {
            let at = index.index(profile.len());
            profile[at] = value;
        }
        if is_cut {
            profile.truncate(cut.index(profile.len()).max(1));
        }
        let picture = match which {
            1 => png(&noise(256), ExtendedColorType::L8, &profile),
            _ => png(&rgb(), ExtendedColorType::Rgb8, &profile),
        };
        let options = Options { background: Background::Colour([1, 2, 3, 255]), ..Options::default() };
        let out = pipeline().remove(&picture, &options, &mut |_| {});
        prop_assert!(out.is_ok());
    }
}
