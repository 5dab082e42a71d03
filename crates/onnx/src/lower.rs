//! From the nodes of an ONNX graph to a plan for the runtime `net`.

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use cutout::Error;
use net::{Conv, Graph, Plan, Shape, TensorId};

use crate::constant::{
    Constant, attribute_int, attribute_ints, attribute_text, check_attributes, fold, is_float,
};
use crate::proto::Node;
use crate::reader::Source;
use crate::unusable;

/// Lowers an ONNX file of the family, for inputs of `side` × `side` pixels. Only what the first output needs is lowered.
///
/// # Errors
/// Kind `model` when the file is damaged, not of the family, or has an operator that `net` lacks: the text then names
/// operator and node.
pub fn lower(onnx: &Bytes, side: u32) -> Result<Plan, Error> {
    let source = Source::read(onnx)?;
    source.check_side(side)?;
    let side = side as usize;
    let graph = Graph::new(Shape::new(side, side, 3)).map_err(unusable)?;
    let input = Value::Maps(vec![graph.input()]);
    let mut lowering = Lowering {
        source: &source,
        graph,
        values: HashMap::from([(source.input.as_str(), input)]),
        read: RefCell::default(),
    };
    for node in &source.nodes {
        lowering.node(node).map_err(|reason| {
            unusable(format!(
                "the runtime net cannot run the operator {} of the node {:?}: {reason}; use --runtime tract",
                node.op_type,
                name(node)
            ))
        })?;
    }
    let output = lowering.map(&source.output).map_err(unusable)?;
    let shape = lowering.graph.shape(output);
    if shape != Some(Shape::new(side, side, 1)) {
        let found = shape.map_or("none".to_owned(), |shape| shape.to_string());
        return Err(unusable(format!(
            "the first output is a map of {found}, a model of the family gives one channel of {side} × {side}"
        )));
    }
    lowering.graph.finish(output).map_err(unusable)
}

/// A node's name, or that of its first output where it has none.
fn name(node: &Node) -> &str {
    match (node.name.as_str(), node.output.first()) {
        ("", Some(output)) => output,
        (name, _) => name,
    }
}

/// A value of the ONNX graph, lowered.
#[derive(Clone)]
enum Value {
    /// Known before any image.
    Constant(Constant),
    /// Maps, read as if concatenated by channel.
    Maps(Vec<TensorId>),
}

struct Lowering<'a> {
    source: &'a Source,
    graph: Graph,
    /// The first output of each node that is done, by name.
    values: HashMap<&'a str, Value>,
    /// The initializers that were read, each once, however many nodes read it.
    read: RefCell<HashMap<&'a str, Constant>>,
}

