//! The kernels, written once over [`Vector`] and compiled for each back end.

mod band;
mod depthwise;
mod direct;
mod dot;
mod finish;
mod gemm;
mod matrix;
mod pointwise;
mod resize;
mod segments;
mod tiles;
mod transform;
mod weights;
mod winograd;

use super::job::{ConvJob, Job, Kernel};
use super::vector::Vector;
use crate::float::operator::Operator;

/// Runs one job with `V`'s registers. Inlined, with everything below, into one function per back end, which carries
/// the target features.
///
/// # Safety
/// The processor has `V`'s features; the job comes from a validated plan with these weights, at least its `scratch_len` of
/// scratch, and its arena with [`SPARE`](crate::float::kernels::SPARE) values more.
#[inline(always)]
pub(super) unsafe fn run<V: Vector>(
    job: &Job,
    weights: &[f32],
    arena: &mut [f32],
    scratch: &mut [f32],
) {
    let (arena, scratch) = (arena.as_mut_ptr(), scratch.as_mut_ptr());
    // SAFETY: the caller's promises, passed on. One pointer gives all access to the arena, so maps may overlap
    // as far as each kernel allows.
    unsafe {
        let &Job { out, .. } = job;
        match (&job.operator, &job.kernel) {
            (Operator::Conv(conv), Kernel::Winograd(layout)) => {
                winograd::conv::<V>(&ConvJob { conv, out, layout }, weights, arena, scratch);
            }
            (Operator::Conv(conv), Kernel::Matrix(layout)) => {
                matrix::conv::<V>(&ConvJob { conv, out, layout }, weights, arena, scratch);
            }
            (Operator::Conv(conv), Kernel::Direct(layout)) => {
                direct::conv::<V>(&ConvJob { conv, out, layout }, weights, arena, scratch);
            }
            (Operator::Conv(conv), Kernel::Depthwise | Kernel::Only) => {
                let layout = &();
                depthwise::conv::<V>(&ConvJob { conv, out, layout }, weights.as_ptr(), arena);
            }
            (Operator::MaxPool(source), _) => pointwise::max_pool::<V>(*source, out, arena),
            (Operator::Resize(source), _) => resize::map::<V>(*source, out, arena, scratch),
            (Operator::Add(a, b), _) => pointwise::add::<V>(*a, *b, out, arena),
            (Operator::Sigmoid(source), _) => pointwise::sigmoid(*source, out, arena),
            (Operator::Activate(source, activation), _) => {
                pointwise::activate::<V>(*source, *activation, out, arena);
            }
        }
    }
}
