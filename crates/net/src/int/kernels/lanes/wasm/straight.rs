//! Sums for wasm as straight-line code, shaped for Cranelift (48) and for hosts that interrupt guests by epochs: as in f32, see
//! `kernels/simd/gemm/straight.rs`. A check in a loop leaves no register alone, and an exit behind each product keeps
//! Cranelift from loading more than the registers hold.

use core::arch::wasm32::*;

use crate::int::kernels::lanes::{Lanes, tap};
use crate::int::kernels::operands::{Block, Product};
use crate::int::pack::PAIR;

/// Sums of 16 channels.
type Sums = [v128; 4];

/// Pairs that are added between two turns of a loop.
const STEPS: usize = 64;

/// As [`Lanes::product`].
///
/// # Safety
/// As [`Lanes::product`], and seven values behind a row of the source are readable.
#[inline(always)]
pub(super) unsafe fn product<L, const N: usize>(product: &Product, x: usize) -> [Sums; N]
where
    L: Lanes<Sums = Sums, Pairs = Sums>,
{
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [L::sums(product.biases); N];
        let mut weights = product.weights;
        for source in &product.sources[..product.kernel] {
            let source = source.add(x * product.step);
            for first in (0..product.pairs).step_by(STEPS) {
                let steps = STEPS.min(product.pairs - first);
                add_pairs::<L, N>(
                    &mut sums,
                    source.add(2 * first),
                    product.step,
                    weights,
                    steps,
                );
                weights = weights.add(steps * PAIR);
            }
        }
        sums
    }
}

/// Adds the products of 1 to [`STEPS`] pairs of values of each pixel.
///
/// # Safety
/// As [`product`]; the weights of `steps` pairs are readable, and the values of each pixel, up to a multiple of four pairs.
#[inline(always)]
unsafe fn add_pairs<L, const N: usize>(
    sums: &mut [Sums; N],
    from: *const i16,
    step: usize,
    weights: *const i8,
    steps: usize,
) where
    L: Lanes<Sums = Sums, Pairs = Sums>,
{
    // SAFETY: as in `product`: four pairs are loaded at once, of which one to four are added.
    unsafe {
        macro_rules! quads {
            ($($quad:literal)*) => {$(
                const { assert!(4 * $quad + 3 < STEPS) };
                let mut values = [i32x4_splat(0); N];
                for (pixel, values) in values.iter_mut().enumerate() {
                    *values = v128_load(from.add(pixel * step + 8 * $quad).cast());
                }
                quads!(@ values, $quad, 0);
                quads!(@ values, $quad, 1);
                quads!(@ values, $quad, 2);
                quads!(@ values, $quad, 3);
            )*};
            (@ $values:ident, $quad:literal, $lane:literal) => {
                let pairs = L::weights(weights.add((4 * $quad + $lane) * PAIR));
                for (sums, values) in sums.iter_mut().zip($values) {
                    let pair = u32x4_shuffle::<$lane, $lane, $lane, $lane>(values, values);
                    for (sum, &weights) in sums.iter_mut().zip(&pairs) {
                        *sum = i32x4_add(*sum, i32x4_dot_i16x8(pair, weights));
                    }
                }
                if steps == 4 * $quad + $lane + 1 {
                    return;
                }
            };
        }
        quads!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }
}

/// As [`Lanes::taps`].
///
/// # Safety
/// As [`Lanes::taps`].
#[inline(always)]
pub(super) unsafe fn taps<L, const SIDE: usize>(block: &Block, x: usize) -> Sums
where
    L: Lanes<Sums = Sums>,
{
    // SAFETY: the caller's promise; taps are of the kernel.
    unsafe {
        let mut sums = L::sums(block.biases);
        // Not known to the compiler, so that the exits stay.
        let last = block.last;
        macro_rules! pairs {
            ($($pair:literal)*) => {$(
                if $pair < crate::int::pack::tap_pairs(SIDE) {
                    // The last tap has no partner; the weight of the value that stands for it is 0.
                    let b = if 2 * $pair + 1 < SIDE * SIDE { 2 * $pair + 1 } else { 2 * $pair };
                    let weights = block.weights.add($pair * PAIR);
                    sums = L::dot_taps(sums, [tap::<L, SIDE>(block, x, 2 * $pair), tap::<L, SIDE>(block, x, b)], weights);
                    if last == $pair {
                        return sums;
                    }
                }
            )*};
        }
        pairs!(0 1 2 3 4 5 6 7 8 9 10 11 12);
        sums
    }
}
