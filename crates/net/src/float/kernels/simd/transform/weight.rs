//! Weights to frequencies: G g Gᵀ.

use super::{REACH, store_all};
use crate::float::kernels::vector::Vector;

/// G g Gᵀ for output channels `from..end` of one input channel: the nine weights of channel `o` stand at
/// `weights + tap * step + o`, its frequencies go to `to + frequency * plane + o`.
///
/// # Safety
/// As [`input_tile`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(in crate::float::kernels::simd) unsafe fn weight_tile<V: Vector>(
    weights: *const f32,
    step: usize,
    to: *mut f32,
    plane: usize,
    square: *mut f32,
    [from, end]: [usize; 2],
) {
    let mut o = from;
    while o < end {
        // SAFETY: the caller vouches for nine taps and `POINTS` planes.
        unsafe {
            for j in 0..3 {
                let tap = weights.add(j * step + o);
                let down = weight3::<V>([
                    V::load(tap),
                    V::load(tap.add(3 * step)),
                    V::load(tap.add(6 * step)),
                ]);
                store_all(down, square.add(j * V::LANES), 3 * V::LANES);
            }
            for i in 0..REACH {
                let from = square.add(i * 3 * V::LANES);
                let across = weight3::<V>([
                    V::load(from),
                    V::load(from.add(V::LANES)),
                    V::load(from.add(2 * V::LANES)),
                ]);
                store_all(across, to.add(i * REACH * plane + o), plane);
            }
        }
        o += V::LANES;
    }
}

/// G g for three taps.
///
/// # Safety
/// The processor has `V`'s features.
#[inline(always)]
unsafe fn weight3<V: Vector>(g: [V; 3]) -> [V; REACH] {
    // SAFETY: as in `input8`.
    unsafe {
        let ends = g[0].add(g[2]).mul(V::splat(-2.0 / 9.0));
        let middle = g[1].mul(V::splat(-2.0 / 9.0));
        let far = g[2].mul(V::splat(4.0)).add(g[0]).mul(V::splat(1.0 / 90.0));
        let half = g[1].mul(V::splat(1.0 / 45.0));
        let close = g[0].mul(V::splat(4.0)).add(g[2]).mul(V::splat(8.0 / 45.0));
        let quarter = g[1].mul(V::splat(16.0 / 45.0));
        [
            g[0],
            ends.add(middle),
            ends.sub(middle),
            far.add(half),
            far.sub(half),
            close.add(quarter),
            close.sub(quarter),
            g[2],
        ]
    }
}
