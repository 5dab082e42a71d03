//! The oracle: every operator straight from its definition, in the order a reader expects.
//! It keeps the promises about overlap that [`crate::float::place`] relies on, so any valid plan runs on it too.

use super::half_pixel::half_pixel;
use super::job::Job;
use crate::float::operator::{Convolution, Operator};
use crate::float::tensor::Tensor;

pub(super) fn run(job: &Job, weights: &[f32], arena: &mut [f32]) {
    let out = job.out;
    match &job.operator {
        Operator::Conv(job) => conv(job, out, weights, arena),
        Operator::MaxPool(source) => max_pool(*source, out, arena),
        Operator::Resize(source) => resize(*source, out, arena),
        Operator::Add(a, b) => pointwise(out, arena, |at, i| at[a.offset + i] + at[b.offset + i]),
        Operator::Sigmoid(source) => {
            pointwise(out, arena, |at, i| sigmoid(at[source.offset + i]));
        }
        Operator::Activate(source, activation) => {
            pointwise(out, arena, |at, i| activation.apply(at[source.offset + i]));
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

fn conv(job: &Convolution<Tensor>, out: Tensor, weights: &[f32], arena: &mut [f32]) {
    let Tensor { shape: out, offset } = out;
    for y in 0..out.h {
        for x in 0..out.w {
            for o in 0..out.c {
                let mut sum = f64::from(weights[job.bias + o]);
                for ky in 0..job.kernel {
                    for kx in 0..job.kernel {
                        let row = (y * job.stride + ky * job.dilation).wrapping_sub(job.pad);
                        let column = (x * job.stride + kx * job.dilation).wrapping_sub(job.pad);
                        if row < job.height && column < job.width {
                            sum += tap(
                                job,
                                out.c,
                                weights,
                                arena,
                                [row, column, ky * job.kernel + kx, o],
                            );
                        }
                    }
                }
                let sum = sum as f32;
                let index = (y * out.w + x) * out.c + o;
                let residual = job.residual.map_or(0.0, |map| arena[map.offset + index]);
                arena[offset + index] = match job.residual_first {
                    true => job.activation.apply(sum + residual),
                    false => job.activation.apply(sum) + residual,
                };
            }
        }
    }
}

/// The products of all input channels under one tap of the kernel; of one channel if depthwise.
fn tap(
    job: &Convolution<Tensor>,
    channels: usize,
    weights: &[f32],
    arena: &[f32],
    [row, column, tap, output]: [usize; 4],
) -> f64 {
    if job.depthwise {
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
            let weight = weights[job.weights + (tap * job.inputs + input + c) * channels + output];
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

fn bilinear(source: Tensor, arena: &[f32], [y, x, c]: [usize; 3], [h, w]: [usize; 2]) -> f32 {
    let (top, bottom, down) = half_pixel(y, source.shape.h, h);
    let (left, right, across) = half_pixel(x, source.shape.w, w);
    let at =
        |y: usize, x: usize| arena[source.offset + (y * source.shape.w + x) * source.shape.c + c];
    let mix = |x: usize| at(top, x) + down * (at(bottom, x) - at(top, x));
    mix(left) + across * (mix(right) - mix(left))
}
