//! From an ONNX graph to a plan for the runtime `net`.

use std::collections::BTreeMap;

use cutout::Error;
use net::{Conv, Graph, Plan, Shape, TensorId};
use tract_onnx::prelude::{Node, OutletId, Tensor, TypedFact, TypedModel, TypedOp};
use tract_onnx::tract_core::ops::array::TypedConcat;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::cnn::{self, KernelFormat, MaxPool, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::nn::{CoordTransformer, DataFormat, Interpolator};
use tract_onnx_opl::resize::{CoordTransform, Resize};

use crate::reader::{typed, unusable};

type TypedNode = Node<TypedFact, Box<dyn TypedOp>>;

/// Lowers an ONNX file of the family, for inputs of `side` × `side` pixels. Only what the first
/// output needs is lowered.
///
/// # Errors
/// Kind `model` when the file is damaged, not of the family, or has an operator that `net` lacks: the
/// text then names operator and node.
pub fn lower(onnx: &[u8], side: u32) -> Result<Plan, Error> {
    let model = typed(onnx, side)?;
    let side = side as usize;
    let graph = Graph::new(Shape::new(side, side, 3)).map_err(unusable)?;
    let mut lowering = Lowering {
        model: &model,
        graph,
        values: BTreeMap::new(),
    };
    for node in model.eval_order().map_err(unusable)? {
        let node = model.node(node);
        let value = lowering.node(node).map_err(|reason| {
            unusable(format!(
                "the runtime net cannot run the operator {} of the node {:?}: {reason}; use --runtime tract",
                node.op.name(),
                node.name
            ))
        })?;
        lowering.values.insert(OutletId::new(node.id, 0), value);
    }
    let output = model.output_outlets().map_err(unusable)?[0];
    let output = lowering.map(output).map_err(unusable)?;
    lowering.graph.finish(output).map_err(unusable)
}

/// What an outlet of the ONNX graph has become.
#[derive(Clone)]
enum Value {
    /// Known before any picture.
    Constant(Tensor),
    /// Maps, read as if concatenated by channel.
    Maps(Vec<TensorId>),
}

struct Lowering<'a> {
    model: &'a TypedModel,
    graph: Graph,
    values: BTreeMap<OutletId, Value>,
}

