//! The kernels, written once over [`Vector`] and compiled for each back end.

mod band;
mod depthwise;
pub(super) mod direct;
mod dot;
mod gemm;
pub(super) mod matrix;
mod pointwise;
pub(super) mod resize;
mod tiles;
mod transform;
pub(super) mod winograd;

use super::Job;
use super::vector::Vector;

/// Runs one job with `V`'s registers. Inlined, with everything below, into one function per back end, which carries
/// the target features.
///
/// # Safety
/// The processor has `V`'s features; the job comes from a validated plan with these weights, at least its `scratch_len` of
/// scratch, and its arena with [`SPARE`](crate::kernels::SPARE) values more.
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
        match job {
            Job::Conv(conv) if conv.depthwise => {
                depthwise::conv::<V>(conv, weights.as_ptr(), arena);
            }
            Job::Conv(conv) if winograd::suits(conv) => {
                winograd::conv::<V>(conv, weights, arena, scratch);
            }
            Job::Conv(conv) if matrix::suits(conv) => {
                matrix::conv::<V>(conv, weights, arena, scratch);
            }
            Job::Conv(conv) => direct::conv::<V>(conv, weights, arena, scratch),
            Job::MaxPool { source, out } => pointwise::max_pool::<V>(*source, *out, arena),
            Job::Resize { source, out } => {
                let size = [out.shape.h, out.shape.w];
                let from = arena.add(source.offset).cast_const();
                let resized = resize::Resized::new(from, source.shape, size, scratch);
                for y in 0..out.shape.h {
                    resized.write_row::<V>(y, arena.add(out.offset + y * out.shape.row()));
                }
            }
            Job::Add { a, b, out } => pointwise::add::<V>(*a, *b, *out, arena),
            Job::Sigmoid { source, out } => pointwise::sigmoid(*source, *out, arena),
            Job::Activate {
                source,
                activation,
                out,
            } => {
                pointwise::activate::<V>(*source, *activation, *out, arena);
            }
        }
    }
}
