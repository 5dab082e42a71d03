//! From the nodes of an ONNX graph to a plan for the runtime `net`.

mod resize;
mod window;

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use cutout::Error;
use cutout_net::float::Plan;
use cutout_net::{Graph, Shape, TensorId};

use crate::constant::Constant;
use crate::fold::{fold, range};
use crate::proto::{Node, data_type};
use crate::reader::Source;
use crate::unusable;

/// Lowers an ONNX file of the family, for inputs of `side` × `side` pixels. Only what the first output needs is lowered.
///
/// # Errors
/// Kind `model` when the file is damaged, not of the family, or has an operator that `net` lacks: the text then names
/// operator and node.
pub fn lower(onnx: &Bytes, side: u32) -> Result<Plan, Error> {
    plan_of(&Source::read(onnx)?, side)
}

/// A plan for the file that `source` was read from.
pub(crate) fn plan_of(source: &Source, side: u32) -> Result<Plan, Error> {
    source.check_side(side)?;
    let side = side as usize;
    let graph = Graph::new(Shape::new(side, side, 3)).map_err(unusable)?;
    let input = Value::Maps(vec![graph.input()]);
    let mut lowering = Lowering {
        source,
        graph,
        values: HashMap::from([(source.input.as_str(), input)]),
        read: RefCell::default(),
        expanded: 0,
    };
    for node in &source.nodes {
        lowering.node(node).map_err(|reason| {
            unusable(format!(
                "the runtime net cannot run the operator {} of the node {:?}: {reason}; use --runtime tract",
                node.op_type,
                node.label()
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
    /// Values that weights of 8 bits were expanded to.
    expanded: usize,
}

impl<'a> Lowering<'a> {
    fn node(&mut self, node: &'a Node) -> Result<(), String> {
        if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err(format!("it is of the domain {:?}", node.domain));
        }
        node.check_attributes()?;
        let value = match self.constants(node)? {
            Some(inputs) => {
                let folded = fold(node, &inputs)?;
                if node.op_type == "DequantizeLinear" {
                    // Nodes may share weights in a file, so what they add up to is not bounded by its size.
                    let values = folded
                        .as_ref()
                        .map_or(0, |made| made.shape.iter().product());
                    self.expanded += values;
                    refuse_expanded(self.expanded)?;
                }
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
            "Cast"
                if node
                    .int("to")
                    .is_some_and(|to| data_type::is_float(to as i32)) =>
            {
                return self.maps(node.required(0)?).map(Value::Maps);
            }
            // Its third input says that it is at work, as in training.
            "Dropout" if node.input.len() > 2 => {
                return Err("it is exported for training; export it for inference".into());
            }
            "Identity" | "Dropout" => return self.maps(node.required(0)?).map(Value::Maps),
            "Conv" => self.conv(node)?,
            "MaxPool" => self.max_pool(node)?,
            "Resize" => self.resize(node)?,
            "Relu" => self.one(node, Graph::relu)?,
            "Sigmoid" => self.one(node, Graph::sigmoid)?,
            "Max" => self.max(node)?,
            "Clip" => self.clip(node)?,
            "Add" | "Sum" => self.add(node)?,
            _ => return Err(UNKNOWN.into()),
        };
        self.graph.name(made, node.label());
        Ok(Value::Maps(vec![made]))
    }

    /// An operator on every value of one map.
    fn one(
        &mut self,
        node: &Node,
        operator: fn(&mut Graph, TensorId) -> Result<TensorId, cutout_net::Error>,
    ) -> Result<TensorId, String> {
        let source = self.map(node.required(0)?)?;
        operator(&mut self.graph, source).map_err(text)
    }

    fn add(&mut self, node: &Node) -> Result<TensorId, String> {
        let mut sum = self.map(node.required(0)?)?;
        for name in node.input.iter().skip(1) {
            let next = self.map(name)?;
            sum = self.graph.add(sum, next).map_err(text)?;
        }
        Ok(sum)
    }

    /// A maximum with 0 is a relu.
    fn max(&mut self, node: &Node) -> Result<TensorId, String> {
        let [a, b] = [node.required(0)?, node.required(1)?];
        let source = match (self.value(a)?, self.value(b)?, node.input.len()) {
            (Value::Maps(_), Value::Constant(zero), 2) if zero.floats()? == [0.0] => self.map(a)?,
            (Value::Constant(zero), Value::Maps(_), 2) if zero.floats()? == [0.0] => self.map(b)?,
            _ => return Err("only a maximum with 0 is supported".into()),
        };
        self.graph.relu(source).map_err(text)
    }

    /// Limits to 0…6 and to 0 and above, which are activations.
    fn clip(&mut self, node: &Node) -> Result<TensorId, String> {
        // Before the operator set 11 the limits were attributes.
        let limit = |index: usize, name: &str, default: f32| -> Result<f32, String> {
            let Some(input) = node.optional(index) else {
                return Ok(node.float(name).unwrap_or(default));
            };
            let limit = self.constant(input)?;
            match limit.floats()? {
                [limit] => Ok(*limit),
                other => Err(format!("its limit has {} values", other.len())),
            }
        };
        let limits = [limit(1, "min", f32::MIN)?, limit(2, "max", f32::MAX)?];
        let source = node.required(0)?;
        match limits {
            [0.0, 6.0] => self.graph.relu6(self.map(source)?),
            [0.0, high] if high >= f32::MAX => self.graph.relu(self.map(source)?),
            [low, high] => {
                return Err(format!(
                    "only the limits 0…6, and 0 alone, are supported, not {low}…{high}"
                ));
            }
        }
        .map_err(text)
    }

    fn concat(&self, node: &Node) -> Result<Vec<TensorId>, String> {
        let axis = node.int("axis").unwrap_or(0);
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
        let maps = self.maps(node.required(0)?)?;
        let shapes: Option<Vec<_>> = maps.iter().map(|map| self.graph.shape(*map)).collect();
        let shapes = shapes.ok_or(UNKNOWN)?;
        let first = *shapes.first().ok_or(UNKNOWN)?;
        let channels: usize = shapes.iter().map(|shape| shape.c).sum();
        let sizes = [1, channels, first.h, first.w].map(|size| size as i64);
        let (start, end) = (node.int("start").unwrap_or(0), node.int("end").unwrap_or(4));
        Ok(Constant::ints(sizes[range(start, end, 4)].to_vec()))
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
/// Most values that weights of 8 bits are expanded to: 256 MB.
const MAX_EXPANDED: usize = 1 << 26;

fn refuse_expanded(values: usize) -> Result<(), String> {
    match values > MAX_EXPANDED {
        true => Err(format!(
            "weights of 8 bits are expanded to more than {MAX_EXPANDED} values"
        )),
        false => Ok(()),
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
