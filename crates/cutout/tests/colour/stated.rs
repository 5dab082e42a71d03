//! Colours that files state without a profile.

mod hdr;

use proptest::prelude::*;

use super::*;

const COLOURS: [[u8; 3]; 4] = [
    [200, 100, 50],
    [30, 160, 220],
    [128, 128, 128],
    [90, 200, 120],
];

/// What COLOURS are in sRGB, by numpy from chromaticities and curves, white adapted by Bradford's matrix.
const OF_P3: [[u8; 3]; 4] = [[215, 93, 31], [0, 163, 226], [128, 128, 128], [0, 203, 111]];
const OF_BT2020: [[u8; 3]; 4] = [[241, 76, 29], [0, 168, 227], [128, 128, 128], [0, 209, 108]];
const OF_ADOBE: [[u8; 3]; 4] = [
    [227, 100, 42],
    [0, 161, 223],
    [129, 129, 129],
    [0, 201, 116],
];
const OF_ADOBES_PRIMARIES: [[u8; 3]; 4] = [
    [226, 100, 46],
    [0, 160, 222],
    [128, 128, 128],
    [0, 200, 115],
];
const OF_WIDE: [[u8; 3]; 4] = [[255, 40, 22], [0, 178, 229], [129, 129, 129], [0, 217, 101]];
const OF_LINEAR: [[u8; 3]; 4] = [
    [229, 168, 122],
    [96, 208, 239],
    [188, 188, 188],
    [160, 229, 182],
];
const OF_GAMMA_18: [[u8; 3]; 4] = [
    [210, 119, 65],
    [40, 176, 227],
    [146, 146, 146],
    [109, 210, 139],
];

const ADOBES_PRIMARIES: [u32; 8] = [
    31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000,
];
const WIDE_PRIMARIES: [u32; 8] = [34_570, 35_850, 73_470, 26_530, 15_960, 84_040, 3_660, 1_000];
const SRGBS_PRIMARIES: [u32; 8] = [
    31_271, 32_902, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
];

/// The colours, over and over.
fn pixels() -> Vec<u8> {
    let pixels = COLOURS.iter().cycle().take((SIDE * SIDE) as usize);
    pixels.copied().flatten().collect()
}

/// A PNG of the colours with `chunks` behind its header.
fn with_chunks(profile: &[u8], chunks: &[Chunk]) -> Vec<u8> {
    let file = png(&pixels(), ExtendedColorType::Rgb8, profile);
    behind_header(file, chunks)
}

fn gamma(value: u32) -> Chunk {
    (b"gAMA", value.to_be_bytes().to_vec())
}

fn primaries(values: [u32; 8]) -> Chunk {
    (
        b"cHRM",
        values
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect(),
    )
}

fn code_points(primaries: u8, transfer: u8) -> Chunk {
    (b"cICP", vec![primaries, transfer, 0, 1])
}

/// A BMP of the colours with a header of version 5: its kind of colours, x, y, z of the ends in 2^-30, gammas in 2^-16.
fn bmp(kind: &[u8; 4], ends: [[u32; 3]; 3], gamma: u32, profile: &[u8]) -> Vec<u8> {
    let pixels = pixels();
    let rows = pixels.chunks_exact(SIDE as usize * 3).rev();
    let pixels: Vec<u8> = rows
        .flat_map(|row| row.as_chunks::<3>().0)
        .flat_map(|[r, g, b]| [*b, *g, *r])
        .collect();
    let at = 14 + 124;
    let mut file = b"BM".to_vec();
    let mut put = |values: &[u32]| file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    put(&[(at + pixels.len() + profile.len()) as u32, 0, at as u32]);
    put(&[
        124,
        SIDE,
        SIDE,
        1 | 24 << 16,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        u32::from_be_bytes(*kind),
    ]);
    put(ends.as_flattened());
    put(&[gamma; 3]);
    put(&[0, 124 + pixels.len() as u32, profile.len() as u32, 0]);
    [&file[..], &pixels, profile].concat()
}

/// A JPEG of the colours whose EXIF says "uncalibrated" and R03.
fn adobes_jpeg() -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0".to_vec();
    exif.extend(b"\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0");
    exif.extend(
        b"\x02\0\x01\xa0\x03\0\x01\0\0\0\xff\xff\0\0\x05\xa0\x04\0\x01\0\0\0\x38\0\0\0\0\0\0\0",
    );
    exif.extend(b"\x01\0\x01\0\x02\0\x04\0\0\0R03\0\0\0\0\0");
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 100);
    encoder.set_exif_metadata(exif).unwrap();
    let kind = ExtendedColorType::Rgb8;
    encoder.write_image(&pixels(), SIDE, SIDE, kind).unwrap();
    out
}

/// The ends of Adobe RGB's triangle.
const ENDS: [[u32; 3]; 3] = [
    [687_194_767, 354_334_802, 32_212_255],
    [225_485_783, 762_356_695, 85_899_346],
    [161_061_274, 64_424_509, 848_256_041],
];

fn profile_of(file: &[u8]) -> Option<Vec<u8>> {
    opened(&made(file, &Options::default())).0
}

