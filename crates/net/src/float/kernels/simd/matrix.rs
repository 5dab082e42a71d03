//! 1x1 convolution of one plain map: a matrix product of its pixels with the weights, straight from the map.

use super::finish::finish_pixels;
use super::gemm::Gemm;
use super::weights::pack_weights;
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::Matrix;
use crate::float::kernels::vector::Vector;

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, its weights in `weights`,
/// `scratch` has the layout's length, the output is apart from the source, and
/// [`SPARE`](crate::float::kernels::SPARE) values behind the arena are readable.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(
    job: &ConvJob<'_, Matrix>,
    weights: &[f32],
    arena: *mut f32,
    scratch: *mut f32,
) {
    let pixels = job.conv.height * job.conv.width;
    // SAFETY: the caller's promises, passed on; blocks end with the map's last pixel.
    unsafe {
        let (outputs, columns) = (job.out.shape.c, job.layout.columns);
        pack_weights::<V>(job.conv, outputs, columns, weights.as_ptr(), scratch);
        let source = arena.add(job.conv.sources[0].offset).cast_const();
        let block = scratch.add(job.layout.block);
        for first in (0..pixels).step_by(job.layout.pixels) {
            let count = job.layout.pixels.min(pixels - first);
            let product = Gemm {
                a: source.add(first * job.conv.inputs),
                a_step: job.conv.inputs,
                segments: &[0],
                depth: job.conv.inputs,
                b: scratch,
                c: block,
                rows: count,
                columns,
            };
            product.run::<V>();
            let bias = weights.as_ptr().add(job.conv.bias);
            let pixels = [first, count];
            finish_pixels::<V>(job.conv, job.out, columns, block, bias, arena, pixels);
        }
    }
}
