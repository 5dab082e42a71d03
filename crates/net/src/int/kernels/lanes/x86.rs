//! x86-64: SSE2 (the baseline), AVX2, AVX-512 with VNNI.

/// Methods of back ends that have a row in one register of 256 bits.
macro_rules! row_of_256_bits {
    () => {
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
        unsafe fn total(part: Self::Part) -> i32 {
            // SAFETY: as in `sums`.
            unsafe {
                total(_mm_add_epi32(
                    _mm256_castsi256_si128(part),
                    _mm256_extracti128_si256::<1>(part),
                ))
            }
        }
    };
}

mod avx2;
mod avx512;
mod sse2;

pub(in crate::int::kernels) use avx2::Avx2;
pub(in crate::int::kernels) use avx512::Avx512Vnni;
pub(in crate::int::kernels) use sse2::Sse2;

use core::arch::x86_64::*;

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
