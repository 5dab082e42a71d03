//! Small graphs, written by hand, and files that are damaged.

mod accepted;
mod refused;

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;

use crate::proto::{
    Attribute, Dimension, DimensionValue, Graph, Model, Node, Shape, Tensor, TensorType, Type,
    ValueInfo, data_type,
};
use crate::{input_side, lower};

const SIDE: u32 = 8;

fn value_info(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfo {
    let dim = dims.iter().map(|size| Dimension {
        value: Some(DimensionValue::Value(*size)),
    });
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(Type {
            tensor_type: Some(TensorType {
                elem_type,
                shape: Some(Shape { dim: dim.collect() }),
            }),
        }),
    }
}

fn floats(name: &str, dims: &[i64], value: f32) -> Tensor {
    let count: i64 = dims.iter().product();
    Tensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: data_type::FLOAT,
        float_data: vec![value; count as usize],
        ..Tensor::default()
    }
}

fn bytes(name: &str, dims: &[i64], values: &[i8]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: data_type::INT8,
        raw_data: values.iter().map(|value| value.cast_unsigned()).collect(),
        ..Tensor::default()
    }
}

fn ints(name: &str, values: &[i64]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims: vec![values.len() as i64],
        data_type: data_type::INT64,
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..Tensor::default()
    }
}

fn node(op_type: &str, inputs: &[&str], output: &str, attributes: &[Attribute]) -> Node {
    Node {
        op_type: op_type.to_owned(),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute: attributes.to_vec(),
        ..Node::default()
    }
}

fn int(name: &str, value: i64) -> Attribute {
    Attribute {
        name: name.to_owned(),
        i: Some(value),
        ..Attribute::default()
    }
}

fn float(name: &str, value: f32) -> Attribute {
    Attribute {
        name: name.to_owned(),
        f: Some(value),
        ..Attribute::default()
    }
}

fn list(name: &str, values: &[i64]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        ints: values.to_vec(),
        ..Attribute::default()
    }
}

fn word(name: &str, value: &str) -> Attribute {
    Attribute {
        name: name.to_owned(),
        s: Some(Bytes::from(value.to_owned())),
        ..Attribute::default()
    }
}

/// A graph from the image `x` to the map `y`; the weights `w` give one channel of it, 1x1, with the bias `b`.
fn graph(nodes: Vec<Node>, mut initializer: Vec<Tensor>) -> Model {
    initializer.push(floats("w", &[1, 3, 1, 1], 0.5));
    initializer.push(floats("b", &[1], 0.25));
    let side = SIDE.into();
    Model {
        graph: Some(Graph {
            node: nodes,
            initializer,
            input: vec![value_info("x", data_type::FLOAT, &[1, 3, side, side])],
            output: vec![value_info("y", data_type::FLOAT, &[1, 1, side, side])],
        }),
        metadata_props: Vec::new(),
    }
}

fn result(model: &Model) -> Result<(), String> {
    let bytes = Bytes::from(model.encode_to_vec());
    let lowered = lower(&bytes, SIDE).map(|_| ());
    lowered.map_err(|error| error.to_string())
}

/// A graph may double a list with every node, which has to end before memory does.
#[test]
fn lists_that_grow_without_end_are_refused() {
    let doubling = |first: &str| {
        let mut nodes = vec![node("Identity", &[first], "v0", &[])];
        for step in 0..40 {
            let name = format!("v{step}");
            let axis = int("axis", i64::from(first == "x"));
            nodes.push(node(
                "Concat",
                &[&name, &name],
                &format!("v{}", step + 1),
                &[axis],
            ));
        }
        nodes
    };
    let mut constants = doubling("two");
    constants.push(node("Conv", &["x", "w"], "c", &[]));
    constants.push(node("Resize", &["c", "", "", "v40"], "y", &[]));
    let mut maps = doubling("x");
    maps.push(node("Conv", &["v40", "w"], "y", &[]));
    for (nodes, text) in [(constants, "values from constants"), (maps, "maps")] {
        let said = result(&graph(nodes, vec![ints("two", &[2])])).unwrap_err();
        assert!(said.contains(text), "{said}");
    }
}

fn tiny() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tiny/tiny.onnx");
    std::fs::read(path).unwrap()
}

proptest! {
    #[test]
    fn damaged_files_are_answered(cut in 0_usize..100_000, changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..8)) {
        let mut file = tiny();
        // Most stay whole.
        file.truncate(cut.max(1));
        for (at, byte) in changes {
            let at = at % file.len();
            file[at] = byte;
        }
        // Either answer is right; a panic or a hang is not.
        let _ = lower(&Bytes::from(file), 32);
    }
}
