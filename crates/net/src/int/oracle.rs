//! The oracle: every operator straight from its definition, on whole maps, without the layout or the kernels.

use super::op::{Op, stored};
use super::pack;
use super::plan::Plan;
use crate::shape::Shape;

/// A map without padding: height × width × channels values.
struct Map {
    shape: Shape,
    values: Vec<i16>,
}

impl Map {
    /// The value at a place, 0 outside.
    fn at(&self, y: usize, x: usize, c: usize) -> i32 {
        let Shape { h, w, c: channels } = self.shape;
        match y < h && x < w {
            true => self.values[(y * w + x) * channels + c].into(),
            false => 0,
        }
    }

    /// The value at a place of the doubled map.
    fn doubled_at(&self, y: usize, x: usize, c: usize) -> i32 {
        let pair = |at: usize, length: usize| {
            let near = at / 2;
            let far = if at.is_multiple_of(2) {
                near.saturating_sub(1)
            } else {
                (near + 1).min(length - 1)
            };
            (near, far)
        };
        let ((y, far_y), (x, far_x)) = (pair(y, self.shape.h), pair(x, self.shape.w));
        (9 * self.at(y, x, c)
            + 3 * self.at(far_y, x, c)
            + 3 * self.at(y, far_x, c)
            + self.at(far_y, far_x, c)
            + 8)
            >> 4
    }
}

pub(super) fn run(plan: &Plan, input: &[f32]) -> Vec<f32> {
    let values = input.iter().map(|&value| plan.steps(value)).collect();
    let mut maps = vec![Map {
        shape: plan.shapes[0],
        values,
    }];
    for (op, &shape) in plan.ops.iter().zip(&plan.shapes[1..]) {
        let mut values = Vec::with_capacity(shape.len());
        for y in 0..shape.h {
            for x in 0..shape.w {
                values.extend((0..shape.c).map(|o| value(plan, op, &maps, shape.c, [y, x, o])));
            }
        }
        maps.push(Map { shape, values });
    }
    let last = &maps[plan.ops.len()].values;
    last.iter().map(|&value| plan.probability(value)).collect()
}

fn value(plan: &Plan, op: &Op, maps: &[Map], outputs: usize, [y, x, o]: [usize; 3]) -> i16 {
    let source = &maps[op.source];
    let inputs = stored(op.source, source.shape);
    let mut sum = plan.biases[op.channels + o];
    for ky in 0..op.kernel {
        for kx in 0..op.kernel {
            let at = |at: usize, tap: usize| (at * op.stride + tap).wrapping_sub(op.pad());
            let (y, x) = (at(y, ky), at(x, kx));
            let channels = if op.depthwise {
                0..1
            } else {
                0..source.shape.c
            };
            for i in channels {
                let weight =
                    plan.weights[op.weights + pack::place(op, inputs, outputs, [ky, kx, i, o])];
                sum += i32::from(weight) * source.at(y, x, if op.depthwise { o } else { i });
            }
        }
    }
    let clamp16 = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into());
    let clamp = |value: i32, [low, high]: [i16; 2]| value.clamp(low.into(), high.into());
    let product = sum as f32 * plan.factors[op.channels + o];
    let mut value = clamp16(product.round_ties_even() as i32);
    value = op.inner.map_or(value, |limits| clamp(value, limits));
    if let Some(residual) = op.residual {
        let map = &maps[residual.map];
        value = clamp16(
            value
                + if residual.doubled {
                    map.doubled_at(y, x, o)
                } else {
                    map.at(y, x, o)
                },
        );
    }
    clamp(value, op.outer) as i16
}
