//! Pillow's LANCZOS for 8-bit pictures, to the bit.
//!
//! The recipe is that of `Resample.c` in Pillow (MIT-CMU): windowed sinc with a = 3, widened when
//! shrinking; weights in f64, normalised to 1, rounded to 22 fractional bits; the horizontal pass,
//! then the vertical one, each rounded to 8 bits; a pass that changes nothing is skipped.
//! That is Pillow up to 12.0. Pillow 13 (pull request 9549)
//! runs the vertical pass first when the height shrinks more than the width, which moves some
//! values by a level.

use wide::{bytemuck, i16x8, i32x4};

use crate::Picture;

/// Fractional bits of a weight: 32, less 8 for a pixel, less 2 for sign and overshoot.
const BITS: u32 = 22;
const HALF: i32 = 1 << (BITS - 1);

/// The radius of the filter in source pixels, before widening.
const RADIUS: f64 = 3.0;

/// The colours of `picture` stretched to `width` × `height`: 3 values per pixel; alpha is ignored.
pub(crate) fn stretch_rgb(picture: &Picture, width: u32, height: u32) -> Vec<u8> {
    let from = (picture.width as usize, picture.height as usize);
    let to = (width as usize, height as usize);
    if picture.channels == 4 {
        stretch::<4, 3>(&picture.data, from, to)
    } else {
        stretch::<3, 3>(&picture.data, from, to)
    }
}

/// `picture` stretched to `width` × `height`, with all its channels. Colours are weighted by alpha, as Pillow's are: what is
/// hidden under alpha 0 does not bleed into what is visible.
pub(crate) fn stretch_picture(picture: &Picture, width: u32, height: u32) -> Vec<u8> {
    let from = (picture.width as usize, picture.height as usize);
    let to = (width as usize, height as usize);
    if picture.channels != 4 {
        return stretch::<3, 3>(&picture.data, from, to);
    }
    let pixels = picture.data.as_chunks::<4>().0;
    if pixels.iter().all(|pixel| pixel[3] == 255) {
        return stretch::<4, 4>(&picture.data, from, to);
    }
    let weighted: Vec<u8> = pixels.iter().flat_map(|pixel| weighted(*pixel)).collect();
    let mut stretched = stretch::<4, 4>(&weighted, from, to);
    for pixel in stretched.as_chunks_mut::<4>().0 {
        *pixel = unweighted(*pixel);
    }
    stretched
}

