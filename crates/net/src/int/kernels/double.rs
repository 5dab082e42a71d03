//! A row of a map of half the size, doubled.

use super::lanes::Lanes;
use crate::int::op::LANES;

/// Writes a row of 2 × `width` pixels of `channels` values, a multiple of [`LANES`], from the `near` and the `far` row: bilinear,
/// half-pixel centres, replicated edges.
///
/// # Safety
/// The processor has `L`'s features, the rows have `width` pixels and `to` has room for twice as many.
#[inline(always)]
pub(super) unsafe fn row<L: Lanes>(
    [near, far]: [*const i16; 2],
    width: usize,
    channels: usize,
    to: *mut i16,
) {
    // SAFETY: the caller's promise; columns are below `width`.
    unsafe {
        for first in (0..channels).step_by(LANES) {
            let mut left = column::<L>([near, far], first);
            let mut here = left;
            for x in 0..width {
                let at = (x + 1).min(width - 1) * channels + first;
                let right = column::<L>([near, far], at);
                let triple = L::triple(here);
                let to = to.add(2 * x * channels + first);
                L::store(L::sixteenth(L::add(triple, left)), to);
                L::store(L::sixteenth(L::add(triple, right)), to.add(channels));
                (left, here) = (here, right);
            }
        }
    }
}

/// Values between the rows, in quarters: those at `at`. Not a closure, as in [`super::depthwise`].
///
/// # Safety
/// The rows have [`LANES`] values there.
#[inline(always)]
unsafe fn column<L: Lanes>([near, far]: [*const i16; 2], at: usize) -> L::Row {
    // SAFETY: the caller's promise.
    unsafe { L::add(L::triple(L::load(near.add(at))), L::load(far.add(at))) }
}
