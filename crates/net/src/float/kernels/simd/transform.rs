//! The three transforms of Winograd F(6x6, 3x3) (Lavin & Gray 2015), with the points 0, ±1, ±2, ±1/2 and infinity.
//!
//! Each works on whole registers of channels, first along rows, then along columns, by way of a small square in
//! memory: 64 values fit no register file, and Cranelift places all loads of a block before its arithmetic.

/// The block for each index. LLVM leaves the loop as it is for wasm, where hosts put checks into loops and where only an
/// index known to it folds into a load or store.
macro_rules! unrolled {
    ($index:ident in $($value:literal)* $block:block) => {$({
        let $index = $value;
        $block
    })*};
}

mod input;
mod output;
mod weight;

pub(super) use input::input_tile;
pub(super) use output::{Target, output_tile};
pub(super) use weight::weight_tile;

use crate::float::kernels::layout::REACH;
use crate::float::kernels::vector::Vector;

/// Values in a line of the cache. Rows of a map are often a multiple of the cache's stride apart, and crowd each other
/// out between two uses of a line; so whole lines are taken at once.
const LINE: usize = 16;

/// Eight registers, `step` values apart.
///
/// # Safety
/// The processor has `V`'s features; all eight registers are readable.
#[inline(always)]
unsafe fn load8<V: Vector>(from: *const f32, step: usize) -> [V; REACH] {
    // SAFETY: the caller vouches for all eight.
    unsafe {
        [
            V::load(from),
            V::load(from.add(step)),
            V::load(from.add(2 * step)),
            V::load(from.add(3 * step)),
            V::load(from.add(4 * step)),
            V::load(from.add(5 * step)),
            V::load(from.add(6 * step)),
            V::load(from.add(7 * step)),
        ]
    }
}

/// # Safety
/// The processor has `V`'s features; all `N` registers are writable.
#[inline(always)]
unsafe fn store_all<V: Vector, const N: usize>(values: [V; N], to: *mut f32, step: usize) {
    for (i, value) in values.into_iter().enumerate() {
        // SAFETY: the caller vouches for all of them.
        unsafe { value.store(to.add(i * step)) };
    }
}
