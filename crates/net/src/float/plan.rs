//! A plan: a model lowered to our operators, with packed weights and placed buffers.

use super::algorithm::Algorithm;
use super::operator::{Convolution, Operator};
use super::tensor::Tensor;
use crate::{OpInfo, Shape};

/// A model that is ready to run: operators in order, weights, and the place of every map in one arena.
///
/// Made by [`Graph::finish`](crate::Graph::finish) or read with [`Plan::from_bytes`]; both end in the same
/// validation, so holding a `Plan` means that running it stays inside its arena.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) ops: Vec<Op>,
    pub(crate) weights: Vec<f32>,
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) arena: usize,
    pub(crate) scratch: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Op {
    pub(crate) name: String,
    /// Its maps are tensors of the plan.
    pub(crate) operator: Operator<usize>,
    pub(crate) output: usize,
}

impl Plan {
    /// Shape of the map that [`Executor::run`](crate::Executor::run) takes.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        self.tensors[self.input].shape
    }

    /// Shape of the map that [`Executor::run`](crate::Executor::run) gives.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        self.tensors[self.output].shape
    }

    /// Bytes of the arena: all maps of a run, overlapping where their lifetimes allow.
    #[must_use]
    pub fn arena_bytes(&self) -> usize {
        self.arena * size_of::<f32>()
    }

    /// Bytes of scratch: transformed weights and tiles of the operator that needs most.
    #[must_use]
    pub fn scratch_bytes(&self) -> usize {
        self.scratch * size_of::<f32>()
    }

    /// Bytes of weights and biases.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.weights.len() * size_of::<f32>()
    }

    /// The operators in the order in which they run.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = OpInfo> + '_ {
        self.ops.iter().map(|op| {
            let out = self.tensors[op.output].shape;
            let reads = op.operator.reads();
            OpInfo {
                name: op.name.clone(),
                kind: op.operator.name(),
                algorithm: match &op.operator {
                    Operator::Conv(conv) => self.algorithm(conv, out).name(),
                    other => other.name(),
                },
                inputs: reads.iter().map(|&id| self.tensors[id].shape).collect(),
                output: out,
                macs: op.operator.macs(out),
            }
        })
    }

    /// The algorithm of a convolution that gives a map of `out`.
    pub(super) fn algorithm(&self, conv: &Convolution<usize>, out: Shape) -> Algorithm {
        Algorithm::of(&conv.map(|id| self.tensors[id]), out)
    }
}
