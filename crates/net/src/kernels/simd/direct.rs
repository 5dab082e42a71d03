//! Convolution straight from its definition: any stride and dilation, 3x3 and 1x1.
//!
//! A band of input rows is copied to scratch with padding, concatenated and resized; every output pixel is then a
//! product of a few contiguous runs of that band with the weights. Few output channels (the side outputs of u2net
//! have one) are computed as dot products over the inputs, the rest as a matrix product.

use super::band::{band_row, readers};
use super::dot::dots;
use super::gemm::{GROUP, Gemm, panel};
use super::resize;
use crate::kernels::ConvJob;
use crate::kernels::vector::Vector;

/// Values that a band may take: 256 KB, a quarter of the L2 of Zen 4.
const BAND: usize = 64 * 1024;
/// Below this many output channels, dot products waste less than a padded matrix product.
const FEW: usize = 4;

/// Whether the job is computed as dot products.
pub(in crate::kernels) fn is_dot(job: &ConvJob) -> bool {
    job.out.shape.c < FEW
}

/// Offsets into the scratch, in values.
pub(in crate::kernels) struct Layout {
    columns: usize,
    /// Pixels of a band row, its values, and the output rows that one band serves.
    pub(super) width: usize,
    pub(super) row: usize,
    rows: usize,
    weights: usize,
    band: usize,
    line: usize,
    pub(super) sources: usize,
    pub(in crate::kernels) length: u64,
}

impl Layout {
    pub(in crate::kernels) fn new(job: &ConvJob) -> Self {
        let outputs = job.out.shape.c;
        let columns = if is_dot(job) {
            outputs
        } else {
            outputs.next_multiple_of(GROUP)
        };
        let width = job.width + 2 * job.pad;
        let row = width * job.inputs;
        let reach = (job.kernel - 1) * job.dilation + 1;
        let rows = ((BAND / row).saturating_sub(reach) / job.stride + 1).min(job.out.shape.h);
        // In u64: these are the only products that the caps on shapes do not keep within 32 bits.
        let mut length = 0_u64;
        let mut take = |values: u64| {
            let from = length;
            length += values.next_multiple_of(GROUP as u64);
            usize::try_from(from).unwrap_or(usize::MAX)
        };
        let weights = take((job.kernel * job.kernel) as u64 * job.inputs as u64 * columns as u64);
        let band = take(((rows - 1) * job.stride + reach) as u64 * row as u64);
        let line = take(job.out.shape.w as u64 * columns as u64);
        let sources = take(0);
        for source in job.sources.iter().filter(|s| job.resizes(s)) {
            take(job.width as u64 * source.shape.c as u64);
            take(resize::scratch_len(source.shape, job.width) as u64);
        }
        Self {
            columns,
            width,
            row,
            rows,
            weights,
            band,
            line,
            sources,
            length,
        }
    }
}

/// The runs of the band that one output pixel reads: kernel rows where taps are adjacent, single taps otherwise.
pub(super) struct Segments {
    starts: [usize; 9],
    count: usize,
    pub(super) depth: usize,
}

impl Segments {
    fn new(job: &ConvJob, layout: &Layout) -> Self {
        let joined = job.dilation == 1;
        let (across, depth) = if joined {
            (1, job.kernel * job.inputs)
        } else {
            (job.kernel, job.inputs)
        };
        let mut starts = [0; 9];
        for ky in 0..job.kernel {
            for kx in 0..across {
                starts[ky * across + kx] =
                    ky * job.dilation * layout.row + kx * job.dilation * job.inputs;
            }
        }
        Self {
            starts,
            count: job.kernel * across,
            depth,
        }
    }

    /// Where each run begins, in values from the pixel's first.
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts[..self.count]
    }
}

