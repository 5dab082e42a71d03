//! Pixels of samples: levels and alpha.

use super::*;

#[test]
fn samples_of_every_size_become_8_or_16_bits() {
    // Bits, sample format, the row as it is stored (highest byte first), the levels.
    let cases: [(u32, u32, &[u8], &[u16]); 10] = [
        (1, 1, &[0b1010_0000], &[255, 0, 255]),
        (2, 1, &[0b0001_1000], &[0, 85, 170]),
        (4, 1, &[0x08, 0xf0], &[0, 136, 255]),
        (6, 1, &[0b0000_0011, 0b1111_1000, 0], &[0, 255, 130]),
        (12, 1, &[0, 0x08, 0, 0xff, 0xf0], &[0, 32776, 65535]),
        (16, 1, &[0, 1, 0x80, 0, 0xff, 0xff], &[1, 32768, 65535]),
        (
            32,
            1,
            &[0, 1, 9, 9, 0x80, 0, 9, 9, 255, 255, 9, 9],
            &[1, 32768, 65535],
        ),
        // 0.5, 2, -1.
        (16, 3, &[0x38, 0, 0x40, 0, 0xbc, 0], &[32768, 65535, 0]),
        // 0.5, infinite, not a number.
        (
            32,
            3,
            &[0x3f, 0, 0, 0, 0x7f, 0x80, 0, 0, 0x7f, 0xc0, 0, 0],
            &[32768, 65535, 0],
        ),
        // 0.25, -0, 1.
        (
            32,
            3,
            &[0x3e, 0x80, 0, 0, 0x80, 0, 0, 0, 0x3f, 0x80, 0, 0],
            &[16384, 0, 65535],
        ),
    ];
    for (bits, format, row, expected) in cases {
        for photometric in [0, 1] {
            let mut made = Made::new(false, false);
            made.page(
                &with(tags(3, 1, bits, photometric, 1), &[(339, format)]),
                &[row.to_vec()],
            );
            let most = if bits > 8 { 65535 } else { 255 };
            let light = |&level: &u16| {
                if photometric == 0 {
                    most - level
                } else {
                    level
                }
            };
            let expected: Vec<u16> = expected
                .iter()
                .flat_map(|level| [light(level); 3])
                .collect();
            assert_eq!(
                values(&read(&made.bytes).unwrap()),
                expected,
                "{bits} bits, {photometric}"
            );
        }
    }
}

#[test]
fn floats_with_their_predictor_are_joined_in_both_orders() {
    // 0.25, -0, 1: the highest bytes 3e 80 3f, then 80 00 80, then zeros; each less the byte before it.
    let row = [0x3e, 0x42, 0xbf, 0x41, 0x80, 0x80, 0x80, 0, 0, 0, 0, 0];
    let tags = with(tags(3, 1, 32, 1, 1), &[(339, 3), (317, 3)]);
    for (compression, strip) in [(5, lzw(&row)), (8, deflated(&row))] {
        for little in [false, true] {
            let mut made = Made::new(little, false);
            made.page(
                &with(tags.clone(), &[(259, compression)]),
                std::slice::from_ref(&strip),
            );
            let found = values(&read(&made.bytes).unwrap());
            assert_eq!(found, [16384, 16384, 16384, 0, 0, 0, 65535, 65535, 65535]);
        }
    }
}

#[test]
fn fax_lines_come_out_as_libtiff_wrote_them() {
    let lines = [
        "##...................",
        "..#####....##.......#",
        ".....................",
        "..####.....##.......#",
        "#####################",
        "#.#.#.#.#.#.#.#.#.#.#",
        "...........########..",
    ];
    // Compression, T4Options, the strip.
    let cases = [
        (
            2,
            0,
            "70ce35f1b8c7350d8035ecdc63802e1d0e8743a1d0e8743a1d0e87350b3c",
        ),
        (
            3,
            0,
            "00170ce0026be3718e0026a1b0004d7b3718e0025c004743a1d0e8743a1d0e8743a1c004d42cf0",
        ),
        (
            3,
            1,
            "001b867001047c2dd40066a1b00053d93750019700111d11d11d11d11d11d11d11d11d04a003350b3c",
        ),
        (
            3,
            5,
            "0001b8670001047c2dd400019a86c0014f64dd400197000111d11d11d11d11d11d11d11d11d04a00019a859e",
        ),
        (
            4,
            0,
            "2e19c23e16eb1173d937511191d11d11d11d11d11d11d11d11d04a84445888d8008008",
        ),
    ];
    let expected = |dark: u8| -> Vec<u8> {
        let pixels = lines.iter().flat_map(|line| line.bytes());
        pixels
            .flat_map(|pixel| [if pixel == b'#' { dark } else { 255 - dark }; 3])
            .collect()
    };
    for (compression, options, strip) in cases {
        let strip = bytes_of_hex(strip);
        let reversed: Vec<u8> = strip.iter().map(|byte| byte.reverse_bits()).collect();
        for (photometric, dark) in [(0, 255), (1, 0)] {
            for (order, strip) in [(1, &strip), (2, &reversed)] {
                let others = [(259, compression), (292, options), (266, order)];
                let made = file(
                    &with(tags(21, 7, 1, photometric, 1), &others),
                    std::slice::from_ref(strip),
                );
                let name = format!("{compression} {options} {photometric} {order}");
                assert_eq!(read(&made).unwrap().data, expected(dark), "{name}");
                let short = strip[..strip.len() / 2].to_vec();
                let made = file(&with(tags(21, 7, 1, photometric, 1), &others), &[short]);
                assert!(read(&made).is_err(), "{name}");
            }
        }
    }
}

