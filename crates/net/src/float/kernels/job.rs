//! A job: an operator with every map resolved to its place, and how it is computed.

use super::layout::{Direct, Matrix, Winograd, resized_length};
use crate::float::algorithm::Algorithm;
use crate::float::operator::{Convolution, Operator};
use crate::float::plan::{Op, Plan};
use crate::float::tensor::Tensor;

/// An operator that is ready to run.
#[derive(Debug, Clone)]
pub(in crate::float) struct Job {
    pub(super) operator: Operator<Tensor>,
    pub(super) out: Tensor,
    pub(super) kernel: Kernel,
}

/// The kernel of a job, with its places in the scratch.
#[derive(Debug, Clone)]
pub(super) enum Kernel {
    Depthwise,
    Winograd(Winograd),
    Matrix(Matrix),
    Direct(Direct),
    /// The operator has a single kernel.
    Only,
}

/// A convolution as its kernel sees it.
pub(super) struct ConvJob<'a, L> {
    pub(super) conv: &'a Convolution<Tensor>,
    pub(super) out: Tensor,
    pub(super) layout: &'a L,
}

impl Job {
    /// The job of an operator of a plan whose shapes fit together.
    pub(in crate::float) fn new(plan: &Plan, op: &Op) -> Self {
        let out = plan.tensors[op.output];
        let operator = op.operator.map(|id| plan.tensors[id]);
        let kernel = match &operator {
            Operator::Conv(conv) => match Algorithm::of(conv, out.shape) {
                Algorithm::Depthwise => Kernel::Depthwise,
                Algorithm::Winograd => Kernel::Winograd(Winograd::new(conv, out.shape)),
                Algorithm::Matrix => Kernel::Matrix(Matrix::new(conv, out.shape)),
                algorithm @ (Algorithm::Dot | Algorithm::Direct) => {
                    Kernel::Direct(Direct::new(conv, out.shape, algorithm == Algorithm::Dot))
                }
            },
            _ => Kernel::Only,
        };
        Self {
            operator,
            out,
            kernel,
        }
    }

    /// Scratch that the job needs at any level, in values.
    pub(in crate::float) fn scratch_len(&self) -> u64 {
        match (&self.kernel, &self.operator) {
            (Kernel::Winograd(layout), _) => layout.length,
            (Kernel::Matrix(layout), _) => layout.length,
            (Kernel::Direct(layout), _) => layout.length,
            (_, Operator::Resize(source)) => resized_length(source.shape, self.out.shape.w) as u64,
            (Kernel::Depthwise | Kernel::Only, _) => 0,
        }
    }
}
