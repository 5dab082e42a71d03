//! Samples as they are stored, to grey or RGB of 8 or 16 bits, with straight alpha.

use super::chunk::{long, short};
use super::directory::{Directory, File};
use super::page::{Colours, Page};
use super::tag;
use crate::Error;
use crate::decode::{Format, damaged};

/// Reads a row's samples as whole numbers of [`level_bits`] bits.
pub(super) fn levels(page: &Page, file: File<'_>, row: &[u8], line: &mut Vec<u16>) {
    line.clear();
    match (page.bits, page.is_float) {
        (8, _) => line.extend(row.iter().map(|&value| u16::from(value))),
        (16, false) => line.extend(row.chunks_exact(2).map(|two| short(two, file.little))),
        (32, false) => {
            let high = |four| (long(four, file.little) >> 16) as u16;
            line.extend(row.chunks_exact(4).map(high));
        }
        (16, true) => {
            let value = |two| from_half(short(two, file.little));
            line.extend(row.chunks_exact(2).map(|two| level(value(two))));
        }
        (32, true) => {
            let value = |four| f32::from_bits(long(four, file.little));
            line.extend(row.chunks_exact(4).map(|four| level(value(four))));
        }
        (bits, _) => {
            let (mut held, mut count) = (0_u32, 0);
            for &byte in row {
                held = held << 8 | u32::from(byte);
                count += 8;
                while count >= bits {
                    count -= bits;
                    line.push((held >> count) as u16 & (u16::MAX >> (16 - bits)));
                }
            }
        }
    }
}

/// Bits of the numbers that [`levels`] gives.
fn level_bits(page: &Page) -> u32 {
    page.bits.min(16)
}

/// 0…1 in 16 bits; what lies outside goes to the nearer end.
fn level(value: f32) -> u16 {
    // Casts stop at both ends and make NaN 0.
    (value * 65535.0 + 0.5) as u16
}

/// IEEE 754's 16-bit floating-point number.
fn from_half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, bits >> 10 & 31, f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (fraction + 1024.0) * 2.0_f32.powi(i32::from(exponent) - 25),
    };
    if sign == 1 { -size } else { size }
}

/// Which sample goes where, and what its levels become: also a palette, and zero for white.
pub(super) struct Way {
    pub(super) sample: usize,
    table: Vec<u16>,
}

impl Way {
    /// Writes one value of each pixel: `size` bytes at `at` of every `stride`.
    pub(super) fn write(
        &self,
        values: impl Iterator<Item = u16>,
        out: &mut [u8],
        stride: usize,
        at: usize,
        size: usize,
    ) {
        for (value, pixel) in values.zip(out.chunks_exact_mut(stride)) {
            let value = self
                .table
                .get(usize::from(value))
                .copied()
                .unwrap_or_default();
            match size {
                1 => pixel[at] = value as u8,
                _ => pixel[at..at + 2].copy_from_slice(&value.to_ne_bytes()),
            }
        }
    }
}

/// The ways of a page's samples, one for each of the values that a pixel gets at first: colours or inks, then alpha.
///
/// # Errors
/// Kind `undecodable` for a palette that is missing or too short.
pub(super) fn ways(page: &Page, directory: &Directory<'_>) -> Result<Vec<Way>, Error> {
    let most = (1_u32 << level_bits(page)) - 1;
    let full = if page.is_wide() { 65535 } else { 255 };
    // No product of the two goes beyond 32 bits.
    let straight = |level: u32| ((level * full + most / 2) / most) as u16;
    let table = || (0..=most).map(straight).collect::<Vec<_>>();
    let mut ways: Vec<Way> = match page.colours {
        Colours::Palette => palette(directory, most as usize + 1)?
            .into_iter()
            .map(|table| Way { sample: 0, table })
            .collect(),
        Colours::Grey { zero_is_white } => {
            let mut table = table();
            if zero_is_white {
                table.reverse();
            }
            vec![Way { sample: 0, table }]
        }
        colours => (0..colours.samples())
            .map(|sample| Way {
                sample,
                table: table(),
            })
            .collect(),
    };
    if let Some(alpha) = page.alpha {
        ways.push(Way {
            sample: alpha.sample,
            table: table(),
        });
    }
    Ok(ways)
}

/// Red, green and blue of each of `levels` levels, in 8 bits.
fn palette(directory: &Directory<'_>, levels: usize) -> Result<[Vec<u16>; 3], Error> {
    let map = directory.values(tag::COLOUR_MAP, 3 * levels);
    if map.len() < 3 * levels {
        return Err(damaged(Format::Tiff, "its palette is missing or too short"));
    }
    // Some writers give 8 bits, where 16 are meant.
    let shift = if map.iter().all(|&value| value < 256) {
        0
    } else {
        8
    };
    let part = |index: usize| {
        let part = map.iter().skip(index * levels).take(levels);
        part.map(|value| (value >> shift) as u16).collect()
    };
    Ok([0, 1, 2].map(part))
}

