//! Files that are not read, that lie, and that are damaged.

use proptest::prelude::*;

use super::*;
use crate::ErrorKind;

fn rgb() -> Vec<Tag> {
    tags(4, 3, 8, 2, 3)
}

fn pixels() -> Vec<Vec<u8>> {
    vec![(0..36).collect()]
}

#[test]
fn what_is_not_read_is_named_with_the_way_out() {
    let cases: [(&[(u16, u32)], &str); 16] = [
        (&[(259, 6)], "JPEG compression of the old style"),
        (&[(259, 50000)], "Zstandard compression"),
        (&[(259, 50001)], "WebP compression"),
        (&[(259, 34712)], "JPEG 2000 compression"),
        (&[(259, 12345)], "compression 12345"),
        (&[(262, 4)], "a transparency mask"),
        (&[(262, 8)], "CIE L*a*b* colours"),
        (&[(262, 32845)], "LogLuv colours"),
        (&[(262, 777)], "colours of kind 777"),
        (&[(258, 64)], "whole-number samples of 64 bits"),
        (&[(258, 24)], "whole-number samples of 24 bits"),
        (&[(339, 2)], "signed samples of 8 bits"),
        (&[(339, 6)], "complex samples"),
        (&[(259, 5), (317, 9)], "predictor 9"),
        (&[(259, 5), (317, 3)], "a predictor of floating point"),
        (&[(277, 65)], "65 samples"),
    ];
    for (others, expected) in cases {
        let error = read(&file(&with(rgb(), others), &pixels())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{expected}");
        let text = error.to_string();
        let way_out = "save it as PNG, or as an RGB TIFF with 8 or 16 bits";
        assert!(text.contains(expected) && text.ends_with(way_out), "{text}");
    }
}

#[test]
fn raw_images_of_cameras_are_named() {
    let mut nikon = Made::new(false, false);
    let sensor = nikon.directory(&tags(8, 6, 8, 32803, 1), &[vec![0; 48]]);
    let make = (271, 1, b"NIKON CORPORATION\0".map(u32::from).to_vec());
    let model = (272, 1, b"NIKON D1\x1b[31m\0".map(u32::from).to_vec());
    let mut first = with(rgb(), &[(254, 1), (330, sensor as u32)]);
    first.extend([make, model]);
    nikon.page(&first, &pixels());
    let mut canon = Made::new(true, false);
    canon.bytes.extend(b"CR\x02\0\0\0\0\0");
    canon.page(&rgb(), &pixels());
    let mut dng = rgb();
    dng.push((50706, 1, vec![1, 4, 0, 0]));
    let cases = [
        (nikon.bytes, "(Nikon NEF, NIKON D1[31m)"),
        (canon.bytes, "(Canon CR2)"),
        (file(&dng, &pixels()), "(DNG)"),
        (
            file(&tags(6, 6, 8, 34892, 1), &pixels()),
            "(data of a sensor)",
        ),
        (b"IIRO\x08\0\0\0".to_vec(), "an Olympus raw image (ORF)"),
        (b"IIU\0\x08\0\0\0".to_vec(), "a Panasonic raw image (RW2)"),
    ];
    for (bytes, expected) in cases {
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{expected}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("PNG"), "{text}");
    }
}

#[test]
fn sizes_that_lie_are_refused_before_memory_is_taken() {
    let tiles = |width, height| with(rgb(), &[(322, width), (323, height)]);
    let cases = [
        (with(rgb(), &[(256, 40_000)]), ErrorKind::TooManyPixels),
        (
            with(rgb(), &[(256, 30_000), (257, 30_000)]),
            ErrorKind::TooManyPixels,
        ),
        (with(rgb(), &[(256, 0)]), ErrorKind::Undecodable),
        // More pixels than the strip has bytes for.
        (with(rgb(), &[(257, 4)]), ErrorKind::Undecodable),
        (
            with(rgb(), &[(257, 9_000), (259, 8)]),
            ErrorKind::Undecodable,
        ),
        (
            with(rgb(), &[(257, 9_000), (259, 32773)]),
            ErrorKind::Undecodable,
        ),
        // More strips than there are places.
        (with(rgb(), &[(278, 1)]), ErrorKind::Undecodable),
        (tiles(0, 16), ErrorKind::Undecodable),
        (tiles(1 << 31, 1 << 31), ErrorKind::Undecodable),
        (tiles(u32::MAX, u32::MAX), ErrorKind::Undecodable),
        (tiles(1, 1), ErrorKind::Undecodable),
        (with(rgb(), &[(277, 2), (258, 8)]), ErrorKind::Undecodable),
        (
            with(tags(4, 3, 8, 3, 1), &[(320, 7)]),
            ErrorKind::Undecodable,
        ),
        (with(rgb(), &[(259, 4)]), ErrorKind::Undecodable),
        (with(rgb(), &[(259, 7)]), ErrorKind::Undecodable),
    ];
    for (index, (tags, expected)) in cases.into_iter().enumerate() {
        let error = read(&file(&tags, &pixels())).unwrap_err();
        assert_eq!(error.kind(), expected, "case {index}: {error}");
    }
    for bytes in [&b"II*\0"[..], b"MM\0+\0\x08\0\0", b"II*\0\xff\xff\xff\xff"] {
        assert_eq!(read(bytes).unwrap_err().kind(), ErrorKind::Undecodable);
    }
}

