//! One function per level, compiled with that level's target features.

#![cfg_attr(
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )),
    allow(dead_code, unused, reason = "without SIMD only the oracle is left")
)]

use super::job::Job;
use super::vector::Vector;
use super::{scalar, simd};
use crate::simd::{Level, Simd};

/// Runs one job of a validated plan, with the plan's weights, arena and scratch.
pub(in crate::float) fn run(
    level: Level,
    job: &Job,
    weights: &[f32],
    arena: &mut [f32],
    scratch: &mut [f32],
) {
    match level.simd() {
        // SAFETY: a `Level` exists only for what this processor has, and plans are validated when they are made.
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Simd::Wasm128 => unsafe {
            baseline::<super::vector::wasm::Wasm128>(job, weights, arena, scratch);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Simd::Neon => unsafe {
            baseline::<super::vector::neon::Neon>(job, weights, arena, scratch);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Sse2 => unsafe { baseline::<super::vector::x86::Sse2>(job, weights, arena, scratch) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { avx2(job, weights, arena, scratch) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 | Simd::Avx512Vnni => unsafe { avx512(job, weights, arena, scratch) },
        _ => scalar::run(job, weights, arena),
    }
}

/// For back ends whose features the whole build has.
///
/// # Safety
/// As [`simd::run`].
#[allow(
    dead_code,
    reason = "an architecture without SIMD has no baseline back end"
)]
#[inline(never)]
unsafe fn baseline<V: Vector>(job: &Job, weights: &[f32], arena: &mut [f32], scratch: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe { simd::run::<V>(job, weights, arena, scratch) }
}

/// # Safety
/// As [`simd::run`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(job: &Job, weights: &[f32], arena: &mut [f32], scratch: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe { simd::run::<super::vector::x86::Avx2>(job, weights, arena, scratch) }
}

/// # Safety
/// As [`simd::run`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512(job: &Job, weights: &[f32], arena: &mut [f32], scratch: &mut [f32]) {
    // SAFETY: the caller's promise.
    unsafe { simd::run::<super::vector::x86::Avx512>(job, weights, arena, scratch) }
}
