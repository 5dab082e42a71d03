//! Pillow's LANCZOS for 8-bit images, to the bit.
//!
//! The recipe is that of `Resample.c` in Pillow (MIT-CMU): windowed sinc with a = 3, widened when
//! shrinking; weights in f64, normalised to 1, rounded to 22 fractional bits; the horizontal pass,
//! then the vertical one, each rounded to 8 bits; a pass that changes nothing is skipped.
//! That is Pillow up to 12.0. Pillow 13 (pull request 9549)
//! runs the vertical pass first when the height shrinks more than the width, which moves some
//! values by a level.

mod across;

use crate::{Picture, budget};
use across::across;

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
    if !budget::has_room(picture.data.len()) {
        return vec![0; to.0 * to.1 * 4];
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
        if budget::is_spent() {
            break;
        }
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
    out.resize(width * height, 0);
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
    let (first, length) = (rows.start, to.0 * to.1 * OUT);
    if !budget::has_room(rows.len() * to.0 * OUT + length) {
        return vec![0; length];
    }
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

/// Taps, or pairs of them, that are summed without a loop: where a host counts the rounds of loops for a deadline, a loop's sums
/// go through memory in each round.
const TOGETHER: usize = 4;

/// Values of a row that are summed together, so that the sums stay in registers.
const LANES: usize = 16;

/// `data` has rows of `stride` values and begins with source row `first`.
fn down(data: &[u8], stride: usize, first: usize, taps: &Taps) -> Vec<u8> {
    let mut out = vec![0; taps.starts.len() * stride];
    for (target, (start, weights)) in out.chunks_exact_mut(stride).zip(taps.iter()) {
        if budget::is_spent() {
            break;
        }
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
mod tests;
