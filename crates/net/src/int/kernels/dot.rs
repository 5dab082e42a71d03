//! Dense convolution to one channel: dot products of the inputs under the kernel with the weights.

use super::job::{Added, RowJob};
use super::lanes::Lanes;
use crate::int::op::LANES;

/// Pixels at once: they share the weights.
const PIXELS: usize = 4;

/// Computes a row; of a pixel's stored channels only the first is written, since what reads the map has no weights for the others.
///
/// # Safety
/// As [`super::row`]; the source's channels are a multiple of [`LANES`].
#[inline(always)]
pub(super) unsafe fn row<L: Lanes>(job: &RowJob<'_>, arena: *mut i16) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut x = 0;
        while x + PIXELS <= job.width {
            pixels::<L, PIXELS>(job, arena, x);
            x += PIXELS;
        }
        while x < job.width {
            pixels::<L, 1>(job, arena, x);
            x += 1;
        }
    }
}

/// # Safety
/// As [`row`]; `N` pixels from `x` on are in the row.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn pixels<L: Lanes, const N: usize>(job: &RowJob<'_>, arena: *mut i16, x: usize) {
    let step = job.stride * job.inputs;
    // SAFETY: the caller's promise; the weights are one run for each row of the kernel.
    unsafe {
        let mut sums = [L::no_part(); N];
        let mut weights = job.weights.as_ptr();
        for &source in &job.sources[..job.kernel] {
            let mut from = arena.add(source + x * step).cast_const();
            for _ in 0..job.kernel * job.inputs / LANES {
                let row = L::widened(weights);
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    *sum = L::dot(*sum, L::load(from.add(pixel * step)), row);
                }
                from = from.add(LANES);
                weights = weights.add(LANES);
            }
        }
        for (pixel, sum) in sums.into_iter().enumerate() {
            put(job, arena, x + pixel, L::total(sum) + job.biases[0]);
        }
    }
}

/// From a sum to the value of pixel `x`.
///
/// # Safety
/// As [`row`]; the pixel is in the row.
#[inline(always)]
unsafe fn put(job: &RowJob<'_>, arena: *mut i16, x: usize, sum: i32) {
    let saturated = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into());
    let limited = |value: i32, [low, high]: [i16; 2]| value.clamp(low.into(), high.into());
    let mut value = saturated((sum as f32 * job.factors[0]).round_ties_even() as i32);
    if let Some(inner) = job.inner {
        value = limited(value, inner);
    }
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(Added::Plain(at) | Added::Doubled { to: at, .. }) = job.residual {
            value = saturated(value + i32::from(arena.add(at + x * job.outputs).read()));
        }
        let to = arena.add(job.out + (job.border + x) * job.outputs);
        to.write(limited(value, job.outer) as i16);
    }
}