impl<'a> Lowering<'a> {
    fn node(&mut self, node: &'a Node) -> Result<(), String> {
        if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err(format!("it is of the domain {:?}", node.domain));
        }
        check_attributes(node)?;
        let value = match self.constants(node)? {
            Some(inputs) => {
                let folded = fold(node, &inputs)?;
                folded.map(Value::Constant).ok_or(UNKNOWN)?
            }
            None => self.maps_of(node)?,
        };
        if let Some(output) = node.output.first() {
            self.values.insert(output, value);
        }
        Ok(())
    }

    /// The inputs of a node that reads constants alone.
    fn constants(&self, node: &Node) -> Result<Option<Vec<Option<Constant>>>, String> {
        let mut constants = Vec::new();
        for input in &node.input {
            constants.push(match input.as_str() {
                "" => None,
                input => match self.value(input)? {
                    Value::Constant(constant) => Some(constant),
                    Value::Maps(_) => return Ok(None),
                },
            });
        }
        Ok(Some(constants))
    }

    /// An operator that reads maps.
    fn maps_of(&mut self, node: &Node) -> Result<Value, String> {
        let made = match node.op_type.as_str() {
            "Shape" => return self.shape(node).map(Value::Constant),
            "Concat" => return self.concat(node).map(Value::Maps),
            // Maps are of single precision, whatever the file stores.
            "Cast" if attribute_int(node, "to").is_some_and(|to| is_float(to as i32)) => {
                return self.maps(input(node, 0)?).map(Value::Maps);
            }
            // Its third input says that it is at work, as in training.
            "Dropout" if node.input.len() > 2 => {
                return Err("it is exported for training; export it for inference".into());
            }
            "Identity" | "Dropout" => return self.maps(input(node, 0)?).map(Value::Maps),
            "Conv" => self.conv(node)?,
            "MaxPool" => self.max_pool(node)?,
            "Resize" => self.resize(node)?,
            "Relu" => self.one(node, Graph::relu)?,
            "Sigmoid" => self.one(node, Graph::sigmoid)?,
            "Max" => self.max(node)?,
            "Add" | "Sum" => self.add(node)?,
            _ => return Err(UNKNOWN.into()),
        };
        self.graph.name(made, name(node));
        Ok(Value::Maps(vec![made]))
    }

    /// An operator on every value of one map.
    fn one(
        &mut self,
        node: &Node,
        operator: fn(&mut Graph, TensorId) -> Result<TensorId, net::Error>,
    ) -> Result<TensorId, String> {
        let source = self.map(input(node, 0)?)?;
        operator(&mut self.graph, source).map_err(text)
    }

    fn conv(&mut self, node: &Node) -> Result<TensorId, String> {
        let weights = self.constant(input(node, 1)?)?;
        let [outputs, channels, height, width] = weights.shape[..] else {
            return Err(format!("its weights have the shape {:?}", weights.shape));
        };
        if attribute_int(node, "group").is_some_and(|groups| groups != 1) {
            return Err("groups are not supported".into());
        }
        let sources = self.maps(input(node, 0)?)?;
        let shapes = sources.iter().filter_map(|map| self.graph.shape(*map));
        let inputs: usize = shapes.map(|shape| shape.c).sum();
        if !matches!((height, width), (1, 1) | (3, 3)) || channels != inputs {
            return Err(format!(
                "its weights have the shape {:?}; only kernels of 1×1 and 3×3 over all {inputs} channels are supported",
                weights.shape
            ));
        }
        let kernel = height;
        if let Some(declared) = attribute_ints(node, "kernel_shape")
            && equal(declared)? != kernel
        {
            return Err(format!("its weights are not of the kernel {declared:?}"));
        }
        let bias = match node.input.get(2) {
            Some(bias) if !bias.is_empty() => self.constant(bias)?.floats()?.to_vec(),
            _ => vec![0.0; outputs],
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
                weights: weights.floats()?,
                bias: &bias,
                relu: false,
            })
            .map_err(text)
    }

    fn max_pool(&mut self, node: &Node) -> Result<TensorId, String> {
        let kernel = attribute_ints(node, "kernel_shape").unwrap_or_default();
        let plain = equal(kernel)? == 2
            && one_number(node, "strides")? == 2
            && one_number(node, "dilations")? == 1
            && padding(node)? == 0;
        if !plain {
            return Err("only 2×2 windows with a stride of 2 and no padding are supported".into());
        }
        let source = self.map(input(node, 0)?)?;
        let shape = self.graph.shape(source).ok_or(UNKNOWN)?;
        let rounds_up = attribute_int(node, "ceil_mode").unwrap_or(0) != 0;
        if !rounds_up && (shape.h % 2 != 0 || shape.w % 2 != 0) {
            return Err(format!(
                "it drops the last row or column of a map of {shape}; only `ceil_mode = 1` is supported there"
            ));
        }
        self.graph.max_pool(source).map_err(text)
    }

    fn resize(&mut self, node: &Node) -> Result<TensorId, String> {
        let source = self.map(input(node, 0)?)?;
        let shape = self.graph.shape(source).ok_or(UNKNOWN)?;
        let [height, width] = self.new_sides(node, shape)?;
        let mode = attribute_text(node, "coordinate_transformation_mode").unwrap_or("half_pixel");
        let half_pixel = match mode {
            // Before the operator set 11 there was no such word, and pixels were counted from their corners.
            "half_pixel" => node.input.len() > 2,
            // They differ on results of one row or column only.
            "pytorch_half_pixel" => height > 1 && width > 1,
            _ => false,
        };
        let bilinear = attribute_text(node, "mode") == Some("linear");
        let antialias = attribute_int(node, "antialias").unwrap_or(0) != 0;
        if !half_pixel || !bilinear || antialias {
            return Err("only bilinear half-pixel resizing is supported".into());
        }
        self.graph.resize(source, height, width).map_err(text)
    }

    /// Height and width after resizing a map of `shape`: given as sizes, or as factors that give whole sizes.
    fn new_sides(&self, node: &Node, shape: Shape) -> Result<[usize; 2], String> {
        let axes = attribute_ints(node, "axes").unwrap_or(&[0, 1, 2, 3]);
        let before: &[usize] = match axes {
            [0, 1, 2, 3] => &[1, shape.c, shape.h, shape.w],
            [2, 3] => &[shape.h, shape.w],
            _ => return Err(format!("it resizes the axes {axes:?}")),
        };
        if attribute_text(node, "keep_aspect_ratio_policy")
            .is_some_and(|policy| policy != "stretch")
        {
            return Err("only the policy `stretch` is supported".into());
        }
        let given = |index: usize| match node.input.get(index) {
            Some(name) if !name.is_empty() => self.constant(name).map(Some),
            _ => Ok(None),
        };
        let is_given = |constant: &Constant| constant.shape != [0];
        let sizes = given(3)?.filter(is_given);
        let scales = given(2)?.filter(is_given);
        let list = match (sizes, scales) {
            (Some(sizes), _) => sizes.as_ints()?.to_vec(),
            (None, Some(scales)) => {
                let scales = scales.floats()?;
                if scales.len() != before.len() {
                    return Err(format!(
                        "its factors {scales:?} are not those of {} axes",
                        before.len()
                    ));
                }
                let sides = before.iter().zip(scales).map(|(side, scale)| {
                    let side = *side as f32 * scale;
                    let is_whole = side.fract() == 0.0;
                    is_whole.then_some(side as i64)
                });
                let sides: Option<Vec<_>> = sides.collect();
                sides.ok_or_else(|| format!("its factors {scales:?} give no whole sizes"))?
            }
            (None, None) => return Err("it has neither sizes nor factors".into()),
        };
        let odd = || format!("its result has the sizes {list:?}");
        let (images_and_channels, sides) =
            list.split_at_checked(before.len() - 2).ok_or_else(odd)?;
        let is_kept = images_and_channels
            .iter()
            .eq([1, shape.c as i64][..before.len() - 2].iter());
        match sides {
            [height, width] if is_kept => {
                let side = |of: i64| usize::try_from(of).map_err(|_| odd());
                Ok([side(*height)?, side(*width)?])
            }
            _ => Err(odd()),
        }
    }

    fn add(&mut self, node: &Node) -> Result<TensorId, String> {
        let mut sum = self.map(input(node, 0)?)?;
        for name in node.input.iter().skip(1) {
            let next = self.map(name)?;
            sum = self.graph.add(sum, next).map_err(text)?;
        }
        Ok(sum)
    }

    /// A maximum with 0 is a relu.
    fn max(&mut self, node: &Node) -> Result<TensorId, String> {
        let [a, b] = [input(node, 0)?, input(node, 1)?];
        let source = match (self.value(a)?, self.value(b)?, node.input.len()) {
            (Value::Maps(_), Value::Constant(zero), 2) if zero.floats()? == [0.0] => self.map(a)?,
            (Value::Constant(zero), Value::Maps(_), 2) if zero.floats()? == [0.0] => self.map(b)?,
            _ => return Err("only a maximum with 0 is supported".into()),
        };
        self.graph.relu(source).map_err(text)
    }

    fn concat(&self, node: &Node) -> Result<Vec<TensorId>, String> {
        let axis = attribute_int(node, "axis").unwrap_or(0);
        if !matches!(axis, 1 | -3) {
            return Err(format!(
                "it joins along the axis {axis}, only channels can be joined"
            ));
        }
        let parts: Result<Vec<_>, _> = node.input.iter().map(|name| self.maps(name)).collect();
        let maps = parts?.concat();
        // Far above what a convolution reads; a graph can double a list with every node.
        if maps.len() > MAX_JOINED {
            return Err(format!("it joins {} maps", maps.len()));
        }
        Ok(maps)
    }

    /// The sizes of maps, which are known before any image.
    fn shape(&self, node: &Node) -> Result<Constant, String> {
        let maps = self.maps(input(node, 0)?)?;
        let shapes: Option<Vec<_>> = maps.iter().map(|map| self.graph.shape(*map)).collect();
        let shapes = shapes.ok_or(UNKNOWN)?;
        let first = *shapes.first().ok_or(UNKNOWN)?;
        let channels: usize = shapes.iter().map(|shape| shape.c).sum();
        let sizes = [1, channels, first.h, first.w].map(|size| size as i64);
        if attribute_int(node, "start").is_some() || attribute_int(node, "end").is_some() {
            let at = |name, default| match attribute_int(node, name).unwrap_or(default) {
                at if at < 0 => (at + 4).clamp(0, 4) as usize,
                at => at.clamp(0, 4) as usize,
            };
            let (start, end) = (at("start", 0), at("end", 4));
            return Ok(Constant::ints(sizes[start.min(end)..end].to_vec()));
        }
        Ok(Constant::ints(sizes.to_vec()))
    }

    fn value(&self, name: &str) -> Result<Value, String> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        if let Some((name, tensor)) = self.source.initializers.get_key_value(name) {
            let known = self.read.borrow().get(name.as_str()).cloned();
            if let Some(constant) = known {
                return Ok(Value::Constant(constant));
            }
            let constant = Constant::read(tensor)?;
            self.read.borrow_mut().insert(name, constant.clone());
            return Ok(Value::Constant(constant));
        }
        Err(format!(
            "it reads {name:?}, which is no first output of a node before it"
        ))
    }

    fn maps(&self, name: &str) -> Result<Vec<TensorId>, String> {
        match self.value(name)? {
            Value::Maps(maps) => Ok(maps),
            Value::Constant(_) => Err("it reads a constant where a map is expected".into()),
        }
    }

    fn map(&self, name: &str) -> Result<TensorId, String> {
        match self.maps(name)?[..] {
            [map] => Ok(map),
            _ => Err("it reads joined maps, which only convolutions can".into()),
        }
    }

    fn constant(&self, name: &str) -> Result<Constant, String> {
        match self.value(name)? {
            Value::Constant(constant) => Ok(constant),
            Value::Maps(_) => Err("its weights are computed from the image".into()),
        }
    }
}

const UNKNOWN: &str = "it is not among its operators";
const MAX_JOINED: usize = 64;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn input(node: &Node, index: usize) -> Result<&str, String> {
    let name = node.input.get(index).filter(|name| !name.is_empty());
    name.map(String::as_str)
        .ok_or_else(|| format!("its input {index} is missing"))
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
    attribute_ints(node, name).map_or(Ok(1), equal)
}

fn padding(node: &Node) -> Result<usize, String> {
    match attribute_text(node, "auto_pad") {
        None | Some("NOTSET") => {}
        Some("VALID") => return Ok(0),
        Some(other) => return Err(format!("the padding {other} is not supported")),
    }
    match attribute_ints(node, "pads") {
        None => Ok(0),
        Some([top, left, bottom, right]) if [top, left, bottom] == [right; 3] => {
            equal(&[*top, *left])
        }
        Some(pads) => Err(format!("the padding {pads:?} is not the same on all sides")),
    }
}
