//! A convolution to be added to a graph.

use crate::Activation;

/// Names a map of a [`Graph`](crate::Graph); valid only in the graph that returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub(in crate::float) usize);

/// The parameters of a convolution. Each field is what ONNX calls it, with square kernels and equal padding.
#[derive(Debug, Clone, Copy)]
pub struct Conv<'a> {
    /// One to eight maps of equal height and width, read as if concatenated by channel in this order.
    pub sources: &'a [TensorId],
    /// Side of the kernel: 1 or 3; 3 or 5 if depthwise.
    pub kernel: usize,
    /// Step in pixels: 1 or 2.
    pub stride: usize,
    /// Zeros on each side: 0 to 16.
    pub pad: usize,
    /// Distance of the kernel's taps in pixels: 1 to 16.
    pub dilation: usize,
    /// Whether each output channel reads the input channel of its number alone (ONNX: as many groups as channels). There is
    /// one source then.
    pub depthwise: bool,
    /// `outputs x inputs x kernel x kernel` values (OIHW), where `inputs` counts the channels of all sources and is 1 if
    /// depthwise.
    pub weights: &'a [f32],
    /// One value for each output channel; its length is the number of output channels.
    pub bias: &'a [f32],
    /// Applied to each sum with its bias.
    pub activation: Activation,
}

impl<'a> Conv<'a> {
    /// A 3x3 convolution that keeps height and width: stride 1, pad 1, dilation 1, no activation.
    #[must_use]
    pub fn same3x3(sources: &'a [TensorId], weights: &'a [f32], bias: &'a [f32]) -> Self {
        Self {
            sources,
            kernel: 3,
            stride: 1,
            pad: 1,
            dilation: 1,
            depthwise: false,
            weights,
            bias,
            activation: Activation::None,
        }
    }

    /// This convolution with the taps `dilation` pixels apart and as much padding.
    #[must_use]
    pub fn dilated(self, dilation: usize) -> Self {
        Self {
            pad: dilation,
            dilation,
            ..self
        }
    }

    /// A 1x1 convolution: stride 1, no padding, no activation.
    #[must_use]
    pub fn pointwise(sources: &'a [TensorId], weights: &'a [f32], bias: &'a [f32]) -> Self {
        Self {
            kernel: 1,
            pad: 0,
            ..Self::same3x3(sources, weights, bias)
        }
    }

    /// This convolution followed by a relu.
    #[must_use]
    pub fn relu(self) -> Self {
        Self {
            activation: Activation::Relu,
            ..self
        }
    }
}
