//! Operators on windows of a map: convolutions and pooling.

use cutout_net::{Activation, Conv, TensorId};

use super::{Lowering, UNKNOWN, text};
use crate::proto::Node;

impl Lowering<'_> {
    pub(super) fn conv(&mut self, node: &Node) -> Result<TensorId, String> {
        let weights = self.constant(node.required(1)?)?;
        let [outputs, channels, height, width] = weights.shape[..] else {
            return Err(format!("its weights have the shape {:?}", weights.shape));
        };
        let sources = self.maps(node.required(0)?)?;
        let shapes = sources.iter().filter_map(|map| self.graph.shape(*map));
        let inputs: usize = shapes.map(|shape| shape.c).sum();
        let groups = node.int("group").unwrap_or(1);
        let depthwise = groups != 1 && groups == inputs as i64 && outputs == inputs;
        let is_known = match depthwise {
            true => matches!((height, width), (3, 3) | (5, 5)) && channels == 1,
            false => matches!((height, width), (1, 1) | (3, 3)) && channels == inputs,
        };
        if !is_known || (groups != 1 && !depthwise) {
            return Err(format!(
                "its weights have the shape {:?} in {groups} groups; only kernels of 1×1 and 3×3 over all {inputs} channels, and \
                 of 3×3 and 5×5 over each channel by itself are supported",
                weights.shape
            ));
        }
        let kernel = height;
        check_declared(node, kernel)?;
        let bias = match node.optional(2) {
            Some(bias) => self.constant(bias)?.floats()?.to_vec(),
            None => vec![0.0; outputs],
        };
        if bias.len() != outputs {
            return Err(format!(
                "it has {} biases for {outputs} channels",
                bias.len()
            ));
        }
        self.graph
            .conv(&Conv {
                sources: &sources,
                kernel,
                stride: one_number(node, "strides")?,
                pad: padding(node)?,
                dilation: one_number(node, "dilations")?,
                depthwise,
                weights: weights.floats()?,
                bias: &bias,
                activation: Activation::None,
            })
            .map_err(text)
    }

    pub(super) fn max_pool(&mut self, node: &Node) -> Result<TensorId, String> {
        let kernel = node.ints("kernel_shape").unwrap_or_default();
        let plain = equal(kernel)? == 2
            && one_number(node, "strides")? == 2
            && one_number(node, "dilations")? == 1
            && padding(node)? == 0;
        if !plain {
            return Err("only 2×2 windows with a stride of 2 and no padding are supported".into());
        }
        let source = self.map(node.required(0)?)?;
        let shape = self.graph.shape(source).ok_or(UNKNOWN)?;
        let rounds_up = node.int("ceil_mode").unwrap_or(0) != 0;
        if !rounds_up && (shape.h % 2 != 0 || shape.w % 2 != 0) {
            return Err(format!(
                "it drops the last row or column of a map of {shape}; only `ceil_mode = 1` is supported there"
            ));
        }
        self.graph.max_pool(source).map_err(text)
    }
}

/// The one value of a square kernel's property.
fn equal(values: &[i64]) -> Result<usize, String> {
    match values {
        [a, b] if a == b => usize::try_from(*a).map_err(|_| format!("{a} is below 0")),
        _ => Err(format!("{values:?} is not square")),
    }
}

/// A property that is 1 when it is left out.
fn one_number(node: &Node, name: &str) -> Result<usize, String> {
    node.ints(name).map_or(Ok(1), equal)
}

fn padding(node: &Node) -> Result<usize, String> {
    match node.text("auto_pad") {
        None | Some("NOTSET") => {}
        Some("VALID") => return Ok(0),
        Some(other) => return Err(format!("the padding {other} is not supported")),
    }
    match node.ints("pads") {
        None => Ok(0),
        Some([top, left, bottom, right]) if [top, left, bottom] == [right; 3] => {
            equal(&[*top, *left])
        }
        Some(pads) => Err(format!("the padding {pads:?} is not the same on all sides")),
    }
}

/// Checks that a node declares no other kernel than that of its weights.
fn check_declared(node: &Node, kernel: usize) -> Result<(), String> {
    match node.ints("kernel_shape") {
        Some(declared) if equal(declared)? != kernel => {
            Err(format!("its weights are not of the kernel {declared:?}"))
        }
        _ => Ok(()),
    }
}
