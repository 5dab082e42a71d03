//! Convolution to a few channels, as dot products over the inputs.

use super::direct::Segments;
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;

/// One row of output by dot products, four pixels at a time so that each weight is loaded once for four.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn dots<V: Vector>(
    job: &ConvJob,
    segments: &Segments,
    a: *const f32,
    weights: *const f32,
    line: *mut f32,
) {
    let (width, outputs) = (job.out.shape.w, job.out.shape.c);
    let step = job.stride * job.inputs;
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

#[inline(always)]
unsafe fn dot<V: Vector, const N: usize>(
    segments: &Segments,
    a: *const f32,
    step: usize,
    weights: *const f32,
) -> [f32; N] {
    let whole = segments.depth - segments.depth % V::LANES;
    let mut totals = [0.0; N];
    // SAFETY: as in `dots`; `lanes` holds the widest register.
    unsafe {
        let mut sums = [V::splat(0.0); N];
        for (s, &start) in segments.starts().iter().enumerate() {
            let (a, weights) = (a.add(start), weights.add(s * segments.depth));
            let mut k = 0;
            while k < whole {
                let weight = V::load(weights.add(k));
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(a.add(i * step + k)).mul_add(weight, *sum);
                }
                k += V::LANES;
            }
            for k in whole..segments.depth {
                for (i, total) in totals.iter_mut().enumerate() {
                    *total += a.add(i * step + k).read() * weights.add(k).read();
                }
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            let mut lanes = [0.0; 16];
            sum.store(lanes.as_mut_ptr());
            *total += lanes[..V::LANES].iter().sum::<f32>();
        }
    }
    totals
}
