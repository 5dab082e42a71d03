//! Depthwise convolution: each channel by itself, two taps at a time.

use super::finish::Finish;
use super::lanes::Lanes;
use super::{LANES, RowJob};
use crate::int::pack::{PAIR, tap_pairs};

/// Computes a row with a kernel of `SIDE` × `SIDE`.
///
/// # Safety
/// As [`super::row`].
#[inline(always)]
pub(super) unsafe fn row<L: Lanes, const SIDE: usize>(job: &RowJob<'_>, arena: *mut i16) {
    // SAFETY: the caller's promise; a block has `tap_pairs` pairs of weights.
    unsafe {
        let sources = job.sources.map(|source| arena.add(source).cast_const());
        for first in (0..job.outputs).step_by(LANES) {
            let weights = job
                .weights
                .as_ptr()
                .add(first / LANES * tap_pairs(SIDE) * PAIR);
            let biases = job.biases.as_ptr().add(first);
            let finish = Finish::<L>::new(job, arena, first);
            for x in 0..job.width {
                let at = x * job.stride * job.inputs + first;
                let tap =
                    |tap: usize| L::load(sources[tap / SIDE].add(at + tap % SIDE * job.inputs));
                let mut sums = L::sums(biases);
                for pair in 0..tap_pairs(SIDE) {
                    let (a, b) = (2 * pair, 2 * pair + 1);
                    // The last tap has no partner; the weight of the value that stands for it is 0.
                    let b = if b < SIDE * SIDE { b } else { a };
                    sums = L::dot_taps(sums, [tap(a), tap(b)], weights.add(pair * PAIR));
                }
                finish.put(sums, x);
            }
        }
    }
}
