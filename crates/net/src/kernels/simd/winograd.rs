//! 3x3 convolution by Winograd F(6x6, 3x3), block of tiles by block of tiles.
//!
//! For each block: inputs are transformed to `[frequency][tile][input]`, 64 products with the transformed weights
//! give `[frequency][tile][output]`, and the output transform applies bias, activation and residual on its way to the arena.
//! Why not tiles of 4x4 pixels: `docs/performance.md`.

use super::gemm::{GROUP, Gemm, panel};
use super::resize;
use super::tiles::{Reader, readers, tile_rows};
use super::transform::{POINTS, REACH, SQUARE, TILE, Target, input_tile, output_tile, weight_tile};
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;
use crate::plan::Tensor;

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

#[inline(always)]
unsafe fn transform_weights<V: Vector>(
    job: &ConvJob,
    layout: &Layout,
    weights: *const f32,
    scratch: *mut f32,
) {
    let outputs = job.out.shape.c;
    let width = panel::<V>(layout.columns);
    // SAFETY: the panels of one frequency make up `weight_plane`; the last one is padded with zeros.
    unsafe {
        let to = scratch.add(layout.weights);
        if outputs != layout.columns {
            to.write_bytes(0, POINTS * layout.weight_plane);
        }
        for from in (0..outputs).step_by(width) {
            let count = width.min(outputs - from);
            let whole = count - count % V::LANES;
            for input in 0..job.inputs {
                let weights = weights.add(job.weights + input * outputs + from);
                let to = to.add(from * job.inputs + input * width);
                let (step, plane) = (job.inputs * outputs, layout.weight_plane);
                weight_tile::<V>(
                    weights,
                    step,
                    to,
                    plane,
                    scratch.add(layout.square),
                    [0, whole],
                );
                weight_tile::<f32>(
                    weights,
                    step,
                    to,
                    plane,
                    scratch.add(layout.square),
                    [whole, count],
                );
            }
        }
    }
}

/// Transforms the inputs of tiles `first..first + count`.
#[inline(always)]
unsafe fn gather<V: Vector>(
    job: &ConvJob,
    layout: &Layout,
    sources: &mut [Reader],
    scratch: *mut f32,
    first: usize,
    count: usize,
) {
    let across = job.width.div_ceil(TILE);
    let mut channel = 0;
    for source in sources {
        let c = source.channels;
        let whole = c - c % V::LANES;
        // SAFETY: tiles are of the map; `patch` has room for a tile's pixels and a row of zeros of the widest source.
        unsafe {
            source.fill::<V>(((first + count - 1) / across + 1) * TILE + 1);
            let patch = scratch.add(layout.patch);
            let zeros = patch.add(REACH * REACH * c);
            zeros.write_bytes(0, REACH * c);
            for tile in 0..count {
                let (ty, tx) = ((first + tile) / across, (first + tile) % across);
                let rows = tile_rows(job, source, patch, zeros, ty * TILE, tx * TILE);
                let to = scratch.add(layout.inputs + tile * job.inputs + channel);
                input_tile::<V>(
                    &rows,
                    c,
                    to,
                    layout.input_plane,
                    scratch.add(layout.square),
                    [0, whole],
                );
                input_tile::<f32>(
                    &rows,
                    c,
                    to,
                    layout.input_plane,
                    scratch.add(layout.square),
                    [whole, c],
                );
            }
        }
        channel += c;
    }
}

#[inline(always)]
unsafe fn multiply<V: Vector>(job: &ConvJob, layout: &Layout, scratch: *mut f32, count: usize) {
    for point in 0..POINTS {
        // SAFETY: each buffer has `POINTS` planes, and other buffers stand behind the inputs.
        unsafe {
            let product = Gemm {
                a: scratch.add(layout.inputs + point * layout.input_plane),
                a_step: job.inputs,
                segments: &[0],
                depth: job.inputs,
                b: scratch.add(layout.weights + point * layout.weight_plane),
                c: scratch.add(layout.products + point * layout.output_plane),
                rows: count,
                columns: layout.columns,
            };
            product.run::<V>();
        }
    }
}

/// Transforms the products of tiles `first..first + count` to the output map.
#[inline(always)]
unsafe fn scatter<V: Vector>(
    job: &ConvJob,
    layout: &Layout,
    bias: *const f32,
    arena: *mut f32,
    scratch: *mut f32,
    first: usize,
    count: usize,
) {
    let Tensor { shape, offset } = job.out;
    let across = job.width.div_ceil(TILE);
    let whole = shape.c - shape.c % V::LANES;
    for tile in 0..count {
        let (y, x) = (
            (first + tile) / across * TILE,
            (first + tile) % across * TILE,
        );
        let pixel = (y * shape.w + x) * shape.c;
        // SAFETY: (y, x) is a pixel of the output; height and width cut the tile to it.
        unsafe {
            let target = Target {
                to: arena.add(offset + pixel),
                residual: job
                    .residual
                    .map_or(std::ptr::null(), |at| arena.add(at + pixel).cast_const()),
                row: shape.row(),
                pixel: shape.c,
                height: TILE.min(shape.h - y),
                width: TILE.min(shape.w - x),
                bias,
                activation: job.activation,
            };
            let products = scratch.add(layout.products + tile * layout.columns);
            output_tile::<V>(
                products,
                layout.output_plane,
                &target,
                scratch.add(layout.square),
                [0, whole],
            );
            output_tile::<f32>(
                products,
                layout.output_plane,
                &target,
                scratch.add(layout.square),
                [whole, shape.c],
            );
        }
    }
}
