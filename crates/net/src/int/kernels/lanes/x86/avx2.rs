//! AVX2.

use core::arch::x86_64::*;

use super::total;
use crate::int::kernels::lanes::{LIMITS, Lanes, ROUND};

/// 256 bits; needs `avx2`. Two registers for sums and pairs, one for values.
pub(in crate::int::kernels) struct Avx2;

impl Lanes for Avx2 {
    type Sums = [__m256i; 2];
    type Pairs = [__m256i; 2];
    type Row = __m256i;
    #[inline(always)]
    unsafe fn sums(from: *const i32) -> Self::Sums {
        // SAFETY: the trait asks the caller for the processor's features and for readable values, here and in all methods below.
        array!(2, |i| unsafe { _mm256_loadu_si256(from.add(8 * i).cast()) })
    }
    #[inline(always)]
    unsafe fn weights(from: *const i8) -> Self::Pairs {
        // SAFETY: as in `sums`.
        array!(2, |i| unsafe {
            _mm256_cvtepi8_epi16(_mm_loadu_si128(from.add(16 * i).cast()))
        })
    }
    #[inline(always)]
    unsafe fn dot_splat(sums: Self::Sums, from: *const i16, weights: Self::Pairs) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let pair = _mm256_set1_epi32(from.cast::<i32>().read_unaligned());
            array!(2, |i| _mm256_add_epi32(
                sums[i],
                _mm256_madd_epi16(pair, weights[i])
            ))
        }
    }
    #[inline(always)]
    unsafe fn dot_taps(sums: Self::Sums, values: [Self::Row; 2], weights: *const i8) -> Self::Sums {
        // SAFETY: as in `sums`.
        unsafe {
            let weights = Self::weights(weights);
            // Instructions that interleave work on each half by itself, so that the middle quarters change places first.
            let [a, b] = values.map(|value| _mm256_permute4x64_epi64::<0b11_01_10_00>(value));
            let pairs = [_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)];
            array!(2, |i| _mm256_add_epi32(
                sums[i],
                _mm256_madd_epi16(pairs[i], weights[i])
            ))
        }
    }
    #[inline(always)]
    unsafe fn scale(sums: Self::Sums, factors: *const f32, wide: bool) -> Self::Row {
        // SAFETY: as in `sums`.
        unsafe {
            let round = _mm256_set1_ps(ROUND);
            let [a, b]: Self::Sums = array!(2, |i| {
                let mut product = _mm256_mul_ps(
                    _mm256_cvtepi32_ps(sums[i]),
                    _mm256_loadu_ps(factors.add(8 * i)),
                );
                if wide {
                    let [low, high] = LIMITS.map(|limit| _mm256_set1_ps(limit));
                    product = _mm256_min_ps(_mm256_max_ps(product, low), high);
                }
                _mm256_sub_epi32(
                    _mm256_castps_si256(_mm256_add_ps(product, round)),
                    _mm256_castps_si256(round),
                )
            });
            // Packing, too, works on each half by itself.
            _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(a, b))
        }
    }
    row_of_256_bits!();
    #[inline(always)]
    unsafe fn dot(part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part {
        // SAFETY: as in `sums`.
        unsafe { _mm256_add_epi32(part, _mm256_madd_epi16(values, weights)) }
    }
}
