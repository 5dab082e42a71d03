//! ONNX files of whatever graph.

use arbitrary::Arbitrary;
use bytes::Bytes;

use crate::protobuf::{bytes, int, varint};

/// Side of the input in pixels.
pub const SIDE: u32 = 8;

const OPERATORS: [&str; 36] = [
    "Conv",
    "Concat",
    "MaxPool",
    "Resize",
    "Relu",
    "Sigmoid",
    "Max",
    "Clip",
    "Add",
    "Sum",
    "Shape",
    "Cast",
    "Dropout",
    "Identity",
    "Constant",
    "ConstantOfShape",
    "Gather",
    "Slice",
    "Unsqueeze",
    "Squeeze",
    "Reshape",
    "Transpose",
    "Range",
    "Expand",
    "Mul",
    "Div",
    "Sub",
    "Floor",
    "Ceil",
    "Equal",
    "Where",
    "DequantizeLinear",
    "Pad",
    "Upsample",
    "Split",
    "Mod",
];
/// Names of attributes.
const ATTRIBUTES: [&str; 26] = [
    "to",
    "axis",
    "block_size",
    "group",
    "ceil_mode",
    "antialias",
    "start",
    "end",
    "value_int",
    "pads",
    "strides",
    "dilations",
    "kernel_shape",
    "axes",
    "starts",
    "ends",
    "value_ints",
    "auto_pad",
    "mode",
    "coordinate_transformation_mode",
    "keep_aspect_ratio_policy",
    "min",
    "max",
    "value",
    "perm",
    "nearest_mode",
];
const TEXTS: [&str; 8] = [
    "linear",
    "nearest",
    "half_pixel",
    "align_corners",
    "asymmetric",
    "SAME_UPPER",
    "NOTSET",
    "stretch",
];
const TYPES: [u8; 8] = [1, 3, 6, 7, 10, 11, 16, 2];

/// A graph of weights, tensors and nodes.
#[derive(Arbitrary, Debug)]
pub struct Model {
    tensors: Vec<Tensor>,
    nodes: Vec<Node>,
    is_closed: bool,
}

#[derive(Arbitrary, Debug)]
struct Tensor {
    dims: Vec<i16>,
    kind: u8,
    data: Data,
}

#[derive(Arbitrary, Debug)]
enum Data {
    Raw(Vec<u8>),
    Filled(i8),
    Ints(Vec<i16>),
}

#[derive(Arbitrary, Debug)]
struct Node {
    operator: u8,
    inputs: Vec<u8>,
    attributes: Vec<(u8, Value)>,
}

#[derive(Arbitrary, Debug)]
enum Value {
    Int(i64),
    Small(i8),
    Float(f32),
    Ints(Vec<i8>),
    Text(u8),
    Tensor(Tensor),
}

fn tensor(name: &str, dims: &[i16], kind: u8, data: &Data) -> Vec<u8> {
    let kind = TYPES[usize::from(kind) % TYPES.len()];
    let mut out = Vec::new();
    dims.iter().for_each(|&dim| int(&mut out, 1, dim.into()));
    int(&mut out, 2, kind.into());
    bytes(&mut out, 8, name.as_bytes());
    match data {
        Data::Raw(raw) => bytes(&mut out, 9, raw),
        Data::Ints(values) => {
            let raw: Vec<u8> = match kind {
                7 => values
                    .iter()
                    .flat_map(|&value| i64::from(value).to_le_bytes())
                    .collect(),
                6 => values
                    .iter()
                    .flat_map(|&value| i32::from(value).to_le_bytes())
                    .collect(),
                _ => values
                    .iter()
                    .flat_map(|&value| f32::from(value).to_le_bytes())
                    .collect(),
            };
            bytes(&mut out, 9, &raw);
        }
        Data::Filled(value) => {
            let count = dims.iter().fold(1_usize, |count, &dim| {
                count.saturating_mul(dim.max(0) as usize)
            });
            let values = std::iter::repeat_n(*value, count.min(1 << 14));
            let raw: Vec<u8> = match kind {
                1 => values
                    .flat_map(|value| (f32::from(value) / 64.0).to_le_bytes())
                    .collect(),
                7 => values
                    .flat_map(|value| i64::from(value).to_le_bytes())
                    .collect(),
                _ => values.map(i8::cast_unsigned).collect(),
            };
            bytes(&mut out, 9, &raw);
        }
    }
    out
}

