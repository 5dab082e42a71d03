//! wasm simd128, without relaxed operations.

mod straight;

use super::{LIMITS, Lanes, ROUND};
use crate::int::kernels::operands::{Block, Product};
use core::arch::wasm32::*;

/// Four registers for sums and pairs, two for values.
pub(in crate::int::kernels) struct Wasm128;

impl Lanes for Wasm128 {
    type Sums = [v128; 4];
    type Pairs = [v128; 4];
    type Row = [v128; 2];
    #[inline(always)]
    unsafe fn sums(from: *const i32) -> Self::Sums {
        // SAFETY: the trait asks the caller for readable values, here and in all methods below that load.
        array!(4, |i| unsafe { v128_load(from.add(4 * i).cast()) })
    }
    #[inline(always)]
    unsafe fn weights(from: *const i8) -> Self::Pairs {
        // SAFETY: as in `sums`.
        array!(4, |i| unsafe { i16x8_load_extend_i8x8(from.add(8 * i)) })
    }
    #[inline(always)]
    unsafe fn dot_splat(sums: Self::Sums, from: *const i16, weights: Self::Pairs) -> Self::Sums {
        // SAFETY: as in `sums`.
        let pair = unsafe { v128_load32_splat(from.cast()) };
        array!(4, |i| i32x4_add(sums[i], i32x4_dot_i16x8(pair, weights[i])))
    }
    #[inline(always)]
    unsafe fn dot_taps(sums: Self::Sums, [a, b]: [Self::Row; 2], weights: *const i8) -> Self::Sums {
        // SAFETY: as in `sums`.
        let weights = unsafe { Self::weights(weights) };
        array!(4, |i| {
            let (a, b) = (a[i / 2], b[i / 2]);
            let pairs = match i % 2 {
                0 => i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b),
                _ => i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b),
            };
            i32x4_add(sums[i], i32x4_dot_i16x8(pairs, weights[i]))
        })
    }
    #[inline(always)]
    unsafe fn scale(sums: Self::Sums, factors: *const f32, wide: bool) -> Self::Row {
        let round = f32x4_splat(ROUND);
        let whole: Self::Sums = array!(4, |i| {
            // SAFETY: as in `sums`.
            let factors = unsafe { v128_load(factors.add(4 * i).cast()) };
            let mut product = f32x4_mul(f32x4_convert_i32x4(sums[i]), factors);
            if wide {
                let [low, high] = LIMITS.map(|limit| f32x4_splat(limit));
                product = f32x4_pmin(f32x4_pmax(product, low), high);
            }
            let sum = f32x4_add(product, round);
            i32x4_sub(sum, round)
        });
        array!(2, |i| i16x8_narrow_i32x4(whole[2 * i], whole[2 * i + 1]))
    }
    #[inline(always)]
    unsafe fn add(a: Self::Row, b: Self::Row) -> Self::Row {
        array!(2, |i| i16x8_add_sat(a[i], b[i]))
    }
    #[inline(always)]
    unsafe fn triple(a: Self::Row) -> Self::Row {
        array!(2, |i| i16x8_add(a[i], i16x8_add(a[i], a[i])))
    }
    #[inline(always)]
    unsafe fn sixteenth(a: Self::Row) -> Self::Row {
        array!(2, |i| i16x8_shr(i16x8_add(a[i], i16x8_splat(8)), 4))
    }
    #[inline(always)]
    unsafe fn min(a: Self::Row, b: Self::Row) -> Self::Row {
        array!(2, |i| i16x8_min(a[i], b[i]))
    }
    #[inline(always)]
    unsafe fn max(a: Self::Row, b: Self::Row) -> Self::Row {
        array!(2, |i| i16x8_max(a[i], b[i]))
    }
    #[inline(always)]
    unsafe fn splat_row(value: i16) -> Self::Row {
        [i16x8_splat(value); 2]
    }
    #[inline(always)]
    unsafe fn load(from: *const i16) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { v128_load(from.add(8 * i).cast()) })
    }
    #[inline(always)]
    unsafe fn store(row: Self::Row, to: *mut i16) {
        for (i, part) in row.into_iter().enumerate() {
            // SAFETY: the trait asks the caller for writable values.
            unsafe { v128_store(to.add(8 * i).cast(), part) }
        }
    }
    type Part = v128;
    #[inline(always)]
    unsafe fn no_part() -> Self::Part {
        i32x4_splat(0)
    }
    #[inline(always)]
    unsafe fn widened(from: *const i8) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { i16x8_load_extend_i8x8(from.add(8 * i)) })
    }
    #[inline(always)]
    unsafe fn dot(part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part {
        let [a, b] = array!(2, |i| i32x4_dot_i16x8(values[i], weights[i]));
        i32x4_add(part, i32x4_add(a, b))
    }
    #[inline(always)]
    unsafe fn total(part: Self::Part) -> i32 {
        let halves = i32x4_add(part, u64x2_shuffle::<1, 0>(part, part));
        i32x4_extract_lane::<0>(halves).wrapping_add(i32x4_extract_lane::<1>(halves))
    }
    #[inline(always)]
    unsafe fn product<const N: usize>(product: &Product, x: usize) -> [Self::Sums; N] {
        // SAFETY: the caller's promise.
        unsafe { straight::product::<Self, N>(product, x) }
    }
    #[inline(always)]
    unsafe fn taps<const SIDE: usize>(block: &Block, x: usize) -> Self::Sums {
        // SAFETY: the caller's promise.
        unsafe { straight::taps::<Self, SIDE>(block, x) }
    }
}