/// Straight alpha to associated alpha, as Pillow's `rgba2rgbA` rounds it.
fn weighted([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    let weighted = |value: u8| {
        let product = u32::from(value) * u32::from(a) + 128;
        ((product + (product >> 8)) >> 8) as u8
    };
    [weighted(r), weighted(g), weighted(b), a]
}

/// Associated alpha to straight alpha, as Pillow's `rgbA2rgba` rounds it.
fn unweighted([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    if a == 0 {
        return [r, g, b, a];
    }
    let straight = |value: u8| (255 * u32::from(value) / u32::from(a)).min(255) as u8;
    [straight(r), straight(g), straight(b), a]
}

/// `data` of `width` × `height` pixels, 1 value each, stretched to `to_width` × `to_height`.
pub(crate) fn stretch_grey(
    data: &[u8],
    width: u32,
    height: u32,
    to_width: u32,
    to_height: u32,
) -> Vec<u8> {
    stretch::<1, 1>(
        data,
        (width as usize, height as usize),
        (to_width as usize, to_height as usize),
    )
}

/// A map of `side` × `side` values of 0…1, stretched to `width` × `height` and 0…255 and rounded once, down as a cast
/// does. With the
/// rounding of every pass, levels that two engines compute a hair apart could end two apart.
pub(crate) fn stretch_map(map: &[f32], side: usize, width: usize, height: usize) -> Vec<u8> {
    let (columns, rows) = (Taps::new(side, width), Taps::new(side, height));
    let real = |weight: &i32| *weight as f32 / (1 << BITS) as f32;
    let mut wide = Vec::with_capacity(side * width);
    for row in map.chunks_exact(side.max(1)) {
        wide.extend(columns.iter().map(|(start, weights)| {
            let products = row[start..].iter().zip(weights);
            let sum = products.fold(0.0, |sum, (value, weight)| {
                sum + value * 255.0 * real(weight)
            });
            f32::clamp(sum, 0.0, 255.0)
        }));
    }
    let mut out = Vec::with_capacity(width * height);
    let mut sums = vec![0.0; width];
    for (start, weights) in rows.iter() {
        sums.fill(0.0);
        let source = wide[start * width..].chunks_exact(width.max(1));
        for (row, weight) in source.zip(weights) {
            let weight = real(weight);
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += value * weight);
        }
        // A plateau of 255 stays one, whatever the weights' rounding leaves of it.
        out.extend(sums.iter().map(|sum| (sum + 1.0 / 64.0) as u8));
    }
    out
}

/// Stretches the first `OUT` of the `IN` channels.
fn stretch<const IN: usize, const OUT: usize>(
    data: &[u8],
    from: (usize, usize),
    to: (usize, usize),
) -> Vec<u8> {
    if from.0 == 0 || from.1 == 0 || to.0 == 0 || to.1 == 0 {
        return Vec::new();
    }
    let vertical = (from.1 != to.1).then(|| Taps::new(from.1, to.1));
    let rows = vertical.as_ref().map_or(0..from.1, Taps::reach);
    let first = rows.start;
    let source = &data[rows.start * from.0 * IN..rows.end * from.0 * IN];
    let narrow = if from.0 == to.0 {
        source
            .as_chunks::<IN>()
            .0
            .iter()
            .flat_map(|pixel| pixel[..OUT].iter().copied())
            .collect()
    } else {
        across::<IN, OUT>(source, from.0, &Taps::new(from.0, to.0))
    };
    match vertical {
        Some(taps) => down(&narrow, to.0 * OUT, first, &taps),
        None => narrow,
    }
}

/// For each target pixel: where its source pixels begin, and their weights.
struct Taps {
    starts: Vec<usize>,
    weights: Vec<i32>,
    ends: Vec<usize>,
}

impl Taps {
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let widening = scale.max(1.0);
        let support = RADIUS * widening;
        let mut taps = Self {
            starts: Vec::with_capacity(to),
            weights: Vec::new(),
            ends: Vec::with_capacity(to),
        };
        let mut exact = Vec::new();
        for target in 0..to {
            let centre = (target as f64 + 0.5) * scale;
            // Casts to usize truncate, and take what is below 0 as 0.
            let start = (centre - support + 0.5) as usize;
            let end = ((centre + support + 0.5) as usize).min(from);
            exact.clear();
            exact.extend(
                (start..end).map(|x| lanczos((x as f64 - centre + 0.5) * (1.0 / widening))),
            );
            let sum: f64 = exact.iter().sum();
            let norm = if sum == 0.0 { 1.0 } else { sum };
            taps.weights
                .extend(exact.iter().map(|weight| fixed(weight / norm)));
            taps.starts.push(start);
            taps.ends.push(taps.weights.len());
        }
        taps
    }

    /// Per target pixel: its first source pixel and the weights from there on.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        let mut begin = 0;
        self.starts
            .iter()
            .zip(&self.ends)
            .map(move |(&start, &end)| {
                let weights = &self.weights[begin..end];
                begin = end;
                (start, weights)
            })
    }

    /// The source pixels that any target pixel reads.
    fn reach(&self) -> std::ops::Range<usize> {
        let first = self.starts.first().copied().unwrap_or(0);
        let last = self
            .iter()
            .last()
            .map_or(0, |(start, weights)| start + weights.len());
        first..last
    }
}

fn lanczos(x: f64) -> f64 {
    if (-RADIUS..RADIUS).contains(&x) {
        sinc(x) * sinc(x / RADIUS)
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let x = x * std::f64::consts::PI;
    x.sin() / x
}

/// Rounds half away from zero.
fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << BITS);
    (if weight < 0.0 {
        scaled - 0.5
    } else {
        scaled + 0.5
    }) as i32
}

