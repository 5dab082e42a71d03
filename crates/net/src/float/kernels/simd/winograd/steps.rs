//! The steps of a block of tiles: its weights, its inputs, their products, its outputs.

use crate::float::algorithm::TILE;
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::{POINTS, REACH, Winograd};
use crate::float::kernels::simd::gemm::{Gemm, panel};
use crate::float::kernels::simd::tiles::{Reader, tile_rows};
use crate::float::kernels::simd::transform::{Target, input_tile, output_tile, weight_tile};
use crate::float::kernels::vector::Vector;
use crate::float::tensor::Tensor;

/// # Safety
/// As [`conv`](super::conv).
#[inline(always)]
pub(super) unsafe fn transform_weights<V: Vector>(
    job: &ConvJob<'_, Winograd>,
    weights: *const f32,
    scratch: *mut f32,
) {
    let outputs = job.out.shape.c;
    let width = panel::<V>(job.layout.columns);
    // SAFETY: the panels of one frequency make up `weight_plane`; the last one is padded with zeros.
    unsafe {
        let to = scratch.add(job.layout.weights);
        if outputs != job.layout.columns {
            to.write_bytes(0, POINTS * job.layout.weight_plane);
        }
        for from in (0..outputs).step_by(width) {
            let count = width.min(outputs - from);
            let whole = count - count % V::LANES;
            for input in 0..job.conv.inputs {
                let weights = weights.add(job.conv.weights + input * outputs + from);
                let to = to.add(from * job.conv.inputs + input * width);
                let (step, plane) = (job.conv.inputs * outputs, job.layout.weight_plane);
                weight_tile::<V>(
                    weights,
                    step,
                    to,
                    plane,
                    scratch.add(job.layout.square),
                    [0, whole],
                );
                weight_tile::<f32>(
                    weights,
                    step,
                    to,
                    plane,
                    scratch.add(job.layout.square),
                    [whole, count],
                );
            }
        }
    }
}

/// Transforms the inputs of tiles `first..first + count`.
///
/// # Safety
/// As [`conv`](super::conv); the tiles are of the map, at most as many as a block has.
#[inline(always)]
pub(super) unsafe fn gather<V: Vector>(
    job: &ConvJob<'_, Winograd>,
    sources: &mut [Reader],
    scratch: *mut f32,
    first: usize,
    count: usize,
) {
    let across = job.conv.width.div_ceil(TILE);
    let mut channel = 0;
    for source in sources {
        let c = source.channels;
        let whole = c - c % V::LANES;
        // SAFETY: tiles are of the map; `patch` has room for a tile's pixels and a row of zeros of the widest source.
        unsafe {
            source.fill::<V>(((first + count - 1) / across + 1) * TILE + 1);
            let patch = scratch.add(job.layout.patch);
            let zeros = patch.add(REACH * REACH * c);
            zeros.write_bytes(0, REACH * c);
            for tile in 0..count {
                let (ty, tx) = ((first + tile) / across, (first + tile) % across);
                let rows = tile_rows(job.conv, source, patch, zeros, ty * TILE, tx * TILE);
                let to = scratch.add(job.layout.inputs + tile * job.conv.inputs + channel);
                input_tile::<V>(
                    &rows,
                    c,
                    to,
                    job.layout.input_plane,
                    scratch.add(job.layout.square),
                    [0, whole],
                );
                input_tile::<f32>(
                    &rows,
                    c,
                    to,
                    job.layout.input_plane,
                    scratch.add(job.layout.square),
                    [whole, c],
                );
            }
        }
        channel += c;
    }
}

/// # Safety
/// As [`gather`], whose tiles are in the scratch.
#[inline(always)]
pub(super) unsafe fn multiply<V: Vector>(
    job: &ConvJob<'_, Winograd>,
    scratch: *mut f32,
    count: usize,
) {
    for point in 0..POINTS {
        // SAFETY: each buffer has `POINTS` planes, and other buffers stand behind the inputs.
        unsafe {
            let product = Gemm {
                a: scratch.add(job.layout.inputs + point * job.layout.input_plane),
                a_step: job.conv.inputs,
                segments: &[0],
                depth: job.conv.inputs,
                b: scratch.add(job.layout.weights + point * job.layout.weight_plane),
                c: scratch.add(job.layout.products + point * job.layout.output_plane),
                rows: count,
                columns: job.layout.columns,
            };
            product.run::<V>();
        }
    }
}

/// Transforms the products of tiles `first..first + count` to the output map.
///
/// # Safety
/// As [`gather`], whose products are in the scratch; `bias` holds a value for each output channel.
#[inline(always)]
pub(super) unsafe fn scatter<V: Vector>(
    job: &ConvJob<'_, Winograd>,
    bias: *const f32,
    arena: *mut f32,
    scratch: *mut f32,
    first: usize,
    count: usize,
) {
    let Tensor { shape, offset } = job.out;
    let across = job.conv.width.div_ceil(TILE);
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
                residual: job.conv.residual.map_or(std::ptr::null(), |map| {
                    arena.add(map.offset + pixel).cast_const()
                }),
                row: shape.row(),
                pixel: shape.c,
                height: TILE.min(shape.h - y),
                width: TILE.min(shape.w - x),
                bias,
                activation: job.conv.activation,
            };
            let products = scratch.add(job.layout.products + tile * job.layout.columns);
            output_tile::<V>(
                products,
                job.layout.output_plane,
                &target,
                scratch.add(job.layout.square),
                [0, whole],
            );
            output_tile::<f32>(
                products,
                job.layout.output_plane,
                &target,
                scratch.add(job.layout.square),
                [whole, shape.c],
            );
        }
    }
}
