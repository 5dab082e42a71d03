//! The input band of a direct convolution: rows of all sources, padded, concatenated and resized.

use super::resize::Source;
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::Direct;
use crate::float::kernels::vector::Vector;

/// Row `y` of the padded, concatenated input.
///
/// # Safety
/// The processor has `V`'s features; `to` has room for a row of the band, and `sources` are of this job.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn band_row<V: Vector>(
    job: &ConvJob<'_, Direct>,
    sources: &[Source],
    y: usize,
    to: *mut f32,
) {
    let (pad, inputs) = (job.conv.pad * job.conv.inputs, job.conv.inputs);
    // SAFETY: `to` has `job.layout.row` values: padding, `width` pixels of `inputs` values, padding.
    unsafe {
        let Some(y) = y.checked_sub(job.conv.pad).filter(|&y| y < job.conv.height) else {
            to.write_bytes(0, job.layout.row);
            return;
        };
        to.write_bytes(0, pad);
        to.add(job.layout.width * inputs - pad).write_bytes(0, pad);
        let mut to = to.add(pad);
        for source in sources {
            let c = source.channels;
            let mut from = source.base;
            match &source.resized {
                Some((resized, line)) => {
                    resized.write_row::<V>(y, *line);
                    from = *line;
                }
                None => from = from.add(y * job.conv.width * c),
            }
            if c == inputs {
                to.copy_from_nonoverlapping(from, job.conv.width * c);
            } else {
                for x in 0..job.conv.width {
                    copy::<V>(from.add(x * c), to.add(x * inputs), c);
                }
            }
            to = to.add(c);
        }
    }
}

/// A copy of a few values, for which a call to memcpy costs more than the copy.
///
/// # Safety
/// The processor has `V`'s features; `count` values are readable at `from` and writable at `to`, apart from each other.
#[inline(always)]
unsafe fn copy<V: Vector>(from: *const f32, to: *mut f32, count: usize) {
    let mut i = 0;
    // SAFETY: the caller vouches for `count` values.
    unsafe {
        while i + V::LANES <= count {
            V::load(from.add(i)).store(to.add(i));
            i += V::LANES;
        }
        while i < count {
            to.add(i).write(from.add(i).read());
            i += 1;
        }
    }
}
