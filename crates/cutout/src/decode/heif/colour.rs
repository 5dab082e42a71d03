//! Samples of HEIF images as heifer's conversion to colours takes them.

use heifer::Image;
use heifer::Sample;
use heifer::color::ColorParams;
use heifer::heifer_hevc_dec::recon::Frame;

use super::super::{Format, damaged, unsupported};
use crate::Error;
use crate::transparency::divided;

/// Matrix coefficients that the conversion knows: none, BT.709, unspecified (as BT.601), FCC, BT.601 twice, SMPTE 240M and BT.2020
/// without constant luminance.
const MATRICES: [u16; 8] = [0, 1, 2, 4, 5, 6, 7, 9];

/// `frame` as its conversion to colours takes it: with as much chroma as luma.
///
/// # Errors
/// Kind `unsupported-format` for coefficients that are not known; `undecodable` for planes that do not fit each other.
pub(super) fn usable(mut frame: Frame, params: ColorParams) -> Result<Frame, Error> {
    let (width, height) = (frame.widths[0], frame.heights[0]);
    let is_grey = frame.widths[1] == 0;
    let (across, down) = match frame.chroma_format {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let chroma = match is_grey {
        true => (0, 0),
        false => (width.div_ceil(across), height.div_ceil(down)),
    };
    let sizes = [(width, height), chroma, chroma];
    for (index, size) in sizes.into_iter().enumerate() {
        let samples = frame.planes[index].len() as u64;
        let fits = (frame.widths[index], frame.heights[index]) == size
            && samples == u64::from(size.0) * u64::from(size.1);
        if !fits || samples == 0 && index == 0 {
            return Err(damaged(Format::Heif, "its planes do not fit each other"));
        }
    }
    if is_grey {
        // The conversion of grey takes the full range as given.
        if !params.full_range {
            stretch_range(&mut frame.planes[0], frame.bit_depth[0]);
        }
        return Ok(frame);
    }
    if !MATRICES.contains(&params.matrix) {
        let text = format!("matrix coefficients {} are in it", params.matrix);
        return Err(unsupported(Format::Heif, &text));
    }
    if (across, down) != (1, 1) {
        for index in [1, 2] {
            let samples = std::mem::take(&mut frame.planes[index]);
            let from = (chroma.0 as usize, chroma.1 as usize);
            frame.planes[index] =
                spread(&samples, from, (width as usize, height as usize), down == 2);
            (frame.widths[index], frame.heights[index]) = (width, height);
        }
        frame.chroma_format = 3;
    }
    Ok(frame)
}

/// Chroma at twice the width, and where `is_halved_down` at twice the height: three parts of the nearer sample and one of the
/// next, as libheif, libavif and libjpeg have it, with chroma in the middle of its luma.
fn spread(
    samples: &[u16],
    (from_width, from_height): (usize, usize),
    (width, height): (usize, usize),
    is_halved_down: bool,
) -> Vec<u16> {
    let row = |y: usize| &samples[y.min(from_height - 1) * from_width..][..from_width];
    let mut out = Vec::with_capacity(width * height);
    // Sums of four parts down, then of four parts across.
    let mut sums = vec![0_u32; from_width];
    for y in 0..height {
        let (near, next) = match (is_halved_down, y % 2) {
            (false, _) => (y, y),
            (true, 0) => (y / 2, (y / 2).saturating_sub(1)),
            (true, _) => (y / 2, y / 2 + 1),
        };
        let rows = row(near).iter().zip(row(next));
        for (sum, (near, next)) in sums.iter_mut().zip(rows) {
            *sum = 3 * u32::from(*near) + u32::from(*next);
        }
        out.extend((0..width).map(|x| {
            let next = if x % 2 == 0 {
                (x / 2).saturating_sub(1)
            } else {
                (x / 2 + 1).min(from_width - 1)
            };
            ((3 * sums[x / 2] + sums[next] + 8) / 16) as u16
        }));
    }
    out
}

/// Samples of the range of video to those of the full one.
fn stretch_range(samples: &mut [u16], depth: u8) {
    let shift = depth.saturating_sub(8);
    let (black, span, most) = (16_u32 << shift, 219_u32 << shift, (256_u32 << shift) - 1);
    for value in samples {
        let above = u32::from(*value).saturating_sub(black).min(span);
        *value = ((above * most + span / 2) / span) as u16;
    }
}

/// Premultiplied colours to straight ones.
pub(super) fn divide_by_alpha<S: Sample>(image: &mut Image<S>) {
    let most = u32::from(image.max_value());
    for [colours @ .., alpha] in image.data.as_chunks_mut::<4>().0 {
        let alpha = u32::from(alpha.to_u16());
        if alpha == 0 {
            continue;
        }
        for value in colours {
            *value = S::from_u16(divided(value.to_u16().into(), alpha, most) as u16);
        }
    }
}
