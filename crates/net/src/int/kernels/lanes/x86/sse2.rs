//! SSE2, the baseline.

use core::arch::x86_64::*;

use super::total;
use crate::int::kernels::lanes::{LIMITS, Lanes, ROUND};

/// 128 bits; every x86-64 processor. Four registers for sums and pairs, two for values.
pub(in crate::int::kernels) struct Sse2;

impl Lanes for Sse2 {
    type Sums = [__m128i; 4];
    type Pairs = [__m128i; 4];
    type Row = [__m128i; 2];
    #[inline(always)]
    unsafe fn sums(from: *const i32) -> Self::Sums {
        // SAFETY: the trait asks the caller for the processor's features and for readable values, here and in all methods below.
        array!(4, |i| unsafe { _mm_loadu_si128(from.add(4 * i).cast()) })
    }
    #[inline(always)]
    unsafe fn weights(from: *const i8) -> Self::Pairs {
        array!(4, |i| {
            // SAFETY: as in `sums`.
            unsafe {
                let bytes = _mm_loadl_epi64(from.add(8 * i).cast());
                // The byte in both halves of a lane, then the upper one with its sign.
                _mm_srai_epi16::<8>(_mm_unpacklo_epi8(bytes, bytes))
            }
        })
    }
    #[inline(always)]
    unsafe fn dot_splat(sums: Self::Sums, from: *const i16, weights: Self::Pairs) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let pair = _mm_set1_epi32(from.cast::<i32>().read_unaligned());
            array!(4, |i| _mm_add_epi32(
                sums[i],
                _mm_madd_epi16(pair, weights[i])
            ))
        }
    }
    #[inline(always)]
    unsafe fn dot_taps(sums: Self::Sums, [a, b]: [Self::Row; 2], weights: *const i8) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let weights = Self::weights(weights);
            array!(4, |i| {
                let (a, b) = (a[i / 2], b[i / 2]);
                let pairs = match i % 2 {
                    0 => _mm_unpacklo_epi16(a, b),
                    _ => _mm_unpackhi_epi16(a, b),
                };
                _mm_add_epi32(sums[i], _mm_madd_epi16(pairs, weights[i]))
            })
        }
    }
    #[inline(always)]
    unsafe fn scale(sums: Self::Sums, factors: *const f32, wide: bool) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe {
            let round = _mm_set1_ps(ROUND);
            let whole: Self::Sums = array!(4, |i| {
                let mut product =
                    _mm_mul_ps(_mm_cvtepi32_ps(sums[i]), _mm_loadu_ps(factors.add(4 * i)));
                if wide {
                    let [low, high] = LIMITS.map(|limit| _mm_set1_ps(limit));
                    product = _mm_min_ps(_mm_max_ps(product, low), high);
                }
                _mm_sub_epi32(
                    _mm_castps_si128(_mm_add_ps(product, round)),
                    _mm_castps_si128(round),
                )
            });
            array!(2, |i| _mm_packs_epi32(whole[2 * i], whole[2 * i + 1]))
        }
    }
    #[inline(always)]
    unsafe fn add(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { _mm_adds_epi16(a[i], b[i]) })
    }
    #[inline(always)]
    unsafe fn triple(a: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe {
            _mm_add_epi16(a[i], _mm_add_epi16(a[i], a[i]))
        })
    }
    #[inline(always)]
    unsafe fn sixteenth(a: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe {
            _mm_srai_epi16::<4>(_mm_add_epi16(a[i], _mm_set1_epi16(8)))
        })
    }
    #[inline(always)]
    unsafe fn min(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { _mm_min_epi16(a[i], b[i]) })
    }
    #[inline(always)]
    unsafe fn max(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { _mm_max_epi16(a[i], b[i]) })
    }
    #[inline(always)]
    unsafe fn splat_row(value: i16) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { [_mm_set1_epi16(value); 2] }
    }
    #[inline(always)]
    unsafe fn load(from: *const i16) -> Self::Row {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe { _mm_loadu_si128(from.add(8 * i).cast()) })
    }
    #[inline(always)]
    unsafe fn store(row: Self::Row, to: *mut i16) {
        for (i, part) in row.into_iter().enumerate() {
            // SAFETY: the trait asks the caller for writable values.
            unsafe { _mm_storeu_si128(to.add(8 * i).cast(), part) }
        }
    }
    type Part = __m128i;
    #[inline(always)]
    unsafe fn no_part() -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe { _mm_setzero_si128() }
    }
    #[inline(always)]
    unsafe fn widened(from: *const i8) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            let twice = [
                _mm_unpacklo_epi8(bytes, bytes),
                _mm_unpackhi_epi8(bytes, bytes),
            ];
            array!(2, |i| _mm_srai_epi16::<8>(twice[i]))
        }
    }
    #[inline(always)]
    unsafe fn dot(part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe {
            let [a, b] = array!(2, |i| _mm_madd_epi16(values[i], weights[i]));
            _mm_add_epi32(part, _mm_add_epi32(a, b))
        }
    }
    #[inline(always)]
    unsafe fn total(part: Self::Part) -> i32 {
        // SAFETY: as in `sums`.
        unsafe { total(part) }
    }
}