/// Runs the job.
///
/// # Safety
/// The processor has `V`'s features. The job comes from a validated plan: its maps lie in `arena`, its weights in
/// `weights`, `scratch` has [`Layout::length`] values, and the output is apart from the sources.
#[inline(always)]
pub(super) unsafe fn conv<V: Vector>(
    job: &ConvJob,
    weights: &[f32],
    arena: *mut f32,
    scratch: *mut f32,
) {
    let layout = Layout::new(job);
    let segments = Segments::new(job, &layout);
    let reach = (job.kernel - 1) * job.dilation + 1;
    // SAFETY: the caller's promises, passed on; `line` stands behind the band.
    unsafe {
        pack_weights::<V>(
            job,
            layout.columns,
            weights.as_ptr(),
            scratch.add(layout.weights),
        );
        let sources = readers(job, &layout, arena, scratch);
        let sources = &sources[..job.sources.len()];
        for first in (0..job.out.shape.h).step_by(layout.rows) {
            let count = layout.rows.min(job.out.shape.h - first);
            for i in 0..(count - 1) * job.stride + reach {
                let to = scratch.add(layout.band + i * layout.row);
                band_row::<V>(job, &layout, sources, first * job.stride + i, to);
            }
            for y in 0..count {
                let a = scratch
                    .add(layout.band + y * job.stride * layout.row)
                    .cast_const();
                let line = scratch.add(layout.line);
                if is_dot(job) {
                    dots::<V>(job, &segments, a, scratch.add(layout.weights), line);
                } else {
                    let product = Gemm {
                        a,
                        a_step: job.stride * job.inputs,
                        segments: segments.starts(),
                        depth: segments.depth,
                        b: scratch.add(layout.weights),
                        c: line,
                        rows: job.out.shape.w,
                        columns: layout.columns,
                    };
                    product.run::<V>();
                }
                let (bias, width) = (weights.as_ptr().add(job.bias), job.out.shape.w);
                let pixels = [(first + y) * width, width];
                finish_pixels::<V>(job, layout.columns, line, bias, arena, pixels);
            }
        }
    }
}

/// Weights as panels for the matrix product, or as one run per output channel for dot products.
///
/// # Safety
/// The plan's weights stand at `weights`; `to` has room for all inputs of `columns` output channels.
#[inline(always)]
pub(super) unsafe fn pack_weights<V: Vector>(
    job: &ConvJob,
    columns: usize,
    weights: *const f32,
    to: *mut f32,
) {
    let outputs = job.out.shape.c;
    let depth = job.kernel * job.kernel * job.inputs;
    // SAFETY: the plan holds depth x outputs weights; `to` has room for depth x columns.
    unsafe {
        let weights = weights.add(job.weights);
        if is_dot(job) {
            for k in 0..depth {
                for o in 0..outputs {
                    to.add(o * depth + k)
                        .write(weights.add(k * outputs + o).read());
                }
            }
            return;
        }
        let width = panel::<V>(columns);
        for from in (0..columns).step_by(width) {
            let count = width.min(outputs - from.min(outputs));
            for k in 0..depth {
                let to = to.add(from * depth + k * width);
                to.copy_from_nonoverlapping(weights.add(k * outputs + from.min(outputs)), count);
                to.add(count).write_bytes(0, width - count);
            }
        }
    }
}

/// Bias, activation and residual on the way from `line` to the output's pixels from `first` on, `count` of them.
///
/// # Safety
/// `line` holds `columns` values for each pixel, and the pixels are of the output, which lies in `arena` as the residual does.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn finish_pixels<V: Vector>(
    job: &ConvJob,
    columns: usize,
    line: *const f32,
    bias: *const f32,
    arena: *mut f32,
    [first, count]: [usize; 2],
) {
    let shape = job.out.shape;
    let whole = shape.c - shape.c % V::LANES;
    for index in 0..count {
        let pixel = (first + index) * shape.c;
        // SAFETY: the caller's promise, for the residual too.
        unsafe {
            let line = line.add(index * columns);
            let to = arena.add(job.out.offset + pixel);
            let residual = job
                .residual
                .map_or(std::ptr::null(), |at| arena.add(at + pixel).cast_const());
            finish_pixel::<V>(line, bias, residual, to, job, [0, whole]);
            finish_pixel::<f32>(line, bias, residual, to, job, [whole, shape.c]);
        }
    }
}

#[inline(always)]
unsafe fn finish_pixel<V: Vector>(
    line: *const f32,
    bias: *const f32,
    residual: *const f32,
    to: *mut f32,
    job: &ConvJob,
    [from, end]: [usize; 2],
) {
    let limits = job.activation.limits();
    let mut o = from;
    while o < end {
        // SAFETY: as in `finish_pixels`.
        unsafe {
            let mut value = V::load(line.add(o)).add(V::load(bias.add(o)));
            if job.residual_first {
                value = value.add(V::load(residual.add(o)));
            }
            if let Some([low, high]) = limits {
                value = value.max(V::splat(low)).min(V::splat(high));
            }
            if !residual.is_null() && !job.residual_first {
                value = value.add(V::load(residual.add(o)));
            }
            value.store(to.add(o));
        }
        o += V::LANES;
    }
}
