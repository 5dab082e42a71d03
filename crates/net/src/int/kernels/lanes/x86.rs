//! x86-64: SSE2 (the baseline), AVX2, AVX-512 with VNNI.

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