impl Lowering<'_> {
    fn node(&mut self, node: &TypedNode) -> Result<Value, String> {
        if let Some(constant) = node.op_as::<Const>() {
            return Ok(Value::Constant(constant.val().as_ref().clone()));
        }
        if node.inputs.is_empty() {
            return Ok(Value::Maps(vec![self.graph.input()]));
        }
        if let Some(cast) = node.op_as::<Cast>() {
            return Ok(match self.value(node.inputs[0])? {
                Value::Constant(tensor) => {
                    Value::Constant(tensor.cast_to_dt(cast.to).map_err(text)?.into_owned())
                }
                // Maps are f32 whatever precision the file stores.
                maps => maps,
            });
        }
        if let Some(concat) = node.op_as::<TypedConcat>() {
            if concat.axis != 1 {
                return Err(format!(
                    "it joins along the axis {}, only channels can be joined",
                    concat.axis
                ));
            }
            let parts: Result<Vec<_>, _> =
                node.inputs.iter().map(|input| self.maps(*input)).collect();
            return Ok(Value::Maps(parts?.concat()));
        }
        let made = self.operator(node)?;
        self.graph.name(made, &node.name);
        self.check_shape(made, &node.outputs[0].fact)?;
        Ok(Value::Maps(vec![made]))
    }

    fn operator(&mut self, node: &TypedNode) -> Result<TensorId, String> {
        if let Some(conv) = node.op_as::<cnn::Conv>() {
            return self.conv(node, conv);
        }
        if let Some(pool) = node.op_as::<MaxPool>() {
            return self.max_pool(node, pool);
        }
        if let Some(resize) = node.op_as::<Resize>() {
            return self.resize(node, resize);
        }
        if let Some(binary) = node.op_as::<TypedBinOp>() {
            return self.binary(node, binary.0.name());
        }
        if let Some(element_wise) = node.op_as::<ElementWiseOp>()
            && element_wise.0.name() == "Sigmoid"
        {
            let source = self.map(node.inputs[0])?;
            return self.graph.sigmoid(source).map_err(text);
        }
        Err("it is not among its operators".into())
    }

    fn conv(&mut self, node: &TypedNode, conv: &cnn::Conv) -> Result<TensorId, String> {
        let spec = &conv.pool_spec;
        if conv.group != 1
            || conv.kernel_fmt != KernelFormat::OIHW
            || spec.data_format != DataFormat::NCHW
            || conv.q_params.is_some()
        {
            return Err("groups, quantised weights and other layouts are not supported".into());
        }
        let [kernel, stride, dilation] = [
            equal(&spec.kernel_shape)?,
            equal(&spec.strides())?,
            equal(&spec.dilations())?,
        ];
        let [weights, bias] = [
            self.constant(node.inputs[1])?,
            self.constant(node.inputs[2])?,
        ];
        let mut bias = floats(&bias)?;
        if let [same] = bias[..] {
            bias = vec![same; spec.output_channels];
        }
        let sources = self.maps(node.inputs[0])?;
        self.graph
            .conv(&Conv {
                sources: &sources,
                kernel,
                stride,
                pad: padding(spec)?,
                dilation,
                weights: &floats(&weights)?,
                bias: &bias,
                relu: false,
            })
            .map_err(text)
    }

    fn max_pool(&mut self, node: &TypedNode, pool: &MaxPool) -> Result<TensorId, String> {
        let spec = &pool.pool_spec;
        let plain = pool.with_index_outputs.is_none()
            && equal(&spec.kernel_shape)? == 2
            && equal(&spec.strides())? == 2
            && equal(&spec.dilations())? == 1
            && padding(spec)? == 0;
        if !plain {
            return Err("only 2×2 windows with a stride of 2 and no padding are supported".into());
        }
        let source = self.map(node.inputs[0])?;
        // Floor and ceil differ on odd sides only; `check_shape` refuses a floor there.
        self.graph.max_pool(source).map_err(text)
    }

    fn resize(&mut self, node: &TypedNode, resize: &Resize) -> Result<TensorId, String> {
        let shape = concrete(&node.outputs[0].fact)?;
        let [_, _, height, width] = shape[..] else {
            return Err(format!("its result has the shape {shape:?}"));
        };
        let half_pixel = match resize.coord_transformer {
            CoordTransform::Plain(CoordTransformer::HalfPixel) => true,
            // They differ on results of one row or column only.
            CoordTransform::Plain(CoordTransformer::PytorchHalfPixel) => height > 1 && width > 1,
            _ => false,
        };
        if !half_pixel || resize.interpolator != Interpolator::Linear || resize.antialias {
            return Err("only bilinear half-pixel resizing is supported".into());
        }
        let source = self.map(node.inputs[0])?;
        self.graph.resize(source, height, width).map_err(text)
    }

    fn binary(&mut self, node: &TypedNode, name: &str) -> Result<TensorId, String> {
        let [a, b] = [self.value(node.inputs[0])?, self.value(node.inputs[1])?];
        match (name, a, b) {
            ("Max", Value::Constant(zero), Value::Maps(_)) if is_zero(&zero)? => {
                let source = self.map(node.inputs[1])?;
                self.graph.relu(source).map_err(text)
            }
            ("Max", Value::Maps(_), Value::Constant(zero)) if is_zero(&zero)? => {
                let source = self.map(node.inputs[0])?;
                self.graph.relu(source).map_err(text)
            }
            ("Add", Value::Maps(_), Value::Maps(_)) => {
                let [a, b] = [self.map(node.inputs[0])?, self.map(node.inputs[1])?];
                self.graph.add(a, b).map_err(text)
            }
            _ => Err("only a maximum with 0 and the sum of two maps are supported".into()),
        }
    }

    fn check_shape(&self, made: TensorId, fact: &TypedFact) -> Result<(), String> {
        let expected = concrete(fact)?;
        let shape = self.graph.shape(made).ok_or("it is not in the graph")?;
        if expected == [1, shape.c, shape.h, shape.w] {
            return Ok(());
        }
        Err(format!(
            "its result would be {} × {} × {}, not {expected:?}",
            shape.c, shape.h, shape.w
        ))
    }

    fn value(&self, outlet: OutletId) -> Result<Value, String> {
        if let Some(value) = self.values.get(&outlet) {
            return Ok(value.clone());
        }
        let name = &self.model.node(outlet.node).name;
        Err(format!(
            "it reads the output {} of {name:?}, only first outputs can be read",
            outlet.slot
        ))
    }

    fn maps(&self, outlet: OutletId) -> Result<Vec<TensorId>, String> {
        match self.value(outlet)? {
            Value::Maps(maps) => Ok(maps),
            Value::Constant(_) => Err("it reads a constant where a map is expected".into()),
        }
    }

    fn map(&self, outlet: OutletId) -> Result<TensorId, String> {
        match self.maps(outlet)?[..] {
            [map] => Ok(map),
            _ => Err("it reads joined maps, which only convolutions can".into()),
        }
    }

    fn constant(&self, outlet: OutletId) -> Result<Tensor, String> {
        match self.value(outlet)? {
            Value::Constant(tensor) => Ok(tensor),
            Value::Maps(_) => Err("its weights are computed from the picture".into()),
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    format!("{error:#}")
}

fn floats(tensor: &Tensor) -> Result<Vec<f32>, String> {
    let tensor = tensor.cast_to::<f32>().map_err(text)?;
    Ok(tensor.view().as_slice::<f32>().map_err(text)?.to_vec())
}

fn is_zero(tensor: &Tensor) -> Result<bool, String> {
    Ok(floats(tensor)? == [0.0])
}

fn concrete(fact: &TypedFact) -> Result<Vec<usize>, String> {
    let shape = fact
        .shape
        .as_concrete()
        .ok_or_else(|| format!("its shape {:?} is open", fact.shape))?;
    Ok(shape.to_vec())
}

/// The one value of a square kernel's property.
fn equal(values: &[usize]) -> Result<usize, String> {
    match values {
        [a, b] if a == b => Ok(*a),
        _ => Err(format!("{values:?} is not square")),
    }
}

fn padding(spec: &PoolSpec) -> Result<usize, String> {
    match &spec.padding {
        PaddingSpec::Valid => Ok(0),
        PaddingSpec::Explicit(before, after) | PaddingSpec::ExplicitOnnxPool(before, after, _)
            if before == after =>
        {
            equal(before)
        }
        other => Err(format!(
            "the padding {other:?} is not the same on all sides"
        )),
    }
}
