//! The three transforms of Winograd F(6x6, 3x3) (Lavin & Gray 2015), with the points 0, ±1, ±2, ±1/2 and infinity.
//!
//! Each works on whole registers of channels, first along rows, then along columns, by way of a small square in
//! memory: 64 values fit no register file, and Cranelift places all loads of a block before its arithmetic.

use crate::kernels::vector::Vector;

/// Pixels of output per tile and side.
pub(in crate::kernels) const TILE: usize = 6;
/// Pixels of input per tile and side.
pub(in crate::kernels) const REACH: usize = TILE + 2;
/// Products per tile and channel.
pub(in crate::kernels) const POINTS: usize = REACH * REACH;
/// Values of scratch that a transform needs: one square of the widest registers.
pub(in crate::kernels) const SQUARE: usize = POINTS * 16;

/// The block for each index. LLVM leaves the loop as it is for wasm, where hosts put checks into loops and where only an
/// index known to it folds into a load or store.
macro_rules! unrolled {
    ($index:ident in $($value:literal)* $block:block) => {$({
        let $index = $value;
        $block
    })*};
}

/// Values in a line of the cache. Rows of a map are often a multiple of the cache's stride apart, and crowd each other
/// out between two uses of a line; so whole lines are taken at once.
const LINE: usize = 16;

/// `d` holds eight pixels of a row (or column); gives Bᵀd.
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

/// `m` holds eight products; gives Aᵀm.
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
    #[inline(always)]
    unsafe fn weighted(self, weight: f32) -> V {
        // SAFETY: as in `input8`.
        unsafe {
            V::splat(1.0 / weight)
                .mul_add(self.close, V::splat(weight).mul_add(self.far, self.near))
        }
    }
}

/// Eight registers, `step` values apart.
#[inline(always)]
unsafe fn load8<V: Vector>(from: *const f32, step: usize) -> [V; REACH] {
    // SAFETY: the caller vouches for all eight.
    unsafe {
        [
            V::load(from),
            V::load(from.add(step)),
            V::load(from.add(2 * step)),
            V::load(from.add(3 * step)),
            V::load(from.add(4 * step)),
            V::load(from.add(5 * step)),
            V::load(from.add(6 * step)),
            V::load(from.add(7 * step)),
        ]
    }
}

#[inline(always)]
unsafe fn store_all<V: Vector, const N: usize>(values: [V; N], to: *mut f32, step: usize) {
    for (i, value) in values.into_iter().enumerate() {
        // SAFETY: the caller vouches for all of them.
        unsafe { value.store(to.add(i * step)) };
    }
}

/// Bᵀ d B for channels `from..end` of one tile.
///
/// `rows` point to the tile's first pixel in each of its rows, pixels are `pixel` values apart, and the
/// frequencies of channel `k` go to `to + frequency * plane + k`; `square` is [`SQUARE`] values of scratch.
///
/// # Safety
/// The processor has `V`'s features, `end - from` is a multiple of its lanes, and all of that is readable or writable.
#[inline(always)]
pub(super) unsafe fn input_tile<V: Vector>(
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

/// Where a tile's pixels go, and what is done to them on the way.
pub(super) struct Target {
    /// The tile's first pixel.
    pub(super) to: *mut f32,
    /// The same pixel of the map to add; null for none.
    pub(super) residual: *const f32,
    /// Values between rows and between pixels of both maps.
    pub(super) row: usize,
    pub(super) pixel: usize,
    /// How many of the tile's rows and columns lie within the map.
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) bias: *const f32,
    pub(super) relu: bool,
}

/// Aᵀ m A, bias, relu and residual for channels `from..end` of one tile; frequency `f` of channel `k` stands at
/// `products + f * plane + k`.
///
/// # Safety
/// As [`input_tile`]; `to` and `residual` are equal or apart.
#[inline(always)]
pub(super) unsafe fn output_tile<V: Vector>(
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
                let floor = V::splat(if target.relu { 0.0 } else { f32::NEG_INFINITY });
                for pixel in &mut pixels {
                    *pixel = pixel.add(bias).max(floor);
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

/// G g Gᵀ for output channels `from..end` of one input channel: the nine weights of channel `o` stand at
/// `weights + tap * step + o`, its frequencies go to `to + frequency * plane + o`.
///
/// # Safety
/// As [`input_tile`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn weight_tile<V: Vector>(
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
