//! 1x1 convolution of one plain map: a matrix product of its pixels with the weights, straight from the map.

use super::direct::{finish_pixels, pack_weights};
use super::gemm::{GROUP, Gemm};
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;

/// Values of a block of results: 64 KB, so that what one block reads and writes stays in the L2 cache.
const BLOCK: usize = 16 * 1024;

/// Whether the job is such a convolution, of more than a few channels.
pub(in crate::kernels) fn suits(job: &ConvJob) -> bool {
    let plain = (job.kernel, job.stride, job.pad) == (1, 1, 0) && !job.depthwise;
    plain
        && !super::direct::is_dot(job)
        && matches!(&job.sources[..], [source] if !job.resizes(source))
}

/// Offsets into the scratch, in values; the weights stand at its start.
pub(in crate::kernels) struct Layout {
    columns: usize,
    /// Pixels of a block.
    pixels: usize,
    block: usize,
    pub(in crate::kernels) length: u64,
}

impl Layout {
    pub(in crate::kernels) fn new(job: &ConvJob) -> Self {
        let columns = job.out.shape.c.next_multiple_of(GROUP);
        let pixels = (BLOCK / columns).max(GROUP).min(job.height * job.width);
        // In u64: channels in and out are below 2^13 each, and their product may leave 32 bits on the way to bytes.
        let weights = job.inputs as u64 * columns as u64;
        Self {
            columns,
            pixels,
            block: usize::try_from(weights).unwrap_or(usize::MAX),
            length: weights + pixels as u64 * columns as u64,
        }
    }
}

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, its weights in `weights`,
/// `scratch` has [`Layout::length`] values, the output is apart from the source, and
/// [`SPARE`](crate::kernels::SPARE) values behind the arena are readable.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(
    job: &ConvJob,
    weights: &[f32],
    arena: *mut f32,
    scratch: *mut f32,
) {
    let layout = Layout::new(job);
    let pixels = job.height * job.width;
    // SAFETY: the caller's promises, passed on; blocks end with the map's last pixel.
    unsafe {
        pack_weights::<V>(job, layout.columns, weights.as_ptr(), scratch);
        let source = arena.add(job.sources[0].offset).cast_const();
        let block = scratch.add(layout.block);
        for first in (0..pixels).step_by(layout.pixels) {
            let count = layout.pixels.min(pixels - first);
            let product = Gemm {
                a: source.add(first * job.inputs),
                a_step: job.inputs,
                segments: &[0],
                depth: job.inputs,
                b: scratch,
                c: block,
                rows: count,
                columns: layout.columns,
            };
            product.run::<V>();
            let bias = weights.as_ptr().add(job.bias);
            finish_pixels::<V>(job, layout.columns, block, bias, arena, [first, count]);
        }
    }
}
