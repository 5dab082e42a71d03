//! A plan: a model lowered to our operators, with packed weights and placed buffers.

use crate::kernels::{self, Job};
use crate::shape::Shape;
use crate::{Activation, Error, format, validate};

/// Most operators a plan may have, and most sources one convolution may read.
pub(crate) const MAX_OPS: usize = 1 << 12;
pub(crate) const MAX_SOURCES: usize = 8;
/// Most values of arena, scratch and weights together (2 GiB of f32 would not fit a 32-bit guest; this is 1 GiB).
pub(crate) const MAX_MEMORY: u64 = 1 << 28;
/// Longest operator name, in bytes.
pub(crate) const MAX_NAME: usize = 64;

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

/// A map and its place: `offset` counts f32 values from the start of the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) shape: Shape,
    pub(crate) offset: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Op {
    pub(crate) name: String,
    pub(crate) kind: OpKind,
    pub(crate) output: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OpKind {
    Conv(ConvOp),
    MaxPool {
        source: usize,
    },
    Resize {
        source: usize,
    },
    Add {
        a: usize,
        b: usize,
    },
    Sigmoid {
        source: usize,
    },
    Activate {
        source: usize,
        activation: Activation,
    },
}

/// A convolution: sources concatenated by channel (and resized to `height` x `width` where they differ from it).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConvOp {
    pub(crate) sources: Vec<usize>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) pad: usize,
    pub(crate) dilation: usize,
    /// Each output channel reads the input channel of its number alone; there is one source, and it is not resized.
    pub(crate) depthwise: bool,
    pub(crate) activation: Activation,
    /// Added after bias and activation, or between them if `residual_first`, which a 1x1 kernel may have.
    pub(crate) residual: Option<usize>,
    pub(crate) residual_first: bool,
    /// First of kernel² x inputs x outputs weights, in the order ky, kx, input, output; depthwise: kernel² x outputs.
    pub(crate) weights: usize,
    /// First of `outputs` biases.
    pub(crate) bias: usize,
}

impl OpKind {
    /// Every tensor the operator reads.
    pub(crate) fn reads(&self) -> Vec<usize> {
        match self {
            Self::Conv(conv) => conv.sources.iter().copied().chain(conv.residual).collect(),
            Self::Add { a, b } => vec![*a, *b],
            Self::MaxPool { source }
            | Self::Resize { source }
            | Self::Sigmoid { source }
            | Self::Activate { source, .. } => {
                vec![*source]
            }
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Conv(conv) if conv.depthwise => "depthwise",
            Self::Conv(_) => "conv",
            Self::MaxPool { .. } => "max_pool",
            Self::Resize { .. } => "resize",
            Self::Add { .. } => "add",
            Self::Sigmoid { .. } => "sigmoid",
            Self::Activate { activation, .. } => activation.name(),
        }
    }
}

/// Description of one operator of a plan, for tables and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpInfo {
    /// The name given with [`Graph::name`](crate::Graph::name); empty when none was given.
    pub name: String,
    /// `conv`, `depthwise`, `max_pool`, `resize`, `add`, `sigmoid`, `relu` or `relu6`.
    pub kind: &'static str,
    /// How a convolution is computed: `winograd`, `direct`, `matrix`, `dot` or `depthwise`; `int` in whole numbers; otherwise the kind.
    pub algorithm: &'static str,
    /// Shapes of the maps it reads, in order; a fused residual comes last.
    pub inputs: Vec<Shape>,
    /// Shape of the map it writes.
    pub output: Shape,
    /// Multiply-adds of the operator's definition (a direct convolution), not of its algorithm; 0 for the rest.
    pub macs: u64,
}

impl Plan {
    /// Reads a plan file and checks everything a run relies on.
    ///
    /// # Errors
    /// [`Error::NotAPlan`], [`Error::Version`], [`Error::Checksum`] or [`Error::Invalid`]; whatever the bytes,
    /// the result is an error or a plan that is safe to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut plan = format::read(bytes)?;
        plan.scratch = validate::check(&plan)?;
        Ok(plan)
    }

    /// The plan as a file: versioned, checksummed, little-endian; the inverse of [`Plan::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        format::write(self)
    }

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

    /// Bytes of scratch: transformed weights and tiles of the hungriest operator.
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
        self.ops.iter().map(|op| OpInfo {
            name: op.name.clone(),
            kind: op.kind.name(),
            algorithm: kernels::algorithm(&self.job(op)),
            inputs: op
                .kind
                .reads()
                .iter()
                .map(|&id| self.tensors[id].shape)
                .collect(),
            output: self.tensors[op.output].shape,
            macs: self.macs(op),
        })
    }

    pub(crate) fn macs(&self, op: &Op) -> u64 {
        let OpKind::Conv(conv) = &op.kind else {
            return 0;
        };
        let inputs = match conv.depthwise {
            true => 1,
            false => self.inputs(conv),
        };
        (self.tensors[op.output].shape.len() as u64)
            * (inputs as u64)
            * (conv.kernel * conv.kernel) as u64
    }

    /// Channels of all sources of a convolution.
    pub(crate) fn inputs(&self, conv: &ConvOp) -> usize {
        let channels = conv.sources.iter().map(|&id| self.tensors[id].shape.c);
        channels.sum()
    }

    /// The operator with every tensor resolved to its place.
    pub(crate) fn job(&self, op: &Op) -> Job {
        let at = |id: usize| self.tensors[id];
        let out = at(op.output);
        match &op.kind {
            OpKind::Conv(conv) => Job::Conv(kernels::ConvJob {
                sources: conv.sources.iter().map(|&id| at(id)).collect(),
                height: conv.height,
                width: conv.width,
                inputs: self.inputs(conv),
                kernel: conv.kernel,
                stride: conv.stride,
                pad: conv.pad,
                dilation: conv.dilation,
                depthwise: conv.depthwise,
                activation: conv.activation,
                residual: conv.residual.map(|id| self.tensors[id].offset),
                residual_first: conv.residual_first,
                weights: conv.weights,
                bias: conv.bias,
                out,
            }),
            OpKind::MaxPool { source } => Job::MaxPool {
                source: at(*source),
                out,
            },
            OpKind::Resize { source } => Job::Resize {
                source: at(*source),
                out,
            },
            OpKind::Add { a, b } => Job::Add {
                a: at(*a),
                b: at(*b),
                out,
            },
            OpKind::Sigmoid { source } => Job::Sigmoid {
                source: at(*source),
                out,
            },
            OpKind::Activate { source, activation } => Job::Activate {
                source: at(*source),
                activation: *activation,
                out,
            },
        }
    }
}
