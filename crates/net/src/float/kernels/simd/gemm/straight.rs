//! The matrix product for wasm, shaped for Cranelift (48) and for hosts that interrupt guests by epochs.
//!
//! Such a host puts a check with a call into every loop, and a call leaves no vector register alone: sums that live
//! across a loop's head go through the stack each time round. The products are therefore straight-line code.
//! Cranelift places arithmetic as late as it can, after all loads of a block, so that a long block runs out of
//! registers: the exit behind each product ends its block. And it makes two instructions more of a load and its
//! splat when the splat has several uses: four values of A are loaded at once, and each is spread by a shuffle.

use super::{GROUP, Gemm};
use core::arch::wasm32::*;

/// Products added before the sums go to C.
const STEPS: usize = 64;
/// Registers in a row of the tile.
const VECTORS: usize = GROUP / LANES;
const LANES: usize = 4;

/// Runs the product.
///
/// # Safety
/// As [`Gemm::run`].
pub(super) unsafe fn run(g: &Gemm<'_>) {
    let pairs = g.rows - g.rows % 2;
    for column in (0..g.columns).step_by(GROUP) {
        let mut fresh = true;
        // SAFETY: segments, columns and depth are the product's, for which the caller vouches.
        unsafe {
            let mut b = g.b.add(column * g.segments.len() * g.depth);
            for &segment in g.segments {
                for from in (0..g.depth).step_by(STEPS) {
                    let part = Part {
                        a: g.a.add(segment + from),
                        a_step: g.a_step,
                        b,
                        steps: STEPS.min(g.depth - from),
                        c: g.c.add(column),
                        c_step: g.columns,
                        fresh,
                    };
                    for row in (0..pairs).step_by(2) {
                        part.tile::<2>(row);
                    }
                    if pairs < g.rows {
                        part.tile::<1>(pairs);
                    }
                    b = b.add(part.steps * GROUP);
                    fresh = false;
                }
            }
        }
    }
}

/// 1 to [`STEPS`] products for one panel of columns: added to C, or written there if `fresh`.
struct Part {
    a: *const f32,
    a_step: usize,
    b: *const f32,
    steps: usize,
    c: *mut f32,
    c_step: usize,
    fresh: bool,
}

impl Part {
    /// Rows `row..row + ROWS`. Not inlined: in a loop, LLVM takes every address out of it, and they fill the stack.
    ///
    /// # Safety
    /// As [`run`]; `ROWS` rows from `row` on are there.
    #[inline(never)]
    unsafe fn tile<const ROWS: usize>(&self, row: usize) {
        let mut sums = [[f32x4_splat(0.0); VECTORS]; ROWS];
        // SAFETY: `steps` values of A, rows of B and one row of C per row of the tile are there, and three values
        // more of A; wasm asks for no alignment.
        unsafe {
            let (a, c) = (self.a.add(row * self.a_step), self.c.add(row * self.c_step));
            if !self.fresh {
                for (i, sums) in sums.iter_mut().enumerate() {
                    *sums = load_row(c.add(i * self.c_step));
                }
            }
            'done: {
                macro_rules! quads {
                    ($($quad:literal)*) => {$(
                        const { assert!(4 * $quad + 3 < STEPS) };
                        let mut values = [f32x4_splat(0.0); ROWS];
                        for (i, values) in values.iter_mut().enumerate() {
                            *values = load(a.add(i * self.a_step).add(4 * $quad));
                        }
                        quads!(@ values, $quad, 0);
                        quads!(@ values, $quad, 1);
                        quads!(@ values, $quad, 2);
                        quads!(@ values, $quad, 3);
                    )*};
                    (@ $values:ident, $quad:literal, $lane:literal) => {
                        let row = load_row(self.b.add((4 * $quad + $lane) * GROUP));
                        for (sums, values) in sums.iter_mut().zip($values) {
                            let value = u32x4_shuffle::<$lane, $lane, $lane, $lane>(values, values);
                            for (sum, &column) in sums.iter_mut().zip(&row) {
                                *sum = f32x4_add(*sum, f32x4_mul(value, column));
                            }
                        }
                        if self.steps == 4 * $quad + $lane + 1 {
                            break 'done;
                        }
                    };
                }
                quads!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }
            for (i, sums) in sums.into_iter().enumerate() {
                for (j, sum) in sums.into_iter().enumerate() {
                    v128_store(c.add(i * self.c_step + j * LANES).cast(), sum);
                }
            }
        }
    }
}

/// # Safety
/// Four values are readable.
#[inline(always)]
unsafe fn load(from: *const f32) -> v128 {
    // SAFETY: as in `Part::tile`.
    unsafe { v128_load(from.cast()) }
}

/// # Safety
/// `VECTORS` registers of values are readable.
#[inline(always)]
unsafe fn load_row(from: *const f32) -> [v128; VECTORS] {
    let mut row = [f32x4_splat(0.0); VECTORS];
    for (j, vector) in row.iter_mut().enumerate() {
        // SAFETY: as in `Part::tile`.
        *vector = unsafe { load(from.add(j * LANES)) };
    }
    row
}
