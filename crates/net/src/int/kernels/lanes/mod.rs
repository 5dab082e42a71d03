//! Sixteen channels at once, and its back ends.

/// Makes an array of two or four values: `$value`, computed for `$i` = 0, 1, and so on. A closure may not be inlined, and then lacks the
/// processor's features that its caller has.
macro_rules! array {
    (2, |$i:ident| $value:expr) => {
        [array!(@ $i, 0, $value), array!(@ $i, 1, $value)]
    };
    (4, |$i:ident| $value:expr) => {
        [
            array!(@ $i, 0, $value),
            array!(@ $i, 1, $value),
            array!(@ $i, 2, $value),
            array!(@ $i, 3, $value),
        ]
    };
    (@ $i:ident, $number:literal, $value:expr) => {{
        let $i: usize = $number;
        $value
    }};
}

#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) mod wasm;
#[cfg(target_arch = "x86_64")]
pub(super) mod x86;

use super::operands::{Block, Product};
use crate::int::pack::{PAIR, tap_pairs};

/// Added to a number within −2²²…2²², this leaves its nearest whole number in the sum's lower bits: one step of it is 1.
const ROUND: f32 = (3 << 22) as f32;

/// Products that may be too large for rounding are limited to these first; the result is the same, since it is saturated to 16 bits
/// anyway.
const LIMITS: [f32; 2] = [i16::MIN as f32, i16::MAX as f32];

/// Sixteen channels. Methods are `#[inline(always)]` so that they take on the target features of the function they are called in.
///
/// # Safety
/// A caller must run on a processor with the back end's features; pointers need the values that a method names, and no
/// alignment.
#[allow(
    clippy::missing_safety_doc,
    reason = "all methods have the contract of the trait"
)]
pub(super) trait Lanes: Sized {
    /// 16 sums of 32 bits.
    type Sums: Copy;
    /// 16 pairs of values of 16 bits.
    type Pairs: Copy;
    /// 16 values of 16 bits.
    type Row: Copy;
    /// 16 sums from memory.
    unsafe fn sums(from: *const i32) -> Self::Sums;
    /// 16 pairs of 8-bit weights from memory.
    unsafe fn weights(from: *const i8) -> Self::Pairs;
    /// `sums` and, for each channel, the product of the pair of values at `from` with its pair of weights.
    unsafe fn dot_splat(sums: Self::Sums, from: *const i16, weights: Self::Pairs) -> Self::Sums;
    /// `sums` and, for each channel, the products of its two values with the pair of 8-bit weights at `weights`.
    unsafe fn dot_taps(sums: Self::Sums, values: [Self::Row; 2], weights: *const i8) -> Self::Sums;
    /// `sums` times the factors at `factors`, in f32, rounded to the nearest even number and saturated to 16 bits. Unless `wide`,
    /// the products are within −2²²…2²².
    unsafe fn scale(sums: Self::Sums, factors: *const f32, wide: bool) -> Self::Row;
    /// `a + b`, saturated.
    unsafe fn add(a: Self::Row, b: Self::Row) -> Self::Row;
    /// `3 * a`, where that has 16 bits.
    unsafe fn triple(a: Self::Row) -> Self::Row;
    /// `(a + 8) >> 4`, where `a + 8` has 16 bits.
    unsafe fn sixteenth(a: Self::Row) -> Self::Row;
    /// The smaller of each pair.
    unsafe fn min(a: Self::Row, b: Self::Row) -> Self::Row;
    /// The larger of each pair.
    unsafe fn max(a: Self::Row, b: Self::Row) -> Self::Row;
    /// All channels equal to `value`.
    unsafe fn splat_row(value: i16) -> Self::Row;
    /// 16 values from memory.
    unsafe fn load(from: *const i16) -> Self::Row;
    /// 16 values to memory.
    unsafe fn store(row: Self::Row, to: *mut i16);
    /// Partial sums of a sum of 32 bits.
    type Part: Copy;
    /// Sums of nothing.
    unsafe fn no_part() -> Self::Part;
    /// 16 weights of 8 bits from memory.
    unsafe fn widened(from: *const i8) -> Self::Row;
    /// `part` and the products of 16 values with 16 weights.
    unsafe fn dot(part: Self::Part, values: Self::Row, weights: Self::Row) -> Self::Part;
    /// The sum of all.
    unsafe fn total(part: Self::Part) -> i32;
    /// Sums of `N` pixels from `x` on.
    #[inline(always)]
    unsafe fn product<const N: usize>(product: &Product, x: usize) -> [Self::Sums; N] {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [Self::sums(product.biases); N];
            let mut weights = product.weights;
            for source in &product.sources[..product.kernel] {
                let mut from = source.add(x * product.step);
                for _ in 0..product.pairs {
                    let pairs = Self::weights(weights);
                    for (pixel, sums) in sums.iter_mut().enumerate() {
                        *sums = Self::dot_splat(*sums, from.add(pixel * product.step), pairs);
                    }
                    from = from.add(2);
                    weights = weights.add(PAIR);
                }
            }
            sums
        }
    }
    /// Sums of pixel `x` of a depthwise convolution with a kernel of `SIDE` × `SIDE`.
    #[inline(always)]
    unsafe fn taps<const SIDE: usize>(block: &Block, x: usize) -> Self::Sums {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = Self::sums(block.biases);
            for pair in 0..tap_pairs(SIDE) {
                let (a, b) = (2 * pair, 2 * pair + 1);
                // The last tap has no partner; the weight of the value that stands for it is 0.
                let b = if b < SIDE * SIDE { b } else { a };
                let values = [
                    tap::<Self, SIDE>(block, x, a),
                    tap::<Self, SIDE>(block, x, b),
                ];
                sums = Self::dot_taps(sums, values, block.weights.add(pair * PAIR));
            }
            sums
        }
    }
}

/// The values under tap `tap` of pixel `x`. Not a closure, which may not be inlined and then lacks the features of its caller.
///
/// # Safety
/// As [`Lanes::taps`]; the pixel is in the row and the tap in the kernel.
#[inline(always)]
unsafe fn tap<L: Lanes, const SIDE: usize>(block: &Block, x: usize, tap: usize) -> L::Row {
    // SAFETY: the caller's promise.
    unsafe { L::load(block.rows[tap / SIDE].add(x * block.step + tap % SIDE * block.inputs)) }
}
