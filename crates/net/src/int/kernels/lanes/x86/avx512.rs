//! AVX-512 with VNNI: one instruction multiplies 32 values and adds the products to 16 sums.

use core::arch::x86_64::*;

use super::total;
use crate::int::kernels::lanes::{LIMITS, Lanes};

/// 512 bits; needs `avx512f`, `avx512bw`, `avx512vl` and `avx512vnni`. One register for sums, pairs and values.
pub(in crate::int::kernels) struct Avx512Vnni;

/// To the nearest even number, whatever the processor's mode.
const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

impl Lanes for Avx512Vnni {
    type Sums = __m512i;
    type Pairs = __m512i;
    type Row = __m256i;
    #[inline(always)]
    unsafe fn sums(from: *const i32) -> Self::Sums {
        // SAFETY: the trait asks the caller for the processor's features and for readable values, here and in all methods below.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn weights(from: *const i8) -> Self::Pairs {
        // SAFETY: as in `sums`.
        unsafe { _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast())) }
    }
    #[inline(always)]
    unsafe fn dot_splat(sums: Self::Sums, from: *const i16, weights: Self::Pairs) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let pair = _mm512_set1_epi32(from.cast::<i32>().read_unaligned());
            _mm512_dpwssd_epi32(sums, weights, pair)
        }
    }
    #[inline(always)]
    unsafe fn dot_taps(sums: Self::Sums, [a, b]: [Self::Row; 2], weights: *const i8) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let low = _mm512_cvtepu16_epi32(a);
            let high = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(b));
            _mm512_dpwssd_epi32(sums, _mm512_or_si512(low, high), Self::weights(weights))
        }
    }
    #[inline(always)]
    unsafe fn scale(sums: Self::Sums, factors: *const f32, wide: bool) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe {
            let mut product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(factors));
            if wide {
                let [low, high] = LIMITS.map(|limit| _mm512_set1_ps(limit));
                product = _mm512_min_ps(_mm512_max_ps(product, low), high);
            }
            _mm512_cvtsepi32_epi16(_mm512_cvt_roundps_epi32::<NEAREST>(product))
        }
    }
    #[inline(always)]
    unsafe fn add(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_adds_epi16(a, b) }
    }
    #[inline(always)]
    unsafe fn triple(a: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_add_epi16(a, _mm256_add_epi16(a, a)) }
    }
    #[inline(always)]
    unsafe fn sixteenth(a: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_srai_epi16::<4>(_mm256_add_epi16(a, _mm256_set1_epi16(8))) }
    }
    #[inline(always)]
    unsafe fn min(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_min_epi16(a, b) }
    }
    #[inline(always)]
    unsafe fn max(a: Self::Row, b: Self::Row) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_max_epi16(a, b) }
    }
    #[inline(always)]
    unsafe fn splat_row(value: i16) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_set1_epi16(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const i16) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(row: Self::Row, to: *mut i16) {
        // SAFETY: the trait asks the caller for writable values.
        unsafe { _mm256_storeu_si256(to.cast(), row) }
    }
    type Part = __m256i;
    #[inline(always)]
    unsafe fn no_part() -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe { _mm256_setzero_si256() }
    }
    #[inline(always)]
    unsafe fn widened(from: *const i8) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast())) }
    }
    #[inline(always)]
    unsafe fn dot(part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe { _mm256_dpwssd_epi32(part, values, weights) }
    }
    #[inline(always)]
    unsafe fn total(part: Self::Part) -> i32 {
        // SAFETY: as in `sums`.
        unsafe {
            total(_mm_add_epi32(
                _mm256_castsi256_si128(part),
                _mm256_extracti128_si256::<1>(part),
            ))
        }
    }
}
