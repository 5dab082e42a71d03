//! x86-64: SSE2 (the baseline), AVX2.

use super::{LIMITS, Lanes, ROUND};
use core::arch::x86_64::*;

/// 128 bits; every x86-64 processor. Four registers for sums and pairs, two for values.
pub(in crate::int::kernels) struct Sse2;

/// 256 bits; needs `avx2`. Two registers for sums and pairs, one for values.
pub(in crate::int::kernels) struct Avx2;

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

/// The sum of four.
///
/// # Safety
/// None: SSE2 is part of the baseline.
#[inline(always)]
unsafe fn total(part: __m128i) -> i32 {
    // SAFETY: as above.
    unsafe {
        let halves = _mm_add_epi32(part, _mm_shuffle_epi32::<0b01_00_11_10>(part));
        let sum = _mm_add_epi32(halves, _mm_shuffle_epi32::<0b10_11_00_01>(halves));
        _mm_cvtsi128_si32(sum)
    }
}

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
        unsafe { _mm256_add_epi32(part, _mm256_madd_epi16(values, weights)) }
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
