//! Dense convolution: a matrix product of the pixels of a row with a panel of weights, two inputs at a time.

use super::finish::Finish;
use super::job::RowJob;
use super::lanes::Lanes;
use super::operands::Product;
use crate::int::op::LANES;
use crate::int::pack::{PAIR, row_pairs};

/// Computes a row, `ROWS` pixels at a time.
///
/// # Safety
/// As [`super::row`].
#[inline(always)]
pub(super) unsafe fn row<L: Lanes, const ROWS: usize>(job: &RowJob<'_>, arena: *mut i16) {
    let pairs = row_pairs(job.kernel, job.inputs);
    let step = job.stride * job.inputs;
    // SAFETY: the caller's promise; a panel has `kernel` rows of `pairs` pairs.
    unsafe {
        for panel in 0..job.outputs / LANES {
            let product = Product {
                sources: job.sources.map(|source| arena.add(source).cast_const()),
                kernel: job.kernel,
                pairs,
                step,
                weights: job.weights.as_ptr().add(panel * job.kernel * pairs * PAIR),
                biases: job.biases.as_ptr().add(panel * LANES),
            };
            let finish = Finish::<L>::new(job, arena, panel * LANES);
            let mut x = 0;
            while x + ROWS <= job.width {
                pixels::<L, ROWS>(&product, x, &finish);
                x += ROWS;
            }
            while ROWS > 4 && x + 4 <= job.width {
                pixels::<L, 4>(&product, x, &finish);
                x += 4;
            }
            while x < job.width {
                pixels::<L, 1>(&product, x, &finish);
                x += 1;
            }
        }
    }
}

/// Computes pixels of a panel.
///
/// # Safety
/// As [`row`]; `N` pixels from `x` on are in the row.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn pixels<L: Lanes, const N: usize>(product: &Product, x: usize, finish: &Finish<L>) {
    // SAFETY: the caller's promise.
    unsafe {
        for (pixel, sums) in L::product::<N>(product, x).into_iter().enumerate() {
            finish.put(sums, x + pixel);
        }
    }
}
