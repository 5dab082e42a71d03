//! The steps of a block of tiles: its weights, its inputs, their products, its outputs.

use super::Layout;
use crate::kernels::ConvJob;
use crate::kernels::simd::gemm::{Gemm, panel};
use crate::kernels::simd::tiles::{Reader, tile_rows};
use crate::kernels::simd::transform::{
    POINTS, REACH, TILE, Target, input_tile, output_tile, weight_tile,
};
use crate::kernels::vector::Vector;
use crate::plan::Tensor;

#[inline(always)]
pub(super) unsafe fn transform_weights<V: Vector>(
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
pub(super) unsafe fn gather<V: Vector>(
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
pub(super) unsafe fn multiply<V: Vector>(
    job: &ConvJob,
    layout: &Layout,
    scratch: *mut f32,
    count: usize,
) {
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
pub(super) unsafe fn scatter<V: Vector>(
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
