//! Dense convolution: a matrix product of the pixels of a row with a panel of weights, two inputs at a time.

use super::finish::Finish;
use super::lanes::Lanes;
use super::{LANES, MAX_ROWS, RowJob};
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
                product.pixels::<L, ROWS>(x, &finish);
                x += ROWS;
            }
            while x < job.width {
                product.pixels::<L, 1>(x, &finish);
                x += 1;
            }
        }
    }
}

/// One panel of a row.
pub(super) struct Product {
    /// The rows of the source under the kernel.
    pub(super) sources: [*const i16; MAX_ROWS],
    pub(super) kernel: usize,
    /// Pairs of values in a row of the kernel.
    pub(super) pairs: usize,
    /// Values from one pixel's first input to the next one's.
    pub(super) step: usize,
    pub(super) weights: *const i8,
    pub(super) biases: *const i32,
}

impl Product {
    /// # Safety
    /// As [`row`]; `N` pixels from `x` on are in the row.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn pixels<L: Lanes, const N: usize>(&self, x: usize, finish: &Finish<L>) {
        // SAFETY: the caller's promise.
        unsafe {
            for (pixel, sums) in L::product::<N>(self, x).into_iter().enumerate() {
                finish.put(sums, x + pixel);
            }
        }
    }
}
