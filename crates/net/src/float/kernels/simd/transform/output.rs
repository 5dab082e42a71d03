//! Products to pixels: Aᵀ m A, and what is done to them on the way to the map.

use super::{LINE, load8, store_all};
use crate::Activation;
use crate::float::algorithm::TILE;
use crate::float::kernels::layout::REACH;
use crate::float::kernels::vector::Vector;

/// Where a tile's pixels go, and what is done to them on the way.
pub(in crate::float::kernels::simd) struct Target {
    /// The tile's first pixel.
    pub(in crate::float::kernels::simd) to: *mut f32,
    /// The same pixel of the map to add; null for none.
    pub(in crate::float::kernels::simd) residual: *const f32,
    /// Values between rows and between pixels of both maps.
    pub(in crate::float::kernels::simd) row: usize,
    pub(in crate::float::kernels::simd) pixel: usize,
    /// How many of the tile's rows and columns lie within the map.
    pub(in crate::float::kernels::simd) height: usize,
    pub(in crate::float::kernels::simd) width: usize,
    pub(in crate::float::kernels::simd) bias: *const f32,
    pub(in crate::float::kernels::simd) activation: Activation,
}

/// Aᵀ m A, bias, activation and residual for channels `from..end` of one tile; frequency `f` of channel `k` stands at
/// `products + f * plane + k`.
///
/// # Safety
/// As [`input_tile`]; `to` and `residual` are equal or apart.
#[inline(always)]
pub(in crate::float::kernels::simd) unsafe fn output_tile<V: Vector>(
    products: *const f32,
    plane: usize,
    target: &Target,
    square: *mut f32,
    [from, end]: [usize; 2],
) {
    let mut k = from;
    // SAFETY: the caller's promise.
    unsafe {
        while V::LANES > 1 && k + LINE <= end {
            match V::LANES {
                4 => output_lanes::<V, 4>(products.add(k), plane, target, k, square),
                8 => output_lanes::<V, 2>(products.add(k), plane, target, k, square),
                _ => output_lanes::<V, 1>(products.add(k), plane, target, k, square),
            }
            k += LINE;
        }
        while k < end {
            output_lanes::<V, 1>(products.add(k), plane, target, k, square);
            k += V::LANES;
        }
    }
}

/// The same for `N` registers of channels from `k` on.
///
/// # Safety
/// As [`output_tile`], for `N` registers of channels from `k` on.
#[inline(always)]
unsafe fn output_lanes<V: Vector, const N: usize>(
    products: *const f32,
    plane: usize,
    target: &Target,
    k: usize,
    square: *mut f32,
) {
    // SAFETY: the caller of `output_tile` vouches for `POINTS` planes and for the pixels within the map.
    unsafe {
        for v in 0..N {
            output_columns::<V, N>(products.add(v * V::LANES), plane, square.add(v * V::LANES));
        }
        for y in 0..target.height {
            let row = square.add(y * REACH * N * V::LANES);
            output_row::<V, N>(row, target, k, y * target.row + k);
        }
    }
}

/// # Safety
/// As [`output_tile`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn output_columns<V: Vector, const N: usize>(
    products: *const f32,
    plane: usize,
    square: *mut f32,
) {
    unrolled!(j in 0 1 2 3 4 5 6 7 {
        // SAFETY: as in `output_lanes`.
        unsafe {
            let down = output8::<V>(load8(products.add(j * plane), REACH * plane));
            store_all(down, square.add(j * N * V::LANES), REACH * N * V::LANES);
        }
    });
}

/// Finishes and writes one row of a tile, `offset` values from the target's first; `square` holds the row.
///
/// # Safety
/// As [`output_tile`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn output_row<V: Vector, const N: usize>(
    square: *mut f32,
    target: &Target,
    k: usize,
    offset: usize,
) {
    unrolled!(v in 0 1 2 3 {
        if v < N {
            let at = v * V::LANES;
            // SAFETY: as in `output_lanes`.
            unsafe {
                let mut pixels = output8::<V>(load8(square.add(at), N * V::LANES));
                let bias = V::load(target.bias.add(k + at));
                let [low, high] = target.activation.range();
                let (low, high) = (V::splat(low), V::splat(high));
                for pixel in &mut pixels {
                    *pixel = pixel.add(bias).max(low).min(high);
                }
                if target.width == TILE {
                    put_whole(target, offset + at, pixels);
                } else {
                    put_cut(target, offset + at, pixels, square.add(at), N * V::LANES);
                }
            }
        }
    });
}

/// # Safety
/// As [`output_tile`]; a whole row of the tile lies within the map.
#[inline(always)]
unsafe fn put_whole<V: Vector>(target: &Target, offset: usize, mut pixels: [V; TILE]) {
    // SAFETY: `TILE` pixels from `offset` lie within the maps; a residual is read before its place is written.
    unsafe {
        if !target.residual.is_null() {
            let residual = target.residual.add(offset);
            for (x, pixel) in pixels.iter_mut().enumerate() {
                *pixel = pixel.add(V::load(residual.add(x * target.pixel)));
            }
        }
        store_all(pixels, target.to.add(offset), target.pixel);
    }
}

/// The first `width` pixels only, by way of the row of the square that they come from.
///
/// # Safety
/// As [`output_tile`]; the target's width is cut to the map.
#[inline(always)]
unsafe fn put_cut<V: Vector>(
    target: &Target,
    offset: usize,
    pixels: [V; TILE],
    row: *mut f32,
    step: usize,
) {
    // SAFETY: `width` pixels from `offset` lie within the maps; the row of the square has been read.
    unsafe {
        store_all(pixels, row, step);
        for x in 0..target.width {
            let mut pixel = V::load(row.add(x * step));
            if !target.residual.is_null() {
                pixel = pixel.add(V::load(target.residual.add(offset + x * target.pixel)));
            }
            pixel.store(target.to.add(offset + x * target.pixel));
        }
    }
}

/// `m` holds eight products; gives Aᵀm.
///
/// # Safety
/// The processor has `V`'s features.
#[inline(always)]
unsafe fn output8<V: Vector>(m: [V; REACH]) -> [V; TILE] {
    // SAFETY: as in `input8`.
    unsafe {
        let (sum1, difference1) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (sum2, difference2) = (m[3].add(m[4]), m[3].sub(m[4]));
        let (sum3, difference3) = (m[5].add(m[6]), m[5].sub(m[6]));
        let mix = Mix {
            near: sum1,
            far: sum2,
            close: sum3,
        };
        let odd = Mix {
            near: difference1,
            far: difference2,
            close: difference3,
        };
        [
            m[0].add(sum1).add(sum2.add(sum3)),
            odd.weighted(2.0),
            mix.weighted(4.0),
            odd.weighted(8.0),
            mix.weighted(16.0),
            odd.weighted(32.0).add(m[7]),
        ]
    }
}

/// Products of the points ±1, ±2 and ±1/2.
#[derive(Clone, Copy)]
struct Mix<V> {
    near: V,
    far: V,
    close: V,
}

impl<V: Vector> Mix<V> {
    /// # Safety
    /// The processor has `V`'s features.
    #[inline(always)]
    unsafe fn weighted(self, weight: f32) -> V {
        // SAFETY: as in `input8`.
        unsafe {
            V::splat(1.0 / weight)
                .mul_add(self.close, V::splat(weight).mul_add(self.far, self.near))
        }
    }
}
