//! The builder: operators are added in any topological order, then lowered to a plan.

mod conv;

pub use conv::{Conv, TensorId};

use super::operator::{Convolution, Operator, pooled};
use crate::limits::{MAX_MEMORY, MAX_NAME, MAX_OPS, MAX_SOURCES};
use crate::shape::{MAX_CHANNELS, Shape};
use crate::{Activation, Error};

/// A model under construction. Every operator gives a new map; nothing is computed before a plan runs.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) weights: Vec<f32>,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// Its maps are nodes; `None` for the input.
    pub(super) operator: Option<Operator<usize>>,
}

impl Graph {
    /// A graph whose only input is a map of `shape`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a side is zero or out of range.
    pub fn new(shape: Shape) -> Result<Self, Error> {
        shape.check()?;
        let input = Node {
            name: String::new(),
            shape,
            operator: None,
        };
        Ok(Self {
            nodes: vec![input],
            weights: Vec::new(),
        })
    }

    /// The map that a run is given.
    #[must_use]
    pub fn input(&self) -> TensorId {
        TensorId(0)
    }

    /// The shape of a map; `None` for an id of another graph.
    #[must_use]
    pub fn shape(&self, id: TensorId) -> Option<Shape> {
        self.nodes.get(id.0).map(|node| node.shape)
    }

