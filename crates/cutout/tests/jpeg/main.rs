//! Every kind of JPEG, whole and torn.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod bounds;

use std::path::Path;

use cutout::{Error, ErrorKind, Limits, Picture, decode};
use proptest::prelude::*;

/// Files, what libjpeg makes of them, and how far a value may be from that; `golden/jpeg/make.py` says how they were
/// made.
const KINDS: [(&str, &str, u8); 18] = [
    ("420", "420", 4),
    ("420_progressive", "420", 4),
    ("420_scans", "420", 0),
    ("420_scans_restarts", "420", 0),
    ("420_pair", "420", 0),
    ("420_pair_restarts", "420", 0),
    ("420_progressive_pair", "420", 0),
    ("420_arithmetic", "420", 0),
    ("420_arithmetic_scans", "420", 0),
    ("420_arithmetic_progressive", "420", 0),
    ("3x1", "3x1", 0),
    ("fine", "fine", 0),
    ("lossless", "source", 0),
    ("lossless_rgb12", "source", 0),
    ("lossless_grey16", "source", 0),
    ("rgb12", "source", 2),
    ("rgb12_progressive", "source", 2),
    ("grey12", "source", 2),
];

/// Of these a marker behind the data says where they end.
const ARITHMETIC: &str = "arithmetic";

fn golden(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg");
    std::fs::read(folder.join(name)).unwrap()
}

fn read(bytes: &[u8]) -> Result<Picture, Error> {
    decode(bytes, &Limits::default())
}

/// Where a marker begins, the first time.
fn place(bytes: &[u8], marker: u8) -> usize {
    let found = bytes.windows(2).position(|pair| pair == [0xff, marker]);
    found.unwrap()
}

/// The name of an error's kind, so that what is wrong can be said.
fn kind(found: &Result<Picture, Error>) -> &'static str {
    found
        .as_ref()
        .map_or_else(|e| e.kind().as_str(), |_| "read")
}

#[test]
fn every_kind_has_the_pixels_that_libjpeg_gives() {
    for (name, expected, tolerance) in KINDS {
        let found = read(&golden(&format!("{name}.jpg"))).unwrap();
        let mut expected = read(&golden(&format!("{expected}.png"))).unwrap();
        assert_eq!((found.width, found.height), (33, 40), "{name}");
        if name.contains("grey") {
            let pixels = expected.data.as_chunks_mut::<3>().0;
            pixels.iter_mut().for_each(|pixel| *pixel = [pixel[1]; 3]);
        }
        let pairs = found.data.iter().zip(&expected.data);
        let difference = pairs.map(|(a, b)| a.abs_diff(*b)).max();
        assert!(difference <= Some(tolerance), "{name}: {difference:?}");
    }
}

#[test]
fn inks_in_several_scans_are_those_of_one() {
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cmyk.jpg");
    let plain = read(&std::fs::read(plain).unwrap()).unwrap();
    let found = read(&golden("cmyk_scans.jpg")).unwrap();
    let pairs = found.data.iter().zip(&plain.data);
    assert!(pairs.map(|(a, b)| a.abs_diff(*b)).max() <= Some(2));
}

#[test]
fn a_whole_image_is_read_whatever_follows_its_blocks() {
    for (name, ..) in KINDS.iter().filter(|(name, ..)| !name.contains(ARITHMETIC)) {
        let whole = golden(&format!("{name}.jpg"));
        let pixels = read(&whole).unwrap().data;
        let data = &whole[..whole.len() - 2];
        let tails: [&[u8]; 7] = [
            b"",
            b"\xff",
            &[0; 5_000],
            &[0xff; 40],
            b"<html>",
            b"\xff\xc4 is no table",
            &whole,
        ];
        for tail in tails {
            let found = read(&[data, tail].concat());
            let found = found.map_err(|e| panic!("{name}, {} bytes behind: {e}", tail.len()));
            assert!(
                found.unwrap().data == pixels,
                "{name}, {} bytes behind",
                tail.len()
            );
        }
    }
}

