//! Weights in the order in which kernels read them.

use super::gemm::panel;
use crate::float::kernels::layout::GROUP;
use crate::float::kernels::vector::Vector;
use crate::float::operator::Convolution;
use crate::float::tensor::Tensor;

/// Weights as panels for the matrix product, or as one run per output channel for dot products.
///
/// # Safety
/// The plan's weights stand at `weights`; `to` has room for all inputs of `columns` output channels.
#[inline(always)]
pub(super) unsafe fn pack_weights<V: Vector>(
    conv: &Convolution<Tensor>,
    outputs: usize,
    columns: usize,
    weights: *const f32,
    to: *mut f32,
) {
    let depth = conv.kernel * conv.kernel * conv.inputs;
    // SAFETY: the plan holds depth x outputs weights; `to` has room for depth x columns.
    unsafe {
        let weights = weights.add(conv.weights);
        if columns < GROUP {
            for k in 0..depth {
                for o in 0..outputs {
                    to.add(o * depth + k)
                        .write(weights.add(k * outputs + o).read());
                }
            }
            return;
        }
        let width = panel::<V>(columns);
        for from in (0..columns).step_by(width) {
            let count = width.min(outputs - from.min(outputs));
            for k in 0..depth {
                let to = to.add(from * depth + k * width);
                to.copy_from_nonoverlapping(weights.add(k * outputs + from.min(outputs)), count);
                to.add(count).write_bytes(0, width - count);
            }
        }
    }
}
