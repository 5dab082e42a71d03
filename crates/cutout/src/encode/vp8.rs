//! A lossy frame of WebP (VP8, RFC 6386).

mod forecast;

use oxideav_vp8::encoder::EncodeError;
use oxideav_vp8::{I420Frame, KeyframeParams, encode_keyframe};

use super::encoding::in_range;
use crate::{Error, ErrorKind, budget};

/// Longest side that a frame can have.
pub(super) const MAX_SIDE: u32 = 16_383;

/// Bytes that the encoder takes for a pixel: 25 × 16 coefficients of a macroblock of 256, and what they become.
const WORKING_BYTES: u64 = 6;

/// Side of the blocks in which transparent pixels get a colour.
const BLOCK: usize = 8;

/// A frame of pixels of 1, 3 or 4 `channels`, the fourth of which is alpha: what is transparent takes the colour of
/// what is beside it, so that neither its black costs bits nor bleeds into what is seen.
///
/// # Errors
/// Kind `too-many-pixels` for an image that the format cannot hold, else `encode`.
pub(super) fn frame(
    width: u32,
    height: u32,
    data: &[u8],
    channels: usize,
    quality: u8,
) -> Result<Vec<u8>, Error> {
    let pixels = width as usize * height as usize;
    if pixels == 0 || data.len() != pixels * channels {
        let text = format!(
            "{} values are no webp of {width}×{height} pixels",
            data.len()
        );
        return Err(Error::new(ErrorKind::Encode, text));
    }
    let planes = Planes::of(width as usize, height as usize, data, channels)?;
    let frame = I420Frame::packed(width, height, &planes.y, &planes.u, &planes.v);
    let quantiser = quantiser(quality);
    let settings = KeyframeParams {
        y_ac_qi: quantiser,
        // What is coded coarsely shows its blocks, and is smoothed the more.
        loop_filter_level: quantiser / 4,
        ..KeyframeParams::default()
    };
    budget::room(pixels as u64 * WORKING_BYTES)?;
    forecast::check(&frame, &settings)?;
    encode_keyframe(&frame, &settings).map_err(|cause| match cause {
        EncodeError::FirstPartitionTooLarge { .. } => too_large(width, height),
        cause => unwritable(&cause),
    })
}

fn too_large(width: u32, height: u32) -> Error {
    let text = format!(
        "{width}×{height} pixels are more than one lossy webp can hold; ask for lossless webp, png or a \
         smaller result"
    );
    Error::new(ErrorKind::TooManyPixels, text)
}

fn unwritable(cause: &EncodeError) -> Error {
    let text = format!("the webp cannot be written: {cause:?}");
    Error::new(ErrorKind::Encode, text)
}

/// The quantiser's index, 127…0, of a quality of 1…100, as libwebp chooses it.
fn quantiser(quality: u8) -> u8 {
    let share = f32::from(in_range(quality)) / 100.0;
    let linear = if share < 0.75 {
        share * 2.0 / 3.0
    } else {
        share * 2.0 - 1.0
    };
    (127.0 * (1.0 - linear.cbrt())).round() as u8
}

/// Luma, and both chromas at half of its size in each direction.
struct Planes {
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl Planes {
    fn of(width: usize, height: usize, data: &[u8], channels: usize) -> Result<Self, Error> {
        let half = width.div_ceil(2) * height.div_ceil(2);
        let mut planes = Self {
            y: Vec::with_capacity(width * height),
            u: Vec::with_capacity(half),
            v: Vec::with_capacity(half),
        };
        let mut colours = Vec::with_capacity(width * BLOCK);
        let mut last = [0; 3];
        for band in data.chunks(width * channels * BLOCK) {
            budget::check()?;
            colours.clear();
            colours.extend(band.chunks_exact(channels).map(|pixel| match *pixel {
                [r, g, b, ..] => [r, g, b],
                [grey, ..] => [grey; 3],
                [] => [0; 3],
            }));
            if channels == 4 {
                fill(&mut colours, band.as_chunks::<4>().0, width, &mut last);
            }
            planes.add(&colours, width);
        }
        Ok(planes)
    }

    /// Adds rows, an even number of them unless they are the last.
    fn add(&mut self, colours: &[[u8; 3]], width: usize) {
        self.y.extend(colours.iter().map(|&colour| luma(colour)));
        for two in colours.chunks(width * 2) {
            let upper = &two[..width];
            let lower = two
                .get(width..)
                .filter(|row| !row.is_empty())
                .unwrap_or(upper);
            for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
                let last = upper.len() - 1;
                let four = [upper[0], upper[last], lower[0], lower[last]];
                let sum = |i: usize| four.iter().map(|colour| i32::from(colour[i])).sum();
                let (u, v) = chroma([sum(0), sum(1), sum(2)]);
                self.u.push(u);
                self.v.push(v);
            }
        }
    }
}

/// Gives transparent pixels of a band of blocks the mean of what is seen in their block, weighted by alpha, or the
/// `last` mean where nothing is.
fn fill(colours: &mut [[u8; 3]], pixels: &[[u8; 4]], width: usize, last: &mut [u8; 3]) {
    for left in (0..width).step_by(BLOCK) {
        let columns = left..(left + BLOCK).min(width);
        let mut sums = [0_u32; 4];
        for row in pixels.chunks_exact(width) {
            for &[r, g, b, alpha] in &row[columns.clone()] {
                let weighted = [r, g, b].map(|value| u32::from(value) * u32::from(alpha));
                sums[..3]
                    .iter_mut()
                    .zip(weighted)
                    .for_each(|(sum, value)| *sum += value);
                sums[3] += u32::from(alpha);
            }
        }
        let [r, g, b, alpha] = sums;
        if alpha > 0 {
            *last = [r, g, b].map(|sum| ((sum + alpha / 2) / alpha) as u8);
        }
        for (row, colours) in pixels
            .chunks_exact(width)
            .zip(colours.chunks_exact_mut(width))
        {
            for (pixel, colour) in row[columns.clone()]
                .iter()
                .zip(&mut colours[columns.clone()])
            {
                if pixel[3] == 0 {
                    *colour = *last;
                }
            }
        }
    }
}

/// BT.601's luma, 16…235, in 65536ths until it is rounded.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    let sum = 16_839 * i32::from(r) + 33_059 * i32::from(g) + 6_420 * i32::from(b);
    ((sum + (16 << 16) + (1 << 15)) >> 16) as u8
}

/// BT.601's chroma, 16…240, of the sums of four colours.
fn chroma([r, g, b]: [i32; 3]) -> (u8, u8) {
    let level = |sum: i32| ((sum + (128 << 18) + (1 << 17)) >> 18) as u8;
    let u = level(28_800 * b - 9_719 * r - 19_081 * g);
    let v = level(28_800 * r - 24_116 * g - 4_684 * b);
    (u, v)
}
