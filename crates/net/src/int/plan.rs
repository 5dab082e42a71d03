//! A plan in whole numbers: operators in order, packed weights, and the place of every map.

use super::layout::Layout;
use super::op::{MOST, Op};
use crate::{OpInfo, Shape};

/// Values of the table of probabilities: one for each of −[`MOST`]…[`MOST`].
pub(super) const TABLE: usize = 2 * MOST as usize + 1;

/// A network in whole numbers that is ready to run.
///
/// Made by [`Plan::quantise`] or read with [`Plan::from_bytes`]; both end in the same checks, so holding a `Plan` means
/// that a run stays inside its memory and no sum overflows.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Shapes of the maps: of the input, then of each operator's result.
    pub(super) shapes: Vec<Shape>,
    pub(super) ops: Vec<Op>,
    /// Steps of the input's scale in one unit of the input.
    pub(super) input_steps: f32,
    /// In the order of [`super::pack`].
    pub(super) weights: Vec<i8>,
    /// [`LANES`]-padded values for the output channels of each operator.
    pub(super) biases: Vec<i32>,
    /// Factors of the output channels, padded as the biases: a sum times its factor is a value of the result.
    pub(super) factors: Vec<f32>,
    /// The result for each value of the last map, from −[`MOST`] on.
    pub(super) table: Vec<f32>,
    pub(super) layout: Layout,
}

impl Plan {
    /// Shape of the map that [`Executor::run`](super::Executor::run) takes.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        self.shapes[0]
    }

    /// Shape of the map that [`Executor::run`](super::Executor::run) gives.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        self.shapes[self.ops.len()]
    }

    /// Bytes of the memory that a run works in.
    #[must_use]
    pub fn arena_bytes(&self) -> usize {
        self.layout.length * size_of::<i16>()
    }

    /// Bytes of weights, biases and factors.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.weights.len()
            + self.biases.len() * size_of::<i32>()
            + self.factors.len() * size_of::<f32>()
    }

    /// The operators in order.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = OpInfo> + '_ {
        self.ops.iter().enumerate().map(|(index, op)| OpInfo {
            name: op.name.clone(),
            kind: if op.depthwise { "depthwise" } else { "conv" },
            algorithm: "int",
            inputs: op.reads().map(|map| self.shapes[map]).collect(),
            output: self.shapes[index + 1],
            macs: self.macs(index),
        })
    }

    pub(super) fn macs(&self, index: usize) -> u64 {
        let op = &self.ops[index];
        let inputs = if op.depthwise {
            1
        } else {
            self.shapes[op.source].c
        };
        self.shapes[index + 1].len() as u64 * inputs as u64 * (op.kernel * op.kernel) as u64
    }

    /// A value of the input in steps of its scale, rounded to even; NaN is the least.
    pub(super) fn steps(&self, value: f32) -> i16 {
        // Of a sum in 2²³…2²⁴ the lowest bit is one. Unlike a call that rounds, this is done for several values at once.
        const ONES: f32 = 1.5 * (1 << 23) as f32;
        let (steps, most) = (value * self.input_steps, f32::from(MOST));
        let steps = if steps > -most { steps } else { -most };
        let steps = if steps < most { steps } else { most };
        (steps + ONES).to_bits().wrapping_sub(ONES.to_bits()) as i16
    }

    /// The result for a value of the last map.
    pub(super) fn probability(&self, value: i16) -> f32 {
        self.table[(value.clamp(-MOST, MOST) + MOST) as usize]
    }
}