/// Divides colours that are multiplied by the last of `channels`. They were rounded when that was done, most often down, so
/// that the middle of what they may have been is taken.
pub(super) fn divide(data: &mut [u8], channels: usize, wide: bool) {
    if !wide {
        for pixel in data.chunks_exact_mut(channels) {
            let Some((&mut alpha, colours)) = pixel.split_last_mut() else {
                return;
            };
            for value in colours {
                *value = divided(u64::from(*value), u64::from(alpha), 255) as u8;
            }
        }
        return;
    }
    for pixel in data.chunks_exact_mut(2 * channels) {
        let (samples, _) = pixel.as_chunks_mut::<2>();
        let Some((alpha, colours)) = samples.split_last_mut() else {
            return;
        };
        let alpha = u16::from_ne_bytes(*alpha);
        for value in colours {
            let found = divided(
                u64::from(u16::from_ne_bytes(*value)),
                u64::from(alpha),
                65535,
            );
            *value = (found as u16).to_ne_bytes();
        }
    }
}

fn divided(value: u64, alpha: u64, most: u64) -> u64 {
    match alpha {
        0 => 0,
        _ if alpha == most => value,
        _ if value >= alpha => most,
        _ => ((2 * value + 1) * most + alpha) / (2 * alpha),
    }
}

/// The rule from YCbCr to RGB that a page states (TIFF 6.0, section 21).
pub(super) struct Unmix {
    /// Weights of red, green and blue in luma.
    weights: [f32; 3],
    /// Levels of black and white, or of no and full difference, of each of the three.
    ends: [[f32; 2]; 3],
}

impl Unmix {
    pub(super) fn new(directory: &Directory<'_>) -> Self {
        let weights = directory.fractions(tag::COEFFICIENTS);
        let ends = directory.fractions(tag::REFERENCE);
        let [y0, y1, b0, b1, r0, r1] = ends.unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
        Self {
            // Those of BT.601.
            weights: weights
                .filter(|[_, green, _]| *green > 0.0)
                .unwrap_or([0.299, 0.587, 0.114]),
            ends: [[y0, y1], [b0, b1], [r0, r1]],
        }
    }

    /// Turns the first three of each pixel's bytes to RGB.
    pub(super) fn apply(&self, data: &mut [u8], channels: usize) {
        let [red, green, blue] = self.weights;
        for pixel in data.chunks_exact_mut(channels) {
            let part = |index: usize, full: f32| {
                let [low, high] = self.ends[index];
                let range = if high == low { 1.0 } else { high - low };
                (f32::from(pixel[index]) - low) * full / range
            };
            let (y, cb, cr) = (part(0, 255.0), part(1, 127.0), part(2, 127.0));
            let r = y + cr * (2.0 - 2.0 * red);
            let b = y + cb * (2.0 - 2.0 * blue);
            let g = (y - red * r - blue * b) / green;
            // Casts stop at 0 and 255.
            let rgb = [r, g, b].map(|value| (value + 0.5) as u8);
            pixel[..3].copy_from_slice(&rgb);
        }
    }
}

/// Spreads subsampled YCbCr, in blocks of luma and then the two differences, to three bytes for each pixel.
pub(super) fn spread(page: &Page, data: &[u8], rows: usize) -> Result<Vec<u8>, Error> {
    let (across, down) = page.block();
    let width = page.chunks.width;
    let mut out = crate::decode::samples::buffer(3 * width as u64 * rows as u64)?;
    let blocks = width.div_ceil(across);
    let size = across * down + 2;
    for (y, row) in out.chunks_exact_mut(3 * width).enumerate() {
        for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let block = (y / down * blocks + x / across) * size;
            // All blocks are there: the chunk has the length that was computed from them.
            let luma = data[block + y % down * across + x % across];
            *pixel = [luma, data[block + size - 2], data[block + size - 1]];
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_as_ieee_754_says() {
        let cases = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0x3800, 0.5),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0xc000, -2.0),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, expected) in cases {
            assert_eq!(from_half(bits), expected, "{bits:x}");
        }
        assert!(from_half(0x7e00).is_nan());
    }

    #[test]
    fn division_by_alpha_stays_near_what_was_multiplied() {
        for most in [255_u64, 65535] {
            for alpha in (9..=most).step_by(most as usize / 85) {
                for colour in (0..=most).step_by(most as usize / 51) {
                    let found = divided(colour * alpha / most, alpha, most);
                    let near = most.div_ceil(2 * alpha) + 1;
                    assert!(
                        found.abs_diff(colour) <= near,
                        "{colour} × {alpha} of {most}: {found}"
                    );
                }
            }
            assert_eq!(divided(most / 3, most, most), most / 3);
            assert_eq!(divided(5, 0, most), 0);
            assert_eq!(divided(6, 5, most), most);
        }
    }
}
