//! The order of weights in a plan: [`LANES`] output channels beside each other, and two inputs of each.
//!
//! A dense convolution has panels of [`LANES`] output channels, in each the kernel's rows, in each pairs of neighbouring values
//! of the source's row (kernel × stored channels, one more where that is odd), in each the channels' two weights.
//! One to a single channel has the weights in the order of the source's values, row by row of the kernel.
//! A depthwise one has blocks of [`LANES`] channels, in each pairs of taps (row by row, one more since their number is odd), in
//! each the channels' two weights. What stands for no input or no channel is 0.

use super::op::{LANES, Op};

/// Bytes of a pair's weights.
pub(super) const PAIR: usize = 2 * LANES;

/// The number of pairs in one row of a dense kernel, whose source stores `channels`.
pub(super) fn row_pairs(kernel: usize, channels: usize) -> usize {
    (kernel * channels).div_ceil(2)
}

/// The number of pairs of a depthwise kernel's taps.
pub(super) fn tap_pairs(kernel: usize) -> usize {
    (kernel * kernel).div_ceil(2)
}

/// Bytes that an operator's weights take.
pub(super) fn length(op: &Op, inputs: usize, outputs: usize) -> usize {
    if op.is_dot(outputs) {
        return op.kernel * op.kernel * inputs;
    }
    let pairs = match op.depthwise {
        true => tap_pairs(op.kernel),
        false => op.kernel * row_pairs(op.kernel, inputs),
    };
    outputs.div_ceil(LANES) * pairs * PAIR
}

/// The place of a weight: of the tap in row `ky` and column `kx`, from input `i` (0 if depthwise) to output `o` of `outputs`.
pub(super) fn place(op: &Op, inputs: usize, outputs: usize, [ky, kx, i, o]: [usize; 4]) -> usize {
    if op.is_dot(outputs) {
        return (ky * op.kernel + kx) * inputs + i;
    }
    let (panel, lane) = (o / LANES, o % LANES);
    let (pairs, at) = match op.depthwise {
        true => (tap_pairs(op.kernel), ky * op.kernel + kx),
        false => {
            let row = row_pairs(op.kernel, inputs);
            (op.kernel * row, 2 * ky * row + kx * inputs + i)
        }
    };
    (panel * pairs + at / 2) * PAIR + 2 * lane + at % 2
}