    /// Names the operator that gives `id`, for [`Plan::ops`](crate::Plan::ops); at most 64 bytes are kept.
    pub fn name(&mut self, id: TensorId, name: &str) {
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.name = name[..name.floor_char_boundary(MAX_NAME)].to_owned();
        }
    }

    /// A convolution: 3x3, 1x1, or depthwise 3x3 or 5x5.
    ///
    /// # Errors
    /// [`Error::Graph`] when parameters are unsupported or do not fit the sources, weights or bias.
    pub fn conv(&mut self, conv: &Conv<'_>) -> Result<TensorId, Error> {
        let refuse = |reason: String| Error::Graph { op: "conv", reason };
        let (first, inputs) = self.joined(conv.sources)?;
        let outputs = conv.bias.len();
        if conv.depthwise && (conv.sources.len() > 1 || outputs != inputs) {
            return Err(refuse(format!(
                "a depthwise one gives its one source's {inputs} channels, not {outputs}"
            )));
        }
        let read = if conv.depthwise { 1 } else { inputs };
        let taps = conv.kernel.saturating_mul(conv.kernel);
        let expected = outputs.saturating_mul(read).saturating_mul(taps);
        if inputs > MAX_CHANNELS || outputs == 0 || conv.weights.len() != expected {
            let (found, kernel) = (conv.weights.len(), conv.kernel);
            return Err(refuse(format!(
                "{found} weights are not {outputs} x {read} x {kernel} x {kernel}"
            )));
        }
        let mut made = Convolution {
            sources: conv.sources.iter().map(|id| id.0).collect(),
            height: first.h,
            width: first.w,
            inputs,
            kernel: conv.kernel,
            stride: conv.stride,
            pad: conv.pad,
            dilation: conv.dilation,
            depthwise: conv.depthwise,
            activation: conv.activation,
            residual: None,
            residual_first: false,
            weights: 0,
            bias: 0,
        };
        let Some((h, w)) = made.output() else {
            return Err(refuse(format!(
                "kernel {}, stride {}, padding {} and dilation {} are not supported on a map of {first}{}",
                conv.kernel,
                conv.stride,
                conv.pad,
                conv.dilation,
                if conv.depthwise { ", depthwise" } else { "" }
            )));
        };
        (made.weights, made.bias) = self.store(conv, read)?;
        self.push(Shape::new(h, w, outputs), Operator::Conv(made))
    }

    /// The first shape of a convolution's sources, and the channels of all of them.
    fn joined(&self, sources: &[TensorId]) -> Result<(Shape, usize), Error> {
        let refuse = |reason: String| Error::Graph { op: "conv", reason };
        let shapes = sources
            .iter()
            .map(|&id| self.known("conv", id))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(&first) = shapes.first() else {
            return Err(refuse("it has no source".into()));
        };
        if shapes.len() > MAX_SOURCES || shapes.iter().any(|s| (s.h, s.w) != (first.h, first.w)) {
            return Err(refuse(format!(
                "it takes 1 to {MAX_SOURCES} sources of equal height and width"
            )));
        }
        Ok((first, shapes.iter().map(|s| s.c).sum()))
    }

    /// Keeps weights, of which each output reads `read` inputs, and bias; returns where each of the two begins.
    fn store(&mut self, conv: &Conv<'_>, read: usize) -> Result<(usize, usize), Error> {
        let weights = self.weights.len();
        // Nodes may share weights in a file, so what they add up to is not bounded by its size.
        if (weights + conv.weights.len()) as u64 > MAX_MEMORY / size_of::<f32>() as u64 {
            return Err(Error::invalid(format!(
                "more than {MAX_MEMORY} bytes of weights"
            )));
        }
        let (taps, outputs) = (conv.kernel * conv.kernel, conv.bias.len());
        for tap in 0..taps {
            for input in 0..read {
                self.weights.extend(
                    (0..outputs).map(|output| conv.weights[(output * read + input) * taps + tap]),
                );
            }
        }
        let bias = self.weights.len();
        self.weights.extend_from_slice(conv.bias);
        Ok((weights, bias))
    }

    /// 2x2 maximum with stride 2; an odd side rounds up (ONNX `ceil_mode = 1`) and pads nothing.
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id.
    pub fn max_pool(&mut self, source: TensorId) -> Result<TensorId, Error> {
        let shape = self.known("max_pool", source)?;
        self.push(pooled(shape), Operator::MaxPool(source.0))
    }

    /// Bilinear resize to `h` x `w` with half-pixel centres and replicated edges, both ways
    /// (ONNX `half_pixel` and `pytorch_half_pixel`, which differ only where a side becomes 1).
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id, [`Error::Invalid`] for sides out of range.
    pub fn resize(&mut self, source: TensorId, h: usize, w: usize) -> Result<TensorId, Error> {
        let shape = self.known("resize", source)?;
        self.push(Shape::new(h, w, shape.c), Operator::Resize(source.0))
    }

    /// Sum of two maps of equal shape. Fused into a convolution when one feeds nothing else.
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id or unequal shapes.
    pub fn add(&mut self, a: TensorId, b: TensorId) -> Result<TensorId, Error> {
        let (left, right) = (self.known("add", a)?, self.known("add", b)?);
        if left != right {
            return Err(Error::Graph {
                op: "add",
                reason: format!("{left} and {right} differ"),
            });
        }
        self.push(left, Operator::Add(a.0, b.0))
    }

    /// `1 / (1 + exp(-x))` of every value.
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id.
    pub fn sigmoid(&mut self, source: TensorId) -> Result<TensorId, Error> {
        let shape = self.known("sigmoid", source)?;
        self.push(shape, Operator::Sigmoid(source.0))
    }

    /// `max(x, 0)` of every value. Fused into a convolution that feeds nothing else.
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id.
    pub fn relu(&mut self, source: TensorId) -> Result<TensorId, Error> {
        self.activate(source, Activation::Relu)
    }

    /// `min(max(x, 0), 6)` of every value. Fused into a convolution that feeds nothing else.
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id.
    pub fn relu6(&mut self, source: TensorId) -> Result<TensorId, Error> {
        self.activate(source, Activation::Relu6)
    }

    fn activate(&mut self, source: TensorId, activation: Activation) -> Result<TensorId, Error> {
        let shape = self.known(activation.name(), source)?;
        self.push(shape, Operator::Activate(source.0, activation))
    }

    pub(super) fn known(&self, op: &'static str, id: TensorId) -> Result<Shape, Error> {
        self.shape(id).ok_or_else(|| Error::Graph {
            op,
            reason: format!("{id:?} is not of this graph"),
        })
    }

    fn push(&mut self, shape: Shape, operator: Operator<usize>) -> Result<TensorId, Error> {
        shape.check()?;
        if self.nodes.len() > MAX_OPS {
            return Err(Error::invalid(format!("more than {MAX_OPS} operators")));
        }
        self.nodes.push(Node {
            name: String::new(),
            shape,
            operator: Some(operator),
        });
        Ok(TensorId(self.nodes.len() - 1))
    }
}
