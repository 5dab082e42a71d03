//! 3x3 convolution by Winograd F(6x6, 3x3), block of tiles by block of tiles.
//!
//! For each block: inputs are transformed to `[frequency][tile][input]`, 64 products with the transformed weights
//! give `[frequency][tile][output]`, and the output transform applies bias, activation and residual on its way to the arena.
//! Why not tiles of 4x4 pixels: `docs/performance.md`.

mod steps;

use super::gemm::GROUP;
use super::resize;
use super::tiles::readers;
use super::transform::{POINTS, REACH, SQUARE, TILE};
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;
use steps::{gather, multiply, scatter, transform_weights};

/// Values that the two tile buffers of a block may take together: 640 KB of the 1 MB L2 of Zen 4. (384 KB to
/// 1.6 MB gave no difference above the noise, about 20 %, of the machine it was tried on.)
const BLOCK: usize = 160 * 1024;
/// Blocks are multiples of this many tiles, which every register tile divides.
const STEP: usize = 12;
const MAX_TILES: usize = 12 * STEP;

/// Whether this algorithm suits the job; below these sizes the transforms cost what they save.
pub(in crate::kernels) fn suits(job: &ConvJob) -> bool {
    let plain = (job.kernel, job.stride, job.dilation, job.pad) == (3, 1, 1, 1);
    plain
        && !job.depthwise
        && job.inputs >= 3
        && job.out.shape.c >= 8
        && job.height.min(job.width) >= 12
}

/// How far below a source, in values, the output may start when it is written over that source. A tile's last row
/// of output lies `TILE - 1` rows below its first; the tiles still to come read from one row above theirs on.
pub(in crate::kernels) fn sliding_lead(job: &ConvJob) -> usize {
    (TILE + 1) * job.out.shape.row()
}

/// Offsets into the scratch, in values.
pub(in crate::kernels) struct Layout {
    /// Tiles of a block.
    tiles: usize,
    /// Output channels, padded.
    columns: usize,
    /// Values between frequencies of the transformed tiles, products and weights.
    input_plane: usize,
    output_plane: usize,
    weight_plane: usize,
    /// Rows of a resized source that are kept.
    pub(super) ring: usize,
    weights: usize,
    inputs: usize,
    products: usize,
    patch: usize,
    square: usize,
    pub(super) sources: usize,
    pub(in crate::kernels) length: u64,
}

impl Layout {
    pub(in crate::kernels) fn new(job: &ConvJob) -> Self {
        let columns = job.out.shape.c.next_multiple_of(GROUP);
        let across = job.width.div_ceil(TILE);
        let all = (across * job.height.div_ceil(TILE)).next_multiple_of(STEP);
        let fitting = BLOCK / (POINTS * (job.inputs + columns)) / STEP * STEP;
        let tiles = fitting.clamp(STEP, MAX_TILES).min(all);
        // An odd number of cache lines, so that the planes of a tile do not fall into one set of the cache.
        let odd_lines = |values: usize| (values.div_ceil(GROUP) | 1) * GROUP;
        let (input_plane, output_plane) =
            (odd_lines(tiles * job.inputs), odd_lines(tiles * columns));
        let weight_plane = odd_lines(job.inputs * columns);
        let ring = ((tiles - 1).div_ceil(across) + 1) * TILE + 2;
        // In u64: these are the only products that the caps on shapes do not keep within 32 bits.
        let mut length = 0_u64;
        let mut take = |rows: usize, values: usize| {
            let from = length;
            length += (rows as u64 * values as u64).next_multiple_of(GROUP as u64);
            usize::try_from(from).unwrap_or(usize::MAX)
        };
        let weights = take(POINTS, weight_plane);
        let inputs = take(POINTS, input_plane);
        let products = take(POINTS, output_plane);
        let widest = job.sources.iter().map(|s| s.shape.c).max().unwrap_or(0);
        let patch = take(POINTS + REACH, widest);
        let square = take(1, SQUARE);
        let sources = take(0, 0);
        for source in job.sources.iter().filter(|s| job.resizes(s)) {
            take(ring, job.width * source.shape.c);
            take(1, resize::scratch_len(source.shape, job.width));
        }
        Self {
            tiles,
            columns,
            input_plane,
            output_plane,
            weight_plane,
            ring,
            weights,
            inputs,
            products,
            patch,
            square,
            sources,
            length,
        }
    }
}

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, its weights in
/// `weights`, `scratch` has [`Layout::length`] values, and the output overlaps only what `sliding_lead` allows.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(
    job: &ConvJob,
    weights: &[f32],
    arena: *mut f32,
    scratch: *mut f32,
) {
    let layout = Layout::new(job);
    let tiles = job.width.div_ceil(TILE) * job.height.div_ceil(TILE);
    // SAFETY: the caller's promises, passed on.
    unsafe {
        transform_weights::<V>(job, &layout, weights.as_ptr(), scratch);
        let mut sources = readers(job, &layout, arena, scratch);
        let sources = &mut sources[..job.sources.len()];
        let mut first = 0;
        while first < tiles {
            let count = layout.tiles.min(tiles - first);
            gather::<V>(job, &layout, sources, scratch, first, count);
            multiply::<V>(job, &layout, scratch, count);
            scatter::<V>(
                job,
                &layout,
                weights.as_ptr().add(job.bias),
                arena,
                scratch,
                first,
                count,
            );
            first += count;
        }
    }
}
