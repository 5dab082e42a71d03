//! A plan in whole numbers: operators in order, packed weights, and the place of every map.

use super::layout::Layout;
use super::{format, quantise, validate};
use crate::Error;
use crate::plan::OpInfo;
use crate::shape::Shape;

/// Largest value of a map; the smallest is its negative.
pub(super) const MOST: i16 = 2047;
/// Channels that are computed at once; maps but the input have a multiple of it, the rest of them 0.
pub(super) const LANES: usize = 16;
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

/// An operator: a convolution with padding of half its kernel, and what follows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Op {
    pub(super) name: String,
    /// The map that is read; the operator's number plus one is the map that is written.
    pub(super) source: usize,
    pub(super) residual: Option<Residual>,
    /// Side of the kernel: 1 or 3; 3 or 5 if depthwise.
    pub(super) kernel: usize,
    /// 1 or 2.
    pub(super) stride: usize,
    /// Whether each output channel reads the input channel of its number alone.
    pub(super) depthwise: bool,
    /// Limits before the residual is added.
    pub(super) inner: Option<[i16; 2]>,
    /// Limits of the result.
    pub(super) outer: [i16; 2],
    /// First of its weights.
    pub(super) weights: usize,
    /// First of its biases and factors.
    pub(super) channels: usize,
}

/// A map that is added to an operator's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Residual {
    pub(super) map: usize,
    /// Whether it is of half the height and width.
    pub(super) doubled: bool,
}

impl Op {
    pub(super) fn pad(&self) -> usize {
        self.kernel / 2
    }

    /// Whether it gives a single channel, of a map whose channels are stored in whole [`LANES`].
    pub(super) fn is_dot(&self, outputs: usize) -> bool {
        outputs == 1 && !self.depthwise && self.source != 0
    }

    /// Height and width of the result on a map of `h` × `w`.
    pub(super) fn output(&self, h: usize, w: usize) -> (usize, usize) {
        // With this padding, (n + 2·pad − kernel) ÷ stride + 1 is n ÷ stride rounded up.
        (h.div_ceil(self.stride), w.div_ceil(self.stride))
    }

    /// The maps that it reads.
    pub(super) fn reads(&self) -> impl Iterator<Item = usize> {
        [Some(self.source), self.residual.map(|r| r.map)]
            .into_iter()
            .flatten()
    }
}

/// Channels as a map stores them: those of the input as they are, all others in whole [`LANES`].
pub(super) fn stored(map: usize, shape: Shape) -> usize {
    match map {
        0 => shape.c,
        _ => shape.c.next_multiple_of(LANES),
    }
}

impl Plan {
    /// A plan in whole numbers for `plan`. `most` is the largest magnitude of each operator's result over images, in the order of
    /// [`crate::Plan::ops`]; `input_steps` is how many steps one unit of the input has.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the plan has an operator that this runtime lacks, a range that is not above 0, or sums that
    /// might overflow.
    pub fn quantise(plan: &crate::Plan, most: &[f32], input_steps: f32) -> Result<Self, Error> {
        validate::checked(quantise::quantise(plan, most, input_steps)?)
    }

    /// Reads a plan file and checks everything a run relies on.
    ///
    /// # Errors
    /// [`Error::NotAPlan`], [`Error::Version`], [`Error::Checksum`] or [`Error::Invalid`]; whatever the bytes, the result is
    /// an error or a plan that is safe to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        validate::checked(format::read(bytes)?)
    }

    /// Whether `bytes` begin as a plan file of this kind does.
    #[must_use]
    pub fn is_plan(bytes: &[u8]) -> bool {
        bytes.starts_with(&format::MAGIC)
    }

    /// The plan as a file: versioned, checksummed, little-endian; the inverse of [`Plan::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        format::write(self)
    }

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
}