#[test]
fn colours_that_are_stated_without_a_profile_become_one_of_the_result() {
    let stated = [
        ("P3", with_chunks(&[], &[code_points(12, 13)]), OF_P3),
        (
            "BT.2020",
            with_chunks(&[], &[code_points(9, 13)]),
            OF_BT2020,
        ),
        (
            "Adobe",
            with_chunks(&[], &[gamma(45_455), primaries(ADOBES_PRIMARIES)]),
            OF_ADOBE,
        ),
        (
            "primaries alone",
            with_chunks(&[], &[primaries(ADOBES_PRIMARIES)]),
            OF_ADOBES_PRIMARIES,
        ),
        (
            "another white",
            with_chunks(&[], &[gamma(45_455), primaries(WIDE_PRIMARIES)]),
            OF_WIDE,
        ),
        ("linear", with_chunks(&[], &[gamma(100_000)]), OF_LINEAR),
        (
            "1.8",
            with_chunks(&[], &[gamma(55_556), primaries(SRGBS_PRIMARIES)]),
            OF_GAMMA_18,
        ),
        ("BMP", bmp(&[0; 4], ENDS, 144_179, &[]), OF_ADOBE),
        ("EXIF", adobes_jpeg(), OF_ADOBE),
    ];
    for (name, file, expected) in stated {
        let out = made(&file, &Options::default());
        let (profile, _, image) = opened(&out);
        let profile = profile.unwrap();
        // The same date at any time, so that an image has the same result.
        let date = [7, 234, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        assert_eq!(profile[24..36], date, "{name}");
        let found = to_srgb(&profile, COLOURS.as_flattened());
        let off = worst(&found, expected.as_flattened());
        assert!(off <= 1, "{name}: {found:?}, not {expected:?}");
        // Values stay as they are stored.
        let pixel = image.to_rgba8().get_pixel(SIDE - 1, 0).0;
        let stored = decode(&file, &Limits::default()).unwrap();
        assert_eq!(
            pixel[..3],
            stored.data[(SIDE as usize - 1) * 3..][..3],
            "{name}"
        );
    }
}

#[test]
fn what_is_srgb_or_cannot_be_gets_no_profile() {
    let same = [
        31_270, 32_900, 64_000, 33_000, 64_000, 33_000, 15_000, 6_000,
    ];
    let linear = [gamma(100_000), (b"sRGB", vec![0])];
    let cases = [
        ("gamma of sRGB", with_chunks(&[], &[gamma(45_455)])),
        (
            "all of sRGB",
            with_chunks(&[], &[gamma(45_455), primaries(SRGBS_PRIMARIES)]),
        ),
        (
            "primaries of sRGB",
            with_chunks(&[], &[primaries(SRGBS_PRIMARIES)]),
        ),
        ("sRGB's word", with_chunks(&[], &linear)),
        (
            "code points of sRGB",
            with_chunks(&p3(), &[code_points(1, 13)]),
        ),
        (
            "unspecified code points",
            with_chunks(&[], &[code_points(2, 2)]),
        ),
        (
            "reserved code points",
            with_chunks(&[], &[code_points(3, 77)]),
        ),
        ("no gamma", with_chunks(&[], &[gamma(0)])),
        ("a gamma beyond sense", with_chunks(&[], &[gamma(u32::MAX)])),
        (
            "no primaries",
            with_chunks(&[], &[gamma(45_455), primaries([0; 8])]),
        ),
        (
            "a line",
            with_chunks(&[], &[gamma(45_455), primaries(same)]),
        ),
        (
            "huge primaries",
            with_chunks(&[], &[primaries([u32::MAX; 8])]),
        ),
        ("BMP without ends", bmp(&[0; 4], [[0; 3]; 3], 144_179, &[])),
        ("BMP without gammas", bmp(&[0; 4], ENDS, 0, &[])),
        ("BMP that says sRGB", bmp(b"sRGB", ENDS, 144_179, &[])),
        (
            "BMP with a linked profile",
            bmp(b"LINK", ENDS, 144_179, b"a.icc"),
        ),
    ];
    for (name, file) in cases {
        assert_eq!(profile_of(&file), None, "{name}");
    }
}

#[test]
fn code_points_come_before_the_profile_and_that_before_the_rest() {
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    let p3_points = profile_of(&with_chunks(&[], &[code_points(12, 13)]));
    let cases = [
        (with_chunks(&srgb, &[code_points(12, 13)]), p3_points),
        (with_chunks(&srgb, &[code_points(2, 2)]), Some(srgb.clone())),
        (
            with_chunks(&p3(), &[gamma(100_000), primaries(WIDE_PRIMARIES)]),
            Some(p3()),
        ),
        (bmp(b"MBED", ENDS, 144_179, &p3()), Some(p3())),
    ];
    for (index, (file, expected)) in cases.into_iter().enumerate() {
        assert_eq!(profile_of(&file), expected, "case {index}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_primaries_and_gamma_are_stated_an_image_is_read(
        points: [u32; 8], near in prop::array::uniform8(0..110_000_u32), gamma_value: u32, near_gamma in 0..200_000_u32,
        ends: [[u32; 3]; 3], kind in prop::sample::select(vec![*b"MBED", *b"LINK", [0; 4]]),
    ) {
        for file in [
            with_chunks(&[], &[gamma(gamma_value), primaries(points)]),
            with_chunks(&[], &[gamma(near_gamma), primaries(near)]),
            bmp(&kind, ends, gamma_value, &p3()),
        ] {
            prop_assert!(decode(&file, &Limits::default()).is_ok());
        }
    }
}