fn attribute(name: u8, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(
        &mut out,
        1,
        ATTRIBUTES[usize::from(name) % ATTRIBUTES.len()].as_bytes(),
    );
    match value {
        Value::Int(value) => int(&mut out, 3, *value),
        Value::Small(value) => int(&mut out, 3, (*value).into()),
        Value::Float(value) => {
            varint(&mut out, 2 << 3 | 5);
            out.extend(value.to_le_bytes());
        }
        Value::Ints(values) => values
            .iter()
            .for_each(|&value| int(&mut out, 8, value.into())),
        Value::Text(which) => bytes(
            &mut out,
            4,
            TEXTS[usize::from(*which) % TEXTS.len()].as_bytes(),
        ),
        Value::Tensor(value) => bytes(
            &mut out,
            5,
            &tensor("", &value.dims, value.kind, &value.data),
        ),
    }
    out
}

fn value_info(name: &str, dims: &[i64]) -> Vec<u8> {
    let (mut shape, mut kind, mut of, mut out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for &dim in dims {
        let mut size = Vec::new();
        int(&mut size, 1, dim);
        bytes(&mut shape, 1, &size);
    }
    int(&mut kind, 1, 1);
    bytes(&mut kind, 2, &shape);
    bytes(&mut of, 1, &kind);
    bytes(&mut out, 1, name.as_bytes());
    bytes(&mut out, 2, &of);
    out
}

fn node(operator: &str, inputs: &[String], output: &str, attributes: &[(u8, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    inputs
        .iter()
        .for_each(|name| bytes(&mut out, 1, name.as_bytes()));
    bytes(&mut out, 2, output.as_bytes());
    bytes(&mut out, 3, output.as_bytes());
    bytes(&mut out, 4, operator.as_bytes());
    attributes
        .iter()
        .for_each(|(name, value)| bytes(&mut out, 5, &attribute(*name, value)));
    out
}

impl Model {
    /// The file. `w` and `v` are weights to and from four channels, `b` is their bias.
    pub fn file(&self) -> Bytes {
        let mut graph = Vec::new();
        let mut names = ["x", "w", "v", "b", ""].map(str::to_owned).to_vec();
        for (index, (name, dims)) in [
            ("w", &[4, 3, 3, 3][..]),
            ("v", &[1, 4, 1, 1][..]),
            ("b", &[4][..]),
        ]
        .into_iter()
        .enumerate()
        {
            let data = Data::Filled(index as i8 + 1);
            bytes(&mut graph, 5, &tensor(name, dims, 0, &data));
        }
        for (index, made) in self.tensors.iter().enumerate() {
            let name = format!("t{index}");
            bytes(
                &mut graph,
                5,
                &tensor(&name, &made.dims, made.kind, &made.data),
            );
            names.push(name);
        }
        let mut output = "x".to_owned();
        for (index, made) in self.nodes.iter().enumerate() {
            let inputs: Vec<String> = made
                .inputs
                .iter()
                .map(|&input| names[usize::from(input) % names.len()].clone())
                .collect();
            output = format!("n{index}");
            let operator = OPERATORS[usize::from(made.operator) % OPERATORS.len()];
            bytes(
                &mut graph,
                1,
                &node(operator, &inputs, &output, &made.attributes),
            );
            names.push(output.clone());
        }
        if self.is_closed {
            let inputs = [output, "v".to_owned()];
            output = "y".to_owned();
            bytes(&mut graph, 1, &node("Conv", &inputs, &output, &[]));
        }
        closed(graph, &output)
    }
}

/// The file of a graph whose nodes and tensors are there.
fn closed(mut graph: Vec<u8>, output: &str) -> Bytes {
    let side = i64::from(SIDE);
    bytes(&mut graph, 11, &value_info("x", &[1, 3, side, side]));
    bytes(&mut graph, 12, &value_info(output, &[1, 1, side, side]));
    let mut file = Vec::new();
    bytes(&mut file, 7, &graph);
    file.into()
}
