//! Networks in whole numbers: 8-bit weights, 12-bit maps, 32-bit sums, and the same bits on every processor.
//!
//! A map holds whole numbers of −2047…2047, each so many steps of the map's scale. An operator gives, for each value:
//!
//! ```text
//! s = bias + Σ weight · value          exact, in 32 bits
//! y = saturate16(round(s · factor))    factor of the output channel; in f32, to the nearest even number
//! y = clamp(y, inner)                  where an activation stands before a residual
//! y = saturate16(y + residual)         where there is one; both have one scale
//! y = clamp(y, outer)                  activation, within −2047…2047
//! ```
//!
//! A residual of half the size is doubled on its way: bilinear, half-pixel centres, replicated edges, which is
//! (9a + 3b + 3c + d + 8) >> 4. Values of the last map are looked up in a table of probabilities. A plan is checked when it is
//! made or read: whatever the input, no sum overflows.
//!
//! The factor is a multiplication in f32 since channels need factors that differ a thousandfold, for which 16 bits are too few and
//! products of 32 bits are slow in wasm; by IEEE 754 both of its roundings give the same bits everywhere.
//!
//! Scheme: Jacob et al. 2018 (integer arithmetic, a scale for each output channel), with maps of 12 bits in place of 8, which
//! need no training for it.

mod draft;
mod executor;
mod format;
#[allow(
    unsafe_code,
    reason = "raw pointers and SIMD intrinsics; checked against the scalar oracle"
)]
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )),
    allow(dead_code, unused, reason = "without SIMD only the oracle is left")
)]
mod kernels;
mod layout;
mod op;
mod oracle;
mod pack;
mod plan;
mod quantise;
mod scales;
mod schedule;
mod validate;

pub use executor::Executor;
pub use plan::Plan;

#[cfg(test)]
mod tests;
