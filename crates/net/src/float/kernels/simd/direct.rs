//! Convolution straight from its definition: any stride and dilation, 3x3 and 1x1.
//!
//! A band of input rows is copied to scratch with padding, concatenated and resized; every output pixel is then a
//! product of a few contiguous runs of that band with the weights. Few output channels (the side outputs of u2net
//! have one) are computed as dot products over the inputs, the rest as a matrix product.

use super::band::band_row;
use super::dot::dots;
use super::finish::finish_pixels;
use super::gemm::Gemm;
use super::resize::sources;
use super::segments::Segments;
use super::weights::pack_weights;
use crate::float::kernels::job::ConvJob;
use crate::float::kernels::layout::Direct;
use crate::float::kernels::vector::Vector;

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, its weights in
/// `weights`, `scratch` has the layout's length, and the output is apart from the sources.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(
    job: &ConvJob<'_, Direct>,
    weights: &[f32],
    arena: *mut f32,
    scratch: *mut f32,
) {
    let segments = Segments::new(job);
    let reach = (job.conv.kernel - 1) * job.conv.dilation + 1;
    // SAFETY: the caller's promises, passed on; `line` stands behind the band.
    unsafe {
        pack_weights::<V>(
            job.conv,
            job.out.shape.c,
            job.layout.columns,
            weights.as_ptr(),
            scratch.add(job.layout.weights),
        );
        let sources = sources(job.conv, &job.layout.rooms, arena, scratch);
        let sources = &sources[..job.conv.sources.len()];
        for first in (0..job.out.shape.h).step_by(job.layout.rows) {
            let count = job.layout.rows.min(job.out.shape.h - first);
            for i in 0..(count - 1) * job.conv.stride + reach {
                let to = scratch.add(job.layout.band + i * job.layout.row);
                band_row::<V>(job, sources, first * job.conv.stride + i, to);
            }
            for y in 0..count {
                let line = scratch.add(job.layout.line);
                sums::<V>(job, &segments, y, scratch, line);
                let (bias, width) = (weights.as_ptr().add(job.conv.bias), job.out.shape.w);
                let pixels = [(first + y) * width, width];
                let columns = job.layout.columns;
                finish_pixels::<V>(job.conv, job.out, columns, line, bias, arena, pixels);
            }
        }
    }
}

/// Computes the sums of the band's row `y` of output.
///
/// # Safety
/// As [`conv`]; the band and the weights are in the scratch, and `line` has room for a row of padded output.
#[inline(always)]
unsafe fn sums<V: Vector>(
    job: &ConvJob<'_, Direct>,
    segments: &Segments,
    y: usize,
    scratch: *mut f32,
    line: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let a = scratch
            .add(job.layout.band + y * job.conv.stride * job.layout.row)
            .cast_const();
        let weights = scratch.add(job.layout.weights).cast_const();
        if job.layout.is_dot {
            dots::<V>(job, segments, a, weights, line);
            return;
        }
        let product = Gemm {
            a,
            a_step: job.conv.stride * job.conv.inputs,
            segments: segments.starts(),
            depth: segments.depth,
            b: weights,
            c: line,
            rows: job.out.shape.w,
            columns: job.layout.columns,
        };
        product.run::<V>();
    }
}
