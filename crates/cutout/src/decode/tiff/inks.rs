//! Four inks to RGB.

use crate::profile::Inks;

/// Pixels that are converted by a profile at a time.
const PIECE: usize = 1 << 10;

/// Inks, and alpha if there are five `channels`, to RGB by the simplest rule.
pub(super) fn by_rule(from: &[u8], channels: usize, wide: bool, out: &mut [u8]) {
    let (size, most) = if wide { (2, 65535.0) } else { (1, 255.0) };
    let pixels = from.chunks_exact(channels * size);
    for (pixel, out) in pixels.zip(out.chunks_exact_mut((channels - 1) * size)) {
        let value = |at| sample(pixel, at, wide);
        let light = 1.0 - f32::from(value(3)) / most;
        for (at, out) in out.chunks_exact_mut(size).enumerate() {
            let value = match at {
                3 => value(4),
                _ => ((most - f32::from(value(at))) * light) as u16,
            };
            match out {
                [out] => *out = value as u8,
                out => out.copy_from_slice(&value.to_ne_bytes()),
            }
        }
    }
}

/// As [`by_rule`], by a profile: samples have 8 bits then.
pub(super) fn by_profile(profile: &Inks, from: &[u8], channels: usize, wide: bool, out: &mut [u8]) {
    let step = if wide { 2 * channels } else { channels };
    let high = |pixel, at| {
        let value = sample(pixel, at, wide);
        if wide {
            (value >> 8) as u8
        } else {
            value as u8
        }
    };
    let (mut inks, mut rgb) = (Vec::new(), [0; 3 * PIECE]);
    let pieces = from
        .chunks(PIECE * step)
        .zip(out.chunks_mut(PIECE * (channels - 1)));
    for (from, out) in pieces {
        inks.clear();
        let pixels = from.chunks_exact(step);
        inks.extend(pixels.flat_map(|pixel| [0, 1, 2, 3].map(|at| high(pixel, at))));
        let rgb = &mut rgb[..inks.len() / 4 * 3];
        profile.to_srgb(&inks, rgb);
        let pixels = from.chunks_exact(step).zip(rgb.as_chunks::<3>().0);
        for ((pixel, rgb), out) in pixels.zip(out.chunks_exact_mut(channels - 1)) {
            out[..3].copy_from_slice(rgb);
            if let Some(alpha) = out.get_mut(3) {
                *alpha = high(pixel, 4);
            }
        }
    }
}

/// The `index`-th value of a pixel.
fn sample(pixel: &[u8], index: usize, wide: bool) -> u16 {
    if wide {
        u16::from_ne_bytes([pixel[2 * index], pixel[2 * index + 1]])
    } else {
        u16::from(pixel[index])
    }
}
