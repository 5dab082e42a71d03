//! Kernels: one job each, from the arena to the arena.
//!
//! `scalar` is the oracle, written to be read. `simd` is written once over [`vector::Vector`] and compiled for each
//! level of the processor.

#![cfg_attr(
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )),
    allow(dead_code, reason = "without SIMD only the oracle is left")
)]

#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
mod dispatch;
mod half_pixel;
mod job;
mod layout;
mod scalar;
#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
mod simd;
#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
mod vector;

pub(super) use dispatch::run;
pub(super) use job::Job;

/// Values behind the arena that kernels may load and do not use.
pub(super) const SPARE: usize = 16;
