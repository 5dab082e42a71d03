//! Depthwise convolution: each channel by itself, two taps at a time.

use super::finish::Finish;
use super::job::RowJob;
use super::lanes::Lanes;
use super::operands::Block;
use crate::int::op::LANES;
use crate::int::pack::{PAIR, tap_pairs};

/// Computes a row with a kernel of `SIDE` × `SIDE`.
///
/// # Safety
/// As [`super::row`].
#[inline(always)]
pub(super) unsafe fn row<L: Lanes, const SIDE: usize>(job: &RowJob<'_>, arena: *mut i16) {
    // SAFETY: the caller's promise; a block has `tap_pairs` pairs of weights.
    unsafe {
        for first in (0..job.outputs).step_by(LANES) {
            let block = Block {
                rows: job.sources.map(|row| arena.add(row + first).cast_const()),
                inputs: job.inputs,
                step: job.stride * job.inputs,
                weights: job
                    .weights
                    .as_ptr()
                    .add(first / LANES * tap_pairs(SIDE) * PAIR),
                biases: job.biases.as_ptr().add(first),
                last: tap_pairs(job.kernel) - 1,
            };
            let finish = Finish::<L>::new(job, arena, first);
            for x in 0..job.width {
                pixel::<L, SIDE>(&block, x, &finish);
            }
        }
    }
}

/// Computes a pixel of a block.
///
/// # Safety
/// As [`row`]; `x` is in the row.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
unsafe fn pixel<L: Lanes, const SIDE: usize>(block: &Block, x: usize, finish: &Finish<L>) {
    // SAFETY: the caller's promise.
    unsafe { finish.put(L::taps::<SIDE>(block, x), x) }
}
