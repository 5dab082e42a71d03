//! From sums to the values of a map: scale, activation and residual.

use super::job::{Added, RowJob};
use super::lanes::Lanes;

/// Factors and limits of [`LANES`](crate::int::op::LANES) output channels, from sums to maps.
pub(super) struct Finish<L: Lanes> {
    factors: *const f32,
    wide: bool,
    inner: Option<[L::Row; 2]>,
    outer: [L::Row; 2],
    /// The residual of the row's first pixel; null where there is none.
    residual: *const i16,
    to: *mut i16,
    /// Values from one pixel to the next.
    step: usize,
}

impl<L: Lanes> Finish<L> {
    /// For the output channels from `first` on.
    ///
    /// # Safety
    /// As [`super::row`].
    #[inline(always)]
    pub(super) unsafe fn new(job: &RowJob<'_>, arena: *mut i16, first: usize) -> Self {
        // SAFETY: the caller's promise: factors are there in whole panels, rows lie in the arena.
        unsafe {
            let limits = |[low, high]: [i16; 2]| [L::splat_row(low), L::splat_row(high)];
            let residual = match job.residual {
                None => std::ptr::null(),
                Some(Added::Plain(at) | Added::Doubled { to: at, .. }) => {
                    arena.add(at + first).cast_const()
                }
            };
            Self {
                factors: job.factors.as_ptr().add(first),
                wide: job.wide,
                inner: job.inner.map(limits),
                outer: limits(job.outer),
                residual,
                to: arena.add(job.out + job.border * job.outputs + first),
                step: job.outputs,
            }
        }
    }

    /// Writes pixel `x`.
    ///
    /// # Safety
    /// As [`super::row`]; `x` is below the row's width.
    #[inline(always)]
    pub(super) unsafe fn put(&self, sums: L::Sums, x: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut value = L::scale(sums, self.factors, self.wide);
            if let Some([low, high]) = self.inner {
                value = L::min(L::max(value, low), high);
            }
            if !self.residual.is_null() {
                value = L::add(value, L::load(self.residual.add(x * self.step)));
            }
            let [low, high] = self.outer;
            L::store(L::min(L::max(value, low), high), self.to.add(x * self.step));
        }
    }
}
