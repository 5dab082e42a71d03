//! This machine's arithmetic peak at a level: independent chains of multiply-adds in registers, with no
//! memory at all. A kernel cannot be faster by its own operations; Winograd can be by the definition's.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cutout_net::Simd;

/// Independent chains: more than latency times throughput asks for (4 cycles × 2), few enough for the 16
/// registers of SSE and AVX beside the two constants.
const CHAINS: usize = 12;

/// Floating-point operations of one round at a level, two for each multiply-add; 0 where none is measured.
pub fn flop(level: Simd) -> u64 {
    let lanes = match level {
        Simd::Sse2 => 4,
        Simd::Avx2 => 8,
        Simd::Avx512 | Simd::Avx512Vnni => 16,
        _ => 0,
    };
    2 * CHAINS as u64 * lanes
}

/// A chain begins with 0.5 and converges to 1, far from subnormal numbers, a quarter nearer each round.
const FIRST: f32 = 0.5;
const SCALE: f32 = 0.75;
const STEP: f32 = 0.25;

/// The time of `rounds` rounds at `level`; `None` where the level is not there, none is measured, or the sum is wrong.
pub fn run(level: Simd, rounds: u64) -> Option<Duration> {
    if !Simd::available().contains(&level) || flop(level) == 0 {
        return None;
    }
    let start = Instant::now();
    let sum = black_box(spin(level, black_box(rounds)));
    let time = start.elapsed();
    let left = SCALE.powi(i32::try_from(rounds).unwrap_or(i32::MAX));
    let expected = CHAINS as f32 * (1.0 - FIRST * left);
    ((sum - expected).abs() < 1e-3).then_some(time)
}

#[cfg(not(target_arch = "x86_64"))]
fn spin(_: Simd, _: u64) -> f32 {
    0.0
}

#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "code for a level of the processor, called only where that level was found"
)]
fn spin(level: Simd, rounds: u64) -> f32 {
    // SAFETY: `run` asks `Simd::available` for the level first.
    unsafe {
        match level {
            Simd::Sse2 => x86::sse2(rounds),
            Simd::Avx2 => x86::avx2(rounds),
            Simd::Avx512 | Simd::Avx512Vnni => x86::avx512(rounds),
            _ => 0.0,
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    use super::{CHAINS, FIRST, SCALE, STEP};

    macro_rules! peak {
        ($name:ident, $features:literal, $splat:ident, $first:ident, $step:expr) => {
            #[target_feature(enable = $features)]
            pub(super) fn $name(rounds: u64) -> f32 {
                let (scale, step) = ($splat(black_box(SCALE)), $splat(black_box(STEP)));
                let mut chains = [$splat(black_box(FIRST)); CHAINS];
                for _ in 0..rounds {
                    for chain in &mut chains {
                        *chain = $step(*chain, scale, step);
                    }
                }
                chains.iter().map(|chain| $first(*chain)).sum()
            }
        };
    }

    peak!(sse2, "sse2", _mm_set1_ps, _mm_cvtss_f32, multiply_add);
    peak!(
        avx2,
        "avx2,fma",
        _mm256_set1_ps,
        _mm256_cvtss_f32,
        _mm256_fmadd_ps
    );
    peak!(
        avx512,
        "avx512f",
        _mm512_set1_ps,
        _mm512_cvtss_f32,
        _mm512_fmadd_ps
    );

    /// SSE2 has no fused operation: a multiplication and an addition, as in wasm.
    #[target_feature(enable = "sse2")]
    fn multiply_add(x: __m128, scale: __m128, step: __m128) -> __m128 {
        _mm_add_ps(_mm_mul_ps(x, scale), step)
    }
}
