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
    row_of_256_bits!();
    #[inline(always)]
    unsafe fn dot(part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe { _mm256_dpwssd_epi32(part, values, weights) }
    }
}
