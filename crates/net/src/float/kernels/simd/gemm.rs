//! The multiply at the heart of both convolutions: rows of A times a panel of B, accumulated in registers.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod looped;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod straight;

use crate::float::kernels::layout::GROUP;
use crate::float::kernels::vector::Vector;

/// `C[i][j] = sum over segments s and k < depth of A[i * a_step + segments[s] + k] * B[(s * depth + k)][j]`.
///
/// A segment is a run of A that is contiguous for one row: one for Winograd and 1x1, one for each kernel row or tap
/// of a direct convolution. B is in panels of [`panel`] columns, each stored row after row; C has `columns` columns.
pub(super) struct Gemm<'a> {
    pub(super) a: *const f32,
    pub(super) a_step: usize,
    pub(super) segments: &'a [usize],
    pub(super) depth: usize,
    pub(super) b: *const f32,
    pub(super) c: *mut f32,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Columns of one panel of B for `columns` padded output channels.
#[inline(always)]
pub(super) fn panel<V: Vector>(columns: usize) -> usize {
    match V::LANES {
        16 if columns.is_multiple_of(64) => 64,
        16 if columns.is_multiple_of(32) => 32,
        _ => GROUP,
    }
}

impl Gemm<'_> {
    /// Runs the product.
    ///
    /// # Safety
    /// The processor has `V`'s features; A is readable at every index above and for three values behind each run,
    /// B for all panels, C writable.
    #[inline(always)]
    pub(super) unsafe fn run<V: Vector>(&self) {
        // SAFETY: the caller's promise.
        unsafe {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            looped::run::<V>(self);
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            straight::run(self);
        }
    }
}