#[test]
fn a_torn_image_is_refused_whatever_follows() {
    for (name, ..) in KINDS {
        let whole = golden(&format!("{name}.jpg"));
        let pixels = read(&whole).unwrap().data;
        // Arithmetic codes may go on with zeros that are not stored, so that their last bytes are not missed for certain.
        let end = whole.len() - if name.contains(ARITHMETIC) { 10 } else { 3 };
        let tails: [&[u8]; 6] = [
            b"",
            b"\xff\xd9",
            &[0xff; 40],
            b"\xff\xff\xff\xd9",
            &whole,
            b"\xff\xd9\0\0\0\0",
        ];
        for cut in (place(&whole, 0xda)..end).step_by(7).chain([end]) {
            for tail in tails {
                let found = read(&[&whole[..cut], tail].concat());
                let is_right = match &found {
                    Ok(picture) => picture.data == pixels,
                    // Another file's tables may be what is refused.
                    Err(error) => error.kind() == ErrorKind::Undecodable || tail == whole,
                };
                let length = tail.len();
                assert!(
                    is_right,
                    "{name} cut at {cut}, {length} bytes behind: {}",
                    kind(&found)
                );
            }
        }
    }
}

#[test]
fn half_an_image_that_zeros_fill_up_is_refused() {
    for (name, ..) in KINDS {
        let whole = golden(&format!("{name}.jpg"));
        let scan = place(&whole, 0xda) + 14;
        let half = &whole[..scan + (whole.len() - scan) / 2];
        for end in [&b""[..], b"\xff\xd9"] {
            let found = read(&[half, &[0; 5_000], end].concat());
            assert_eq!(kind(&found), "undecodable", "{name}");
        }
    }
}

#[test]
fn kinds_that_are_not_read_are_named_with_the_way_out() {
    let frame = |marker: u8, at: usize, value: u8| {
        let mut bytes = golden("420.jpg");
        let begin = place(&bytes, 0xc0);
        bytes[begin + 1] = marker;
        bytes[begin + at] = value;
        bytes
    };
    let mut late_height = frame(0xc0, 5, 0);
    let begin = place(&late_height, 0xc0);
    late_height[begin + 6] = 0;
    let mut quantised = golden("420_scans.jpg");
    let table = place(&quantised, 0xdb);
    let table = quantised[table..table + 69].to_vec();
    let second = quantised
        .windows(2)
        .rposition(|pair| pair == [0xff, 0xc4])
        .unwrap();
    quantised.splice(second..second, table);
    let mut ycbcr = golden("lossless.jpg");
    let adobe = place(&ycbcr, 0xee);
    ycbcr[adobe + 15] = 1;
    let cases = [
        (frame(0xc5, 1, 0xc5), "a hierarchical JPEG"),
        (frame(0xcd, 1, 0xcd), "a hierarchical JPEG"),
        (frame(0xcb, 1, 0xcb), "a lossless JPEG in arithmetic codes"),
        (frame(0xc1, 4, 16), "samples of such bits"),
        (frame(0xc9, 4, 12), "samples of such bits"),
        (frame(0xc0, 9, 2), "neither one, three nor four components"),
        (late_height, "tells its height after its first scan"),
        (quantised, "changes its quantisation between scans"),
        (ycbcr, "a lossless JPEG of YCbCr"),
    ];
    for (bytes, name) in cases {
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{error}");
        let text = error.to_string();
        assert!(text.contains(name) && text.contains("save it as"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damaged_files_of_every_kind_never_panic(
        index in 0..KINDS.len(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(), is_cut in any::<bool>(),
    ) {
        let mut bytes = golden(&format!("{}.jpg", KINDS[index].0));
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = Limits { max_side: 2_048, ..Limits::default() };
        if let Ok(picture) = decode(&bytes, &limits) {
            let pixels = picture.width as usize * picture.height as usize;
            prop_assert_eq!(picture.data.len(), pixels * picture.channels);
        }
    }
}
