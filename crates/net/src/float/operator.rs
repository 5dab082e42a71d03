//! The operators of a network, defined once for graph, plan and kernels.

use super::tensor::Tensor;
use crate::{Activation, Shape};

/// An operator; `M` names a map: by its number in a graph or a plan, or by its place in the arena.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operator<M> {
    Conv(Convolution<M>),
    /// 2x2 maximum with stride 2; an odd side rounds up.
    MaxPool(M),
    /// Bilinear, half-pixel centres, replicated edges.
    Resize(M),
    Add(M, M),
    Sigmoid(M),
    Activate(M, Activation),
}

/// A convolution: sources concatenated by channel (and resized to `height` x `width` where they differ from it).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Convolution<M> {
    pub(crate) sources: Vec<M>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Channels of all sources.
    pub(crate) inputs: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) pad: usize,
    pub(crate) dilation: usize,
    /// Each output channel reads the input channel of its number alone; there is one source, and it is not resized.
    pub(crate) depthwise: bool,
    pub(crate) activation: Activation,
    /// Added after bias and activation, or between them if `residual_first`, which a 1x1 kernel may have.
    pub(crate) residual: Option<M>,
    pub(crate) residual_first: bool,
    /// First of kernel² x inputs x outputs weights, in the order ky, kx, input, output; depthwise: kernel² x outputs.
    pub(crate) weights: usize,
    /// First of `outputs` biases.
    pub(crate) bias: usize,
}

impl<M: Copy> Operator<M> {
    /// The operator with other names for its maps.
    pub(crate) fn map<N>(&self, name: impl Fn(M) -> N) -> Operator<N> {
        match self {
            Self::Conv(conv) => Operator::Conv(conv.map(name)),
            Self::MaxPool(source) => Operator::MaxPool(name(*source)),
            Self::Resize(source) => Operator::Resize(name(*source)),
            Self::Add(a, b) => Operator::Add(name(*a), name(*b)),
            Self::Sigmoid(source) => Operator::Sigmoid(name(*source)),
            Self::Activate(source, activation) => Operator::Activate(name(*source), *activation),
        }
    }

    /// Every map that the operator reads, in order; a residual comes last.
    pub(crate) fn reads(&self) -> Vec<M> {
        match self {
            Self::Conv(conv) => conv.sources.iter().copied().chain(conv.residual).collect(),
            Self::Add(a, b) => vec![*a, *b],
            Self::MaxPool(source)
            | Self::Resize(source)
            | Self::Sigmoid(source)
            | Self::Activate(source, _) => vec![*source],
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Conv(conv) if conv.depthwise => "depthwise",
            Self::Conv(_) => "conv",
            Self::MaxPool(_) => "max_pool",
            Self::Resize(_) => "resize",
            Self::Add(..) => "add",
            Self::Sigmoid(_) => "sigmoid",
            Self::Activate(_, activation) => activation.name(),
        }
    }

    /// Multiply-adds of the operator's definition, for a result of `out`.
    pub(crate) fn macs(&self, out: Shape) -> u64 {
        match self {
            Self::Conv(conv) => {
                (out.len() as u64) * (conv.read() as u64) * (conv.kernel * conv.kernel) as u64
            }
            _ => 0,
        }
    }
}

impl<M: Copy> Convolution<M> {
    /// The convolution with other names for its maps.
    pub(crate) fn map<N>(&self, name: impl Fn(M) -> N) -> Convolution<N> {
        Convolution {
            sources: self.sources.iter().map(|source| name(*source)).collect(),
            height: self.height,
            width: self.width,
            inputs: self.inputs,
            kernel: self.kernel,
            stride: self.stride,
            pad: self.pad,
            dilation: self.dilation,
            depthwise: self.depthwise,
            activation: self.activation,
            residual: self.residual.map(name),
            residual_first: self.residual_first,
            weights: self.weights,
            bias: self.bias,
        }
    }

    /// Input channels that each output channel reads.
    pub(crate) fn read(&self) -> usize {
        if self.depthwise { 1 } else { self.inputs }
    }

    /// Height and width of the result; `None` when the parameters are unsupported or when the kernel does not fit.
    pub(crate) fn output(&self) -> Option<(usize, usize)> {
        let supported = match self.depthwise {
            true => {
                matches!(self.kernel, 3 | 5) && self.dilation == 1 && self.pad == self.kernel / 2
            }
            false => {
                matches!(self.kernel, 1 | 3) && (1..=16).contains(&self.dilation) && self.pad <= 16
            }
        } && matches!(self.stride, 1 | 2);
        if !supported {
            return None;
        }
        let reach = self.dilation * (self.kernel - 1) + 1;
        let side = |n: usize| Some((n + 2 * self.pad).checked_sub(reach)? / self.stride + 1);
        Some((side(self.height)?, side(self.width)?))
    }
}

impl Convolution<Tensor> {
    /// Whether a source has to be resized to the convolution's input while it is read.
    pub(crate) fn resizes(&self, source: &Tensor) -> bool {
        (source.shape.h, source.shape.w) != (self.height, self.width)
    }
}

/// The shape that 2x2 pooling with rounding up gives.
pub(crate) fn pooled(shape: Shape) -> Shape {
    Shape::new(shape.h.div_ceil(2), shape.w.div_ceil(2), shape.c)
}
