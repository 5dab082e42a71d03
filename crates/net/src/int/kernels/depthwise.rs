//! Depthwise convolution: each channel by itself, two taps at a time.

use super::finish::Finish;
use super::lanes::Lanes;
use super::{LANES, MAX_ROWS, RowJob};
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
                block.pixel::<L, SIDE>(x, &finish);
            }
        }
    }
}

/// [`LANES`] channels of a row.
pub(super) struct Block {
    /// The rows of the source under the kernel.
    pub(super) rows: [*const i16; MAX_ROWS],
    /// Values from one tap to the next.
    pub(super) inputs: usize,
    /// Values from one pixel's first tap to the next one's.
    pub(super) step: usize,
    pub(super) weights: *const i8,
    pub(super) biases: *const i32,
    /// The number of the last pair of taps.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(dead_code, reason = "straight-line code asks for it")
    )]
    pub(super) last: usize,
}

impl Block {
    /// # Safety
    /// As [`row`]; `x` is in the row.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn pixel<L: Lanes, const SIDE: usize>(&self, x: usize, finish: &Finish<L>) {
        // SAFETY: the caller's promise.
        unsafe { finish.put(L::taps::<SIDE>(self, x), x) }
    }

    /// The values under tap `tap` of pixel `x`.
    ///
    /// # Safety
    /// As [`row`]; the pixel is in the row and the tap in the kernel. Not a closure, which may not be inlined and then lacks the
    /// features of its caller.
    #[inline(always)]
    pub(super) unsafe fn tap<L: Lanes, const SIDE: usize>(&self, x: usize, tap: usize) -> L::Row {
        // SAFETY: the caller's promise.
        unsafe { L::load(self.rows[tap / SIDE].add(x * self.step + tap % SIDE * self.inputs)) }
    }
}