#[test]
fn colours_multiplied_by_alpha_are_divided() {
    // Red, green, blue, alpha: as stored, and what comes out.
    let pixels = [
        [128, 64, 0, 128],
        [10, 20, 30, 255],
        [9, 0, 0, 0],
        [99, 100, 101, 100],
    ];
    let divided = [
        [255, 128, 1, 128],
        [10, 20, 30, 255],
        [0, 0, 0, 0],
        [254, 255, 255, 100],
    ];
    let planes: Vec<Vec<u8>> = (0..4)
        .map(|at| pixels.map(|pixel| pixel[at]).to_vec())
        .collect();
    let wide = |pixels: [[u8; 4]; 4]| {
        pixels
            .map(|pixel| pixel.map(|value| [value, value]).concat())
            .concat()
    };
    for (extra, expected) in [(1, divided), (2, pixels), (0, pixels)] {
        let tagged = |bits| with(tags(4, 1, bits, 2, 4), &[(338, extra)]);
        let chunky = file(&tagged(8), &[pixels.concat()]);
        let planar = file(&with(tagged(8), &[(284, 2)]), &planes);
        for bytes in [chunky, planar] {
            assert_eq!(
                read(&bytes).unwrap().data,
                expected.concat(),
                "kind {extra}"
            );
        }
        let found = values(&read(&file(&tagged(16), &[wide(pixels)])).unwrap());
        for (found, pixel) in found.chunks_exact(4).zip(pixels) {
            let alpha = if extra == 1 {
                f64::from(pixel[3].max(1))
            } else {
                255.0
            };
            for (&found, value) in found[..3].iter().zip(pixel) {
                let shown = if extra == 1 && pixel[3] == 0 {
                    0
                } else {
                    value
                };
                let expected = (f64::from(shown) / alpha).min(1.0) * 65535.0;
                assert!(
                    (f64::from(found) - expected).abs() <= 2.0,
                    "kind {extra}: {found}"
                );
            }
            assert_eq!(found[3], u16::from(pixel[3]) * 257);
        }
    }
}

#[test]
fn samples_beside_colours_count_as_libtiff_counts_them() {
    // Photometric, samples, ExtraSamples, whether there is alpha.
    let cases: [(u32, u32, &[u32], bool); 9] = [
        (2, 4, &[], true),
        (2, 4, &[0], true),
        (2, 5, &[0, 2], true),
        (2, 5, &[2, 0], true),
        (2, 5, &[], false),
        (1, 2, &[], false),
        (1, 2, &[0], false),
        (1, 2, &[2], true),
        (5, 5, &[0], false),
    ];
    for (photometric, samples, extra, has_alpha) in cases {
        let mut tags = tags(2, 1, 8, photometric, samples);
        if !extra.is_empty() {
            tags.push((338, 3, extra.to_vec()));
        }
        let strip: Vec<u8> = (0..2 * samples).map(|value| 10 + value as u8).collect();
        let found = read(&file(&tags, &[strip])).unwrap();
        assert_eq!(
            found.channels == 4,
            has_alpha,
            "{photometric} {samples} {extra:?}"
        );
    }
    // Nobody says that it is alpha, and nothing would be seen.
    let found = read(&file(&tags(2, 1, 8, 2, 4), &[vec![1, 2, 3, 0, 4, 5, 6, 0]])).unwrap();
    assert_eq!((found.channels, found.data), (3, vec![1, 2, 3, 4, 5, 6]));
}
