//! 3x3 convolution by Winograd F(6x6, 3x3), block of tiles by block of tiles.
//!
//! For each block: inputs are transformed to `[frequency][tile][input]`, 64 products with the transformed weights
//! give `[frequency][tile][output]`, and the output transform applies bias, activation and residual on its way to the arena.
//! Why not tiles of 4x4 pixels: `docs/performance.md`.

mod steps;

use super::tiles::readers;
use crate::float::algorithm::TILE;
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::Winograd;
use crate::float::kernels::vector::Vector;
use steps::{gather, multiply, scatter, transform_weights};

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, its weights in
/// `weights`, `scratch` has the layout's length, and the output overlaps only what
/// [`sliding_lead`](crate::float::algorithm::Algorithm::sliding_lead) allows.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(
    job: &ConvJob<'_, Winograd>,
    weights: &[f32],
    arena: *mut f32,
    scratch: *mut f32,
) {
    let tiles = job.conv.width.div_ceil(TILE) * job.conv.height.div_ceil(TILE);
    // SAFETY: the caller's promises, passed on.
    unsafe {
        transform_weights::<V>(job, weights.as_ptr(), scratch);
        let mut sources = readers(job, arena, scratch);
        let sources = &mut sources[..job.conv.sources.len()];
        let mut first = 0;
        while first < tiles {
            let count = job.layout.tiles.min(tiles - first);
            gather::<V>(job, sources, scratch, first, count);
            multiply::<V>(job, scratch, count);
            scatter::<V>(
                job,
                weights.as_ptr().add(job.conv.bias),
                arena,
                scratch,
                first,
                count,
            );
            first += count;
        }
    }
}
