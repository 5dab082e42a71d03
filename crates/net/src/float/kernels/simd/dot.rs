//! Convolution to a few channels, as dot products over the inputs.

use super::segments::Segments;
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::Direct;
use crate::float::kernels::vector::Vector;

/// One row of output by dot products, four pixels at a time so that each weight is loaded once for four.
///
/// # Safety
/// The processor has `V`'s features; the runs of every pixel of a row are readable from `a` on, `weights` holds the packed weights, and `line` has room for
/// the row.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn dots<V: Vector>(
    job: &ConvJob<'_, Direct>,
    segments: &Segments,
    a: *const f32,
    weights: *const f32,
    line: *mut f32,
) {
    let (width, outputs) = (job.out.shape.w, job.out.shape.c);
    let step = job.conv.stride * job.conv.inputs;
    let depth = segments.depth * segments.starts().len();
    for o in 0..outputs {
        let mut x = 0;
        // SAFETY: pixels x.. are of the row, whose runs lie within the band.
        unsafe {
            let weights = weights.add(o * depth);
            while x + 4 <= width {
                let sums = dot::<V, 4>(segments, a.add(x * step), step, weights);
                for (i, sum) in sums.into_iter().enumerate() {
                    line.add((x + i) * outputs + o).write(sum);
                }
                x += 4;
            }
            while x < width {
                let [sum] = dot::<V, 1>(segments, a.add(x * step), step, weights);
                line.add(x * outputs + o).write(sum);
                x += 1;
            }
        }
    }
}

/// Registers that [`add_products`] goes through at most.
const VECTORS: usize = 16;

/// # Safety
/// The processor has `V`'s features; the runs of `N` pixels, `step` values apart, are readable from `a` on, as the weights of all runs are.
#[inline(always)]
unsafe fn dot<V: Vector, const N: usize>(
    segments: &Segments,
    a: *const f32,
    step: usize,
    weights: *const f32,
) -> [f32; N] {
    let vectors = segments.depth / V::LANES;
    let whole = vectors * V::LANES;
    let mut totals = [0.0; N];
    let mut sums = [[0.0; 16]; N];
    // SAFETY: as in `dots`; a row of `sums` holds the widest register.
    unsafe {
        for (s, &start) in segments.starts().iter().enumerate() {
            let (a, weights) = (a.add(start), weights.add(s * segments.depth));
            for from in (0..vectors).step_by(VECTORS) {
                let (a, weights) = (a.add(from * V::LANES), weights.add(from * V::LANES));
                add_products::<V, N>(a, step, weights, VECTORS.min(vectors - from), &mut sums);
            }
            for k in whole..segments.depth {
                for (i, total) in totals.iter_mut().enumerate() {
                    *total += a.add(i * step + k).read() * weights.add(k).read();
                }
            }
        }
    }
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total += sum[..V::LANES].iter().sum::<f32>();
    }
    totals
}

/// Adds 1 to [`VECTORS`] registers of products for `N` pixels, in straight-line code where hosts put checks into loops.
///
/// # Safety
/// As [`dot`], for `vectors` registers of each pixel; each total has room for a register.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn add_products<V: Vector, const N: usize>(
    a: *const f32,
    step: usize,
    weights: *const f32,
    vectors: usize,
    totals: &mut [[f32; 16]; N],
) {
    // SAFETY: as in `dot`.
    unsafe {
        let mut sums = [V::splat(0.0); N];
        for (sum, total) in sums.iter_mut().zip(totals.iter()) {
            *sum = V::load(total.as_ptr());
        }
        'done: {
            macro_rules! vectors {
                ($($vector:literal)*) => {$(
                    const { assert!($vector < VECTORS) };
                    let weight = V::load(weights.add($vector * V::LANES));
                    for (i, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(a.add(i * step).add($vector * V::LANES)).mul_add(weight, *sum);
                    }
                    if vectors == $vector + 1 {
                        break 'done;
                    }
                )*};
            }
            vectors!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        }
        for (sum, total) in sums.into_iter().zip(totals) {
            sum.store(total.as_mut_ptr());
        }
    }
}
