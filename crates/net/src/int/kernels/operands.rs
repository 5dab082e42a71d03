//! The operands of the sums of a pixel.

use super::job::MAX_ROWS;

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

/// [`LANES`](crate::int::op::LANES) channels of a row.
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
