//! The oracle: every operator straight from its definition, in the order a reader expects.
//! It keeps the promises about overlap that [`crate::place`] relies on, so any valid plan runs on it too.

use super::{ConvJob, Job};
use crate::plan::Tensor;

pub(super) fn run(job: &Job, weights: &[f32], arena: &mut [f32]) {
    match job {
        Job::Conv(job) => conv(job, weights, arena),
        Job::MaxPool { source, out } => max_pool(*source, *out, arena),
        Job::Resize { source, out } => resize(*source, *out, arena),
        Job::Add { a, b, out } => {
            pointwise(*out, arena, |at, i| at[a.offset + i] + at[b.offset + i]);
        }
        Job::Sigmoid { source, out } => {
            pointwise(*out, arena, |at, i| sigmoid(at[source.offset + i]));
        }
        Job::Activate {
            source,
            activation,
            out,
        } => {
            pointwise(*out, arena, |at, i| activation.apply(at[source.offset + i]));
        }
    }
}

fn pointwise(out: Tensor, arena: &mut [f32], value: impl Fn(&[f32], usize) -> f32) {
    for i in 0..out.shape.len() {
        arena[out.offset + i] = value(arena, i);
    }
}

pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn conv(job: &ConvJob, weights: &[f32], arena: &mut [f32]) {
    let out = job.out.shape;
    for y in 0..out.h {
        for x in 0..out.w {
            for o in 0..out.c {
                let mut sum = f64::from(weights[job.bias + o]);
                for ky in 0..job.kernel {
                    for kx in 0..job.kernel {
                        let row = (y * job.stride + ky * job.dilation).wrapping_sub(job.pad);
                        let column = (x * job.stride + kx * job.dilation).wrapping_sub(job.pad);
                        if row < job.height && column < job.width {
                            sum += tap(job, weights, arena, [row, column, ky * job.kernel + kx, o]);
                        }
                    }
                }
                let sum = sum as f32;
                let index = (y * out.w + x) * out.c + o;
                let residual = job.residual.map_or(0.0, |offset| arena[offset + index]);
                arena[job.out.offset + index] = match job.residual_first {
                    true => job.activation.apply(sum + residual),
                    false => job.activation.apply(sum) + residual,
                };
            }
        }
    }
}

/// The products of all input channels under one tap of the kernel; of one channel if depthwise.
fn tap(
    job: &ConvJob,
    weights: &[f32],
    arena: &[f32],
    [row, column, tap, output]: [usize; 4],
) -> f64 {
    if job.depthwise {
        let channels = job.out.shape.c;
        let value = arena[job.sources[0].offset + (row * job.width + column) * channels + output];
        return f64::from(value) * f64::from(weights[job.weights + tap * channels + output]);
    }
    let mut sum = 0.0;
    let mut input = 0;
    for source in &job.sources {
        for c in 0..source.shape.c {
            let value = if job.resizes(source) {
                bilinear(*source, arena, [row, column, c], [job.height, job.width])
            } else {
                arena[source.offset + (row * job.width + column) * source.shape.c + c]
            };
            let weight =
                weights[job.weights + (tap * job.inputs + input + c) * job.out.shape.c + output];
            sum += f64::from(value) * f64::from(weight);
        }
        input += source.shape.c;
    }
    sum
}

fn max_pool(source: Tensor, out: Tensor, arena: &mut [f32]) {
    let shape = source.shape;
    for y in 0..out.shape.h {
        for x in 0..out.shape.w {
            for c in 0..shape.c {
                let mut best = f32::NEG_INFINITY;
                for row in 2 * y..(2 * y + 2).min(shape.h) {
                    for column in 2 * x..(2 * x + 2).min(shape.w) {
                        best =
                            best.max(arena[source.offset + (row * shape.w + column) * shape.c + c]);
                    }
                }
                arena[out.offset + (y * out.shape.w + x) * shape.c + c] = best;
            }
        }
    }
}

fn resize(source: Tensor, out: Tensor, arena: &mut [f32]) {
    for y in 0..out.shape.h {
        for x in 0..out.shape.w {
            for c in 0..out.shape.c {
                let value = bilinear(source, arena, [y, x, c], [out.shape.h, out.shape.w]);
                arena[out.offset + (y * out.shape.w + x) * out.shape.c + c] = value;
            }
        }
    }
}

/// Where position `index` of `to` positions falls among `from` positions, with half-pixel centres and
/// replicated edges: the two neighbours and the weight of the second.
pub(super) fn half_pixel(index: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let place =
        ((index as f32 + 0.5) * (from as f32 / to as f32) - 0.5).clamp(0.0, (from - 1) as f32);
    let low = place as usize;
    (low, (low + 1).min(from - 1), place - low as f32)
}

fn bilinear(source: Tensor, arena: &[f32], [y, x, c]: [usize; 3], [h, w]: [usize; 2]) -> f32 {
    let (top, bottom, down) = half_pixel(y, source.shape.h, h);
    let (left, right, across) = half_pixel(x, source.shape.w, w);
    let at =
        |y: usize, x: usize| arena[source.offset + (y * source.shape.w + x) * source.shape.c + c];
    let mix = |x: usize| at(top, x) + down * (at(bottom, x) - at(top, x));
    mix(left) + across * (mix(right) - mix(left))
}
