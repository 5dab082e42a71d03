//! HDR and narrow ranges.

use cutout::ErrorKind;

use super::*;

/// A PNG of 16 bits with `chunks`, of the colours over and over.
fn wide(colours: &[[u16; 3]], profile: &[u8], chunks: &[Chunk]) -> Vec<u8> {
    let pixels = colours.iter().cycle().take((SIDE * SIDE) as usize);
    let data: Vec<u8> = pixels
        .flatten()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    behind_header(png(&data, ExtendedColorType::Rgb16, profile), chunks)
}

#[test]
fn hdr_becomes_srgb_with_its_white_at_203_nits() {
    let grey = |values: [u16; 6]| values.map(|value| [value; 3]).to_vec();
    let greys = |values: [u8; 6]| values.map(|value| [value; 3]).to_vec();
    let pq = ColorProfile::new_bt2020_pq().encode().unwrap();
    // COLOURS at a white of 203 nits, and greys of 0, 20, 100, 203, 500 nits and the peak. Expected are the colours
    // themselves, and else what numpy makes of them by the equations of BT.2100 and BT.2390.
    let colours = vec![
        [32_029, 26_124, 19_640],
        [26_027, 30_743, 35_361],
        [28_037, 28_037, 28_037],
        [29_251, 33_907, 28_174],
    ];
    let nits_1000 = grey([0, 23_397, 33_297, 38_055, 44_340, 49_271]);
    let nits_4000 = grey([0, 23_397, 33_297, 38_055, 44_340, 59_150]);
    let hlg = grey([0, 16_384, 32_768, 49_151, 58_982, 65_535]);
    let mut orange = nits_1000.clone();
    orange[4] = [47_678, 42_767, 37_953];
    let mut orange_srgb = greys([0, 88, 186, 229, 253, 255]);
    orange_srgb[4] = [255, 177, 127];
    let cases = [
        (
            "no brighter than white",
            &colours,
            code_points(9, 16),
            COLOURS.to_vec(),
        ),
        (
            "a peak of 1000",
            &nits_1000,
            code_points(9, 16),
            greys([0, 88, 186, 229, 253, 255]),
        ),
        (
            "primaries of P3",
            &nits_1000,
            code_points(12, 16),
            greys([0, 88, 186, 229, 253, 255]),
        ),
        (
            "a peak of 4000",
            &nits_4000,
            code_points(9, 16),
            greys([0, 88, 174, 208, 238, 255]),
        ),
        ("hue", &orange, code_points(9, 16), orange_srgb),
        (
            "HLG",
            &hlg,
            code_points(9, 18),
            greys([0, 61, 137, 229, 253, 255]),
        ),
    ];
    for (name, values, points, expected) in cases {
        let mut files = vec![wide(values, &p3(), &[points])];
        if name == "a peak of 1000" {
            files.push(wide(values, &pq, &[]));
        }
        for file in files {
            let found = decode(&file, &Limits::default()).unwrap();
            assert_eq!(found.profile, None, "{name}");
            assert!(found.fine.is_some(), "{name}");
            let off = worst(&found.data[..expected.len() * 3], expected.as_flattened());
            assert!(off <= 1, "{name}: {:?}", &found.data[..expected.len() * 3]);
        }
    }
}

#[test]
fn hdr_of_8_bits_keeps_black_white_and_alpha() {
    let data: Vec<u8> = [
        [0, 0, 0, 9],
        [148, 148, 148, 200],
        [73, 73, 73, 255],
        [148, 148, 148, 0],
    ]
    .iter()
    .cycle()
    .take((SIDE * SIDE) as usize)
    .copied()
    .flatten()
    .collect();
    let file = behind_header(
        png(&data, ExtendedColorType::Rgba8, &[]),
        &[code_points(9, 16)],
    );
    let found = decode(&file, &Limits::default()).unwrap();
    // 148 is 202.4 nits, 73 is 8.4: by the equations of BT.2100.
    let expected = [
        0, 0, 0, 9, 255, 255, 255, 200, 57, 57, 57, 255, 255, 255, 255, 0,
    ];
    assert!(
        worst(&found.data[..16], &expected) <= 1,
        "{:?}",
        &found.data[..16]
    );
    assert_eq!(found.fine, None);
}

#[test]
fn narrow_ranges_and_unknown_hdr_are_refused_by_name() {
    let narrow = (b"cICP", vec![1, 13, 0, 0]);
    let cases = [
        (with_chunks(&[], &[narrow]), "narrow range"),
        (
            with_chunks(&p3(), &[code_points(2, 16)]),
            "HDR of unknown primaries",
        ),
    ];
    for (file, expected) in cases {
        let error = decode(&file, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{expected}");
        let text = error.to_string();
        assert!(
            text.contains(expected) && text.contains("convert it to sRGB"),
            "{text}"
        );
    }
}
