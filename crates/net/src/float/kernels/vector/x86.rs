//! x86-64: SSE2 (the baseline), AVX2 with FMA, AVX-512F.

use super::Vector;
use core::arch::x86_64::*;

/// 128 bits; every x86-64 processor.
#[derive(Clone, Copy)]
pub(in crate::float::kernels) struct Sse2(__m128);

/// 256 bits; needs `avx2` and `fma`.
#[derive(Clone, Copy)]
pub(in crate::float::kernels) struct Avx2(__m256);

/// 512 bits; needs `avx512f`.
#[derive(Clone, Copy)]
pub(in crate::float::kernels) struct Avx512(__m512);

macro_rules! vector {
    ($name:ident, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $max:ident, $min:ident,
     |$a:ident, $b:ident, $c:ident| $mul_add:expr) => {
        impl Vector for $name {
            const LANES: usize = $lanes;
            #[inline(always)]
            unsafe fn splat(x: f32) -> Self {
                // SAFETY: the trait asks the caller for the processor's features, here and in all methods below.
                Self(unsafe { $splat(x) })
            }
            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the trait asks the caller for readable values.
                Self(unsafe { $load(from) })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the trait asks the caller for writable values.
                unsafe { $store(to, self.0) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn mul_add(self, b: Self, c: Self) -> Self {
                let ($a, $b, $c) = (self.0, b.0, c.0);
                // SAFETY: as in `splat`.
                Self(unsafe { $mul_add })
            }
            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn min(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                Self(unsafe { $min(self.0, other.0) })
            }
        }
    };
}

vector!(
    Sse2,
    4,
    _mm_set1_ps,
    _mm_loadu_ps,
    _mm_storeu_ps,
    _mm_add_ps,
    _mm_sub_ps,
    _mm_mul_ps,
    _mm_max_ps,
    _mm_min_ps,
    |a, b, c| _mm_add_ps(_mm_mul_ps(a, b), c)
);
vector!(
    Avx2,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_max_ps,
    _mm256_min_ps,
    |a, b, c| _mm256_fmadd_ps(a, b, c)
);
vector!(
    Avx512,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_max_ps,
    _mm512_min_ps,
    |a, b, c| _mm512_fmadd_ps(a, b, c)
);
