//! wasm simd128, without relaxed operations: the same bits on every host.

use super::Vector;
use core::arch::wasm32::*;

/// 128 bits.
#[derive(Clone, Copy)]
pub(in crate::float::kernels) struct Wasm128(v128);

impl Vector for Wasm128 {
    const LANES: usize = 4;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait asks the caller for readable values; wasm loads need no alignment.
        Self(unsafe { v128_load(from.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait asks the caller for writable values; wasm stores need no alignment.
        unsafe { v128_store(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        // In this order Cranelift meets the sum before the factors, and frees registers sooner.
        Self(f32x4_add(c.0, f32x4_mul(self.0, b.0)))
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // pmax is one instruction on x86; max, which has to order zeros and keep NaN, is seven.
        Self(f32x4_pmax(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }
}