fn to_byte(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

/// Stretches rows of `width` pixels by [`PairedTaps`], the first `OUT` of their `IN` channels.
fn across<const IN: usize, const OUT: usize>(data: &[u8], width: usize, taps: &Taps) -> Vec<u8> {
    let rows = data.len() / (width * IN);
    let mut out = Vec::with_capacity(rows * taps.starts.len() * OUT);
    let taps = PairedTaps::new(taps);
    let mut pairs = vec![i16x8::ZERO; width.div_ceil(2) + TOGETHER - 1];
    for row in data.chunks_exact(width * IN) {
        let (pixels, _) = row.as_chunks::<IN>();
        let (whole, last) = pixels.as_chunks::<2>();
        for (pair, [left, right]) in pairs.iter_mut().zip(whole) {
            *pair = paired::<IN, OUT>(left, right);
        }
        if let [pixel] = last {
            pairs[whole.len()] = paired::<IN, OUT>(pixel, &[0; IN]);
        }
        for (start, weights) in taps.iter() {
            let (mut high, mut low) = (i32x4::ZERO, i32x4::splat(HALF));
            let pairs = pairs[start..].as_chunks::<TOGETHER>().0;
            for (pairs, weights) in pairs.iter().zip(weights) {
                for i in 0..TOGETHER {
                    let [higher, lower] = weights[i].map(i32x4::splat);
                    high += pairs[i].dot(bytemuck::cast(higher));
                    low += pairs[i].dot(bytemuck::cast(lower));
                }
            }
            let sums = (high << LOW_BITS) + low;
            out.extend_from_slice(&sums.to_array().map(to_byte)[..OUT]);
        }
    }
    out
}

/// Two pixels beside each other, a channel's two values side by side.
fn paired<const IN: usize, const OUT: usize>(left: &[u8; IN], right: &[u8; IN]) -> i16x8 {
    let value = |i: usize| i16::from([left, right][i % 2][i / 2]);
    let values = |i: usize| if i < 2 * OUT { value(i) } else { 0 };
    i16x8::new(std::array::from_fn(values))
}

/// Bits of a weight's lower half.
const LOW_BITS: i32 = 11;

/// Pairs of taps that are summed without a loop: where a host counts the rounds of loops for a deadline, a loop's sums go through
/// memory in each round.
const TOGETHER: usize = 4;

/// Taps as dot products of 16-bit values take them. A weight is h × 2¹¹ + l: both halves have 16 bits at most, and as
/// sums wrap, what is put together is the sum of the whole products.
struct PairedTaps {
    /// For each target pixel the first pair of source pixels, and the end of its weights.
    places: Vec<(usize, usize)>,
    /// Of each pair of source pixels: the higher halves of both weights, then the lower ones.
    weights: Vec<[[i32; 2]; TOGETHER]>,
}

impl PairedTaps {
    fn new(taps: &Taps) -> Self {
        let halves = |weight: i32| [weight >> LOW_BITS, weight & ((1 << LOW_BITS) - 1)];
        let packed = |left: i32, right: i32| left & 0xffff | right << 16;
        let mut paired = Self {
            places: Vec::with_capacity(taps.starts.len()),
            weights: Vec::new(),
        };
        for (start, weights) in taps.iter() {
            // Pairs begin at even pixels; what they have beyond the taps has no weight.
            let at = |x: usize| {
                let weight = x.checked_sub(start).and_then(|tap| weights.get(tap));
                halves(weight.copied().unwrap_or(0))
            };
            let pairs = (start / 2..(start + weights.len()).div_ceil(2)).step_by(TOGETHER);
            paired.weights.extend(pairs.map(|first| {
                std::array::from_fn(|i| {
                    let (left, right) = (at(2 * (first + i)), at(2 * (first + i) + 1));
                    [packed(left[0], right[0]), packed(left[1], right[1])]
                })
            }));
            paired.places.push((start / 2, paired.weights.len()));
        }
        paired
    }

    /// For each target pixel: its first pair of source pixels and the weights from there on.
    fn iter(&self) -> impl Iterator<Item = (usize, &[[[i32; 2]; TOGETHER]])> {
        let mut begin = 0;
        self.places.iter().map(move |&(start, end)| {
            let weights = &self.weights[begin..end];
            begin = end;
            (start, weights)
        })
    }
}

/// Values of a row that are summed together, so that the sums stay in registers.
const LANES: usize = 16;

/// `data` has rows of `stride` values and begins with source row `first`.
fn down(data: &[u8], stride: usize, first: usize, taps: &Taps) -> Vec<u8> {
    let mut out = vec![0; taps.starts.len() * stride];
    for (target, (start, weights)) in out.chunks_exact_mut(stride).zip(taps.iter()) {
        let source = &data[(start - first) * stride..];
        let (blocks, rest) = target.as_chunks_mut::<LANES>();
        for (index, block) in blocks.iter_mut().enumerate() {
            let mut sums = [HALF; LANES];
            let mut add = |row: usize, weight: i32| {
                let values = &source[row * stride + index * LANES..][..LANES];
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += i32::from(*value) * weight;
                }
            };
            let (groups, last) = weights.as_chunks::<TOGETHER>();
            for (group, weights) in groups.iter().enumerate() {
                for (i, weight) in weights.iter().enumerate() {
                    add(group * TOGETHER + i, *weight);
                }
            }
            for (row, weight) in (groups.len() * TOGETHER..).zip(last) {
                add(row, *weight);
            }
            *block = sums.map(to_byte);
        }
        let done = stride - rest.len();
        for (offset, value) in rest.iter_mut().enumerate() {
            let column = source.iter().skip(done + offset).step_by(stride);
            let sum = column.zip(weights).fold(HALF, |sum, (&value, weight)| {
                sum + i32::from(value) * weight
            });
            *value = to_byte(sum);
        }
    }
    out
}

#[cfg(test)]
mod tests {
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
        for line in include_str!("../tests/golden/resample.tsv").lines() {
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
}
