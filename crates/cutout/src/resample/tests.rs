use proptest::prelude::*;

use super::*;

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn fnv1a(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn stretch_any(channels: usize, data: Vec<u8>, from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    if channels == 1 {
        return stretch_grey(&data, from.0, from.1, to.0, to.1);
    }
    stretch_rgb(&Picture::new(from.0, from.1, channels, data), to.0, to.1)
}

#[test]
fn every_byte_is_pillows() {
    let mut wrong = Vec::new();
    for line in include_str!("../../tests/golden/resample.tsv").lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [channels, width, height, to_width, to_height] =
            std::array::from_fn(|cell| cells[cell].parse::<u32>().unwrap());
        let data = noise((channels * width * height) as usize);
        let out = stretch_any(
            channels as usize,
            data,
            (width, height),
            (to_width, to_height),
        );
        if format!("{:016x}", fnv1a(&out)) != cells[5] {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// By Pillow 13.0: `Image.frombytes("RGBA", (9, 7), noise).resize(to, Image.LANCZOS)`.
#[test]
fn colours_with_alpha_are_pillows_too() {
    let picture = Picture::new(9, 7, 4, noise(9 * 7 * 4));
    let cases = [
        ((4, 3), 0xb92e_00e1_0ab1_818f),
        ((12, 9), 0xf15f_d57f_9caf_a7f1),
    ];
    for ((width, height), expected) in cases {
        let found = fnv1a(&stretch_picture(&picture, width, height));
        assert_eq!(found, expected, "{width}×{height}: {found:016x}");
    }
}

#[test]
fn no_sum_can_leave_32_bits() {
    let limit = (i64::from(i32::MAX) - i64::from(HALF)) / 255;
    for from in [1, 2, 3, 4, 5, 7, 10, 33, 320, 321, 1023, 32_768] {
        for to in [1, 2, 3, 5, 8, 100, 319, 320, 1024, 5000] {
            for (_, weights) in Taps::new(from, to).iter() {
                let sum = |sign: i64| {
                    weights
                        .iter()
                        .map(|&w| (i64::from(w) * sign).max(0))
                        .sum::<i64>()
                };
                assert!(sum(1).max(sum(-1)) <= limit, "{from} -> {to}");
            }
        }
    }
}

#[test]
fn a_map_is_stretched_as_its_bytes_would_be_to_two_levels() {
    let (side, to) = (16_usize, (45_usize, 31_usize));
    let bytes = noise(side * side);
    let map: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let found = stretch_map(&map, side, to.0, to.1);
    let expected = stretch_grey(&bytes, 16, 16, 45, 31);
    let worst = found
        .iter()
        .zip(&expected)
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(worst <= Some(2), "{worst:?}");
    for level in [0.0, 1.0, 254.0, 255.0] {
        let flat = stretch_map(&vec![level / 255.0; side * side], side, to.0, to.1);
        assert!(flat.iter().all(|&byte| f32::from(byte) == level), "{level}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_colour_stays_that_colour(
        colour: [u8; 3], from in (1_u32..90, 1_u32..90), to in (1_u32..90, 1_u32..90),
    ) {
        let data = colour.repeat((from.0 * from.1) as usize);
        let out = stretch_any(3, data, from, to);
        prop_assert_eq!(out, colour.repeat((to.0 * to.1) as usize));
    }

    #[test]
    fn channels_do_not_mix(from in (1_u32..60, 1_u32..60), to in (1_u32..60, 1_u32..60)) {
        let data = noise((from.0 * from.1 * 4) as usize);
        let out = stretch_any(4, data.clone(), from, to);
        for channel in 0..3 {
            let plane = data.iter().skip(channel).step_by(4).copied().collect();
            let expected = stretch_any(1, plane, from, to);
            let found: Vec<u8> = out.iter().skip(channel).step_by(3).copied().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