/// Files of many kinds, small enough that most changes hit what counts.
fn kinds() -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = (0..=255).cycle().take(24 * 20 * 4).collect();
    let strip = std::slice::from_ref(&bytes);
    let tiles = [(322, 16), (323, 16), (284, 2)];
    let tile: Vec<u8> = bytes[..256].to_vec();
    let mut made = vec![
        file(&tags(24, 20, 8, 2, 3), strip),
        file(
            &with(tags(24, 20, 8, 5, 4), &[(259, 5), (317, 2)]),
            &[lzw(&bytes)],
        ),
        file(
            &with(tags(24, 20, 16, 1, 2), &[(259, 8), (338, 1)]),
            &[deflated(&bytes)],
        ),
        file(
            &with(tags(24, 20, 32, 1, 1), &[(259, 8), (317, 3), (339, 3)]),
            &[deflated(&bytes)],
        ),
        file(
            &with(with(tags(24, 20, 8, 2, 3), &tiles), &[(259, 5)]),
            &vec![lzw(&tile); 12],
        ),
        file(&with(tags(24, 20, 8, 6, 3), &[(530, 2)]), strip),
        file(&tags(24, 20, 12, 0, 1), strip),
        include_bytes!("../../../../tests/golden/lzw.tif").to_vec(),
    ];
    let mut palette = tags(24, 20, 4, 3, 1);
    palette.push((320, 3, (0..48).map(|value| value * 1000).collect()));
    made.push(file(&palette, strip));
    let fax = "2e19c23e16eb1173d937511191d11d11d11d11d11d11d11d11d04a84445888d8008008";
    made.push(file(
        &with(tags(21, 7, 1, 0, 1), &[(259, 4)]),
        &[bytes_of_hex(fax)],
    ));
    let fax = "001b867001047c2dd40066a1b00053d93750019700111d11d11d11d11d11d11d11d11d04a003350b3c";
    made.push(file(
        &with(tags(21, 7, 1, 0, 1), &[(259, 3), (292, 1)]),
        &[bytes_of_hex(fax)],
    ));
    let jpeg = include_bytes!("../../../../tests/golden/rgb_coded.jpg").to_vec();
    made.push(file(&with(tags(32, 32, 8, 2, 3), &[(259, 7)]), &[jpeg]));
    let mut big = Made::new(false, true);
    big.page(&with(tags(24, 20, 8, 1, 1), &[(254, 1)]), strip);
    big.page(&tags(24, 20, 8, 2, 4), strip);
    made.push(big.bytes);
    made
}

#[test]
fn files_that_are_to_be_damaged_are_whole() {
    for (index, bytes) in kinds().into_iter().enumerate() {
        if let Err(error) = read(&bytes) {
            panic!("kind {index}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damaged_files_never_panic(
        kind in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let kinds = kinds();
        let mut bytes = kinds[kind.index(kinds.len())].clone();
        for (index, value, in_directory) in changes {
            // Directories are at the end.
            let from = if in_directory { bytes.len().saturating_sub(160) } else { 0 };
            let at = from + index.index(bytes.len() - from);
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = Limits { max_side: 2_048, max_pixels: 1 << 20, ..Limits::default() };
        if let Ok(picture) = decode(&bytes, &limits) {
            let pixels = picture.width as usize * picture.height as usize;
            prop_assert_eq!(picture.data.len(), pixels * picture.channels);
        }
    }
}
