//! Pixels to frequencies: Bᵀ d B.

use super::{LINE, REACH, load8, store_all};
use crate::float::kernels::vector::Vector;

/// Bᵀ d B for channels `from..end` of one tile.
///
/// `rows` point to the tile's first pixel in each of its rows, pixels are `pixel` values apart, and the
/// frequencies of channel `k` go to `to + frequency * plane + k`; `square` is [`super::SQUARE`] values of scratch.
///
/// # Safety
/// The processor has `V`'s features, `end - from` is a multiple of its lanes, and all of that is readable or writable.
#[inline(always)]
pub(in crate::float::kernels::simd) unsafe fn input_tile<V: Vector>(
    rows: &[*const f32; REACH],
    pixel: usize,
    to: *mut f32,
    plane: usize,
    square: *mut f32,
    [from, end]: [usize; 2],
) {
    let mut k = from;
    // SAFETY: the caller's promise.
    unsafe {
        while V::LANES > 1 && k + LINE <= end {
            let to = to.add(k);
            match V::LANES {
                4 => input_lanes::<V, 4>(rows, pixel, k, to, plane, square),
                8 => input_lanes::<V, 2>(rows, pixel, k, to, plane, square),
                _ => input_lanes::<V, 1>(rows, pixel, k, to, plane, square),
            }
            k += LINE;
        }
        while k < end {
            input_lanes::<V, 1>(rows, pixel, k, to.add(k), plane, square);
            k += V::LANES;
        }
    }
}

/// The same for `N` registers of channels from `k` on.
///
/// # Safety
/// As [`input_tile`], for `N` registers of channels from `k` on.
#[inline(always)]
unsafe fn input_lanes<V: Vector, const N: usize>(
    rows: &[*const f32; REACH],
    pixel: usize,
    k: usize,
    to: *mut f32,
    plane: usize,
    square: *mut f32,
) {
    // SAFETY: the caller of `input_tile` vouches for `REACH` pixels in each row and for `POINTS` planes.
    unsafe {
        for (i, row) in rows.iter().enumerate() {
            input_row::<V, N>(row.add(k), pixel, square.add(i * REACH * N * V::LANES));
        }
        for v in 0..N {
            input_columns::<V, N>(square.add(v * V::LANES), to.add(v * V::LANES), plane);
        }
    }
}

/// # Safety
/// As [`input_tile`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn input_row<V: Vector, const N: usize>(from: *const f32, pixel: usize, square: *mut f32) {
    unrolled!(v in 0 1 2 3 {
        if v < N {
            // SAFETY: as in `input_lanes`.
            unsafe {
                let across = input8::<V>(load8(from.add(v * V::LANES), pixel));
                store_all(across, square.add(v * V::LANES), N * V::LANES);
            }
        }
    });
}

/// # Safety
/// As [`input_tile`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn input_columns<V: Vector, const N: usize>(square: *const f32, to: *mut f32, plane: usize) {
    unrolled!(j in 0 1 2 3 4 5 6 7 {
        // SAFETY: as in `input_lanes`.
        unsafe {
            let down = input8::<V>(load8(square.add(j * N * V::LANES), REACH * N * V::LANES));
            store_all(down, to.add(j * plane), REACH * plane);
        }
    });
}

/// `d` holds eight pixels of a row (or column); gives Bᵀd.
///
/// # Safety
/// The processor has `V`'s features.
#[inline(always)]
unsafe fn input8<V: Vector>(d: [V; REACH]) -> [V; REACH] {
    // SAFETY: the caller runs on a processor with V's features.
    unsafe {
        let first = V::splat(5.25).mul_add(d[4].sub(d[2]), d[0].sub(d[6]));
        let last = V::splat(5.25).mul_add(d[3].sub(d[5]), d[7].sub(d[1]));
        let even1 = V::splat(-4.25).mul_add(d[4], d[2].add(d[6]));
        let odd1 = V::splat(-4.25).mul_add(d[3], d[1].add(d[5]));
        let even2 = V::splat(-1.25).mul_add(d[4], V::splat(0.25).mul_add(d[2], d[6]));
        let odd2 =
            V::splat(2.0).mul_add(d[5], V::splat(-2.5).mul_add(d[3], V::splat(0.5).mul(d[1])));
        let even3 = V::splat(-5.0).mul_add(d[4], V::splat(4.0).mul_add(d[2], d[6]));
        let odd3 =
            V::splat(0.5).mul_add(d[5], V::splat(-2.5).mul_add(d[3], V::splat(2.0).mul(d[1])));
        [
            first,
            even1.add(odd1),
            even1.sub(odd1),
            even2.add(odd2),
            even2.sub(odd2),
            even3.add(odd3),
            even3.sub(odd3),
            last,
        ]
    }
}
