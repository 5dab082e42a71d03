//! Small graphs, written by hand, and files that are damaged.

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
    }
}

fn result(model: &Model) -> Result<(), String> {
    let bytes = Bytes::from(model.encode_to_vec());
    let lowered = lower(&bytes, SIDE).map(|_| ());
    lowered.map_err(|error| error.to_string())
}

#[test]
fn graphs_of_the_family_are_lowered() {
    let one_channel = || node("Conv", &["x", "w", "b"], "c", &[]);
    let linear = || {
        [
            word("mode", "linear"),
            word("coordinate_transformation_mode", "half_pixel"),
        ]
    };
    let down_and_up = |resize: Vec<Node>| {
        let pool = [list("kernel_shape", &[2, 2]), list("strides", &[2, 2])];
        let pool = node("MaxPool", &["c"], "p", &pool);
        [vec![one_channel(), pool], resize].concat()
    };
    for (case, nodes, initializer) in [
        (
            "a convolution without a bias",
            vec![node("Conv", &["x", "w"], "y", &[])],
            vec![],
        ),
        (
            "a node that nobody needs may be anything",
            vec![
                node("Conv", &["x", "w"], "y", &[]),
                node("Loop", &["x"], "z", &[]),
            ],
            vec![],
        ),
        (
            "a maximum with 0",
            vec![one_channel(), node("Max", &["zero", "c"], "y", &[])],
            vec![floats("zero", &[], 0.0)],
        ),
        (
            "a sum of maps, one of them without its input's name",
            vec![
                one_channel(),
                node("Dropout", &["c"], "d", &[]),
                node("Sum", &["c", "d", "c"], "y", &[]),
                node("Loop", &["", "x"], "", &[]),
            ],
            vec![],
        ),
        (
            "a single value by a list of one",
            down_and_up(vec![
                node("Mul", &["four", "two"], "side", &[]),
                node(
                    "Concat",
                    &["ones", "side", "side"],
                    "sizes",
                    &[int("axis", 0)],
                ),
                node("Resize", &["p", "", "", "sizes"], "y", &linear()),
            ]),
            vec![
                ints("two", &[2]),
                Tensor {
                    dims: vec![],
                    ..ints("four", &[4])
                },
                ints("ones", &[1, 1]),
            ],
        ),
        (
            "sizes by factors",
            down_and_up(vec![node("Resize", &["p", "", "scales"], "y", &linear())]),
            vec![Tensor {
                float_data: vec![1.0, 1.0, 2.0, 2.0],
                ..floats("scales", &[4], 0.0)
            }],
        ),
        (
            "factors of two axes",
            down_and_up(vec![node(
                "Resize",
                &["p", "", "scales"],
                "y",
                &[&linear()[..], &[list("axes", &[2, 3])]].concat(),
            )]),
            vec![floats("scales", &[2], 2.0)],
        ),
        (
            "sizes worked out from another map",
            down_and_up(vec![
                node("Shape", &["c"], "shape", &[]),
                node("Slice", &["shape", "two", "end", "zero"], "sides", &[]),
                node("Shape", &["p"], "other", &[int("start", 0), int("end", 2)]),
                node("Concat", &["other", "sides"], "sizes", &[int("axis", 0)]),
                node("Resize", &["p", "", "", "sizes"], "y", &linear()),
            ]),
            vec![
                ints("two", &[2]),
                ints("end", &[i64::MAX]),
                ints("zero", &[0]),
            ],
        ),
        (
            "sizes by arithmetic on floats",
            down_and_up(vec![
                node("Shape", &["p"], "shape", &[]),
                node("Gather", &["shape", "two"], "side", &[]),
                node(
                    "Cast",
                    &["side"],
                    "float",
                    &[int("to", data_type::FLOAT.into())],
                ),
                node("Mul", &["float", "factor"], "product", &[]),
                node("Floor", &["product"], "floor", &[]),
                node(
                    "Cast",
                    &["floor"],
                    "new",
                    &[int("to", data_type::INT64.into())],
                ),
                node(
                    "Concat",
                    &["ones", "new", "new"],
                    "sizes",
                    &[int("axis", 0)],
                ),
                node("Resize", &["p", "", "", "sizes"], "y", &linear()),
            ]),
            vec![
                ints("two", &[-2]),
                floats("factor", &[], 2.1),
                ints("ones", &[1, 1]),
            ],
        ),
    ] {
        assert_eq!(result(&graph(nodes, initializer)), Ok(()), "{case}");
    }
}

#[test]
fn what_cannot_be_lowered_is_refused_with_operator_and_reason() {
    let conv = |attributes: &[Attribute]| vec![node("Conv", &["x", "w", "b"], "y", attributes)];
    let after = |last: Node| vec![node("Conv", &["x", "w", "b"], "c", &[]), last];
    let resize = |attributes: &[Attribute], sizes: &[i64]| {
        let nodes = after(node("Resize", &["c", "", "", "sizes"], "y", attributes));
        (nodes, vec![ints("sizes", sizes)])
    };
    let linear = word("mode", "linear");
    let mut elsewhere = floats("w2", &[1, 3, 1, 1], 0.0);
    elsewhere.data_location = 1;
    let mut cut = floats("w2", &[1, 3, 1, 1], 0.0);
    cut.float_data.pop();
    for (text, (nodes, initializer)) in [
        ("groups", (conv(&[int("group", 3)]), vec![])),
        ("not square", (conv(&[list("strides", &[1, 2])]), vec![])),
        (
            "on all sides",
            (conv(&[list("pads", &[0, 0, 1, 1])]), vec![]),
        ),
        (
            "SAME_UPPER",
            (conv(&[word("auto_pad", "SAME_UPPER")]), vec![]),
        ),
        (
            "another file",
            (vec![node("Conv", &["x", "w2"], "y", &[])], vec![elsewhere]),
        ),
        (
            "has 2 values",
            (vec![node("Conv", &["x", "w2"], "y", &[])], vec![cut]),
        ),
        ("Erf", (after(node("Erf", &["c"], "y", &[])), vec![])),
        (
            "no first output",
            (after(node("Relu", &["nothing"], "y", &[])), vec![]),
        ),
        ("half-pixel", resize(&[], &[1, 1, 8, 8])),
        (
            "has the sizes",
            resize(std::slice::from_ref(&linear), &[1, 2, 8, 8]),
        ),
        (
            "has the sizes",
            resize(std::slice::from_ref(&linear), &[8, 8]),
        ),
        (
            "first output",
            resize(std::slice::from_ref(&linear), &[1, 1, 4, 4]),
        ),
        (
            "ceil_mode",
            (
                vec![
                    node(
                        "MaxPool",
                        &["x"],
                        "p",
                        &[list("kernel_shape", &[2, 2]), list("strides", &[2, 2])],
                    ),
                    node(
                        "MaxPool",
                        &["p"],
                        "q",
                        &[list("kernel_shape", &[2, 2]), list("strides", &[2, 2])],
                    ),
                    node(
                        "MaxPool",
                        &["q"],
                        "r",
                        &[list("kernel_shape", &[2, 2]), list("strides", &[2, 2])],
                    ),
                    node(
                        "MaxPool",
                        &["r"],
                        "y",
                        &[list("kernel_shape", &[2, 2]), list("strides", &[2, 2])],
                    ),
                ],
                vec![],
            ),
        ),
        (
            "64 bits",
            (
                vec![
                    node("Div", &["one", "zero"], "sizes", &[]),
                    node("Conv", &["x", "w"], "c", &[]),
                    node(
                        "Resize",
                        &["c", "", "", "sizes"],
                        "y",
                        std::slice::from_ref(&linear),
                    ),
                ],
                vec![ints("one", &[1]), ints("zero", &[0])],
            ),
        ),
    ] {
        let said = result(&graph(nodes, initializer)).unwrap_err();
        assert!(said.contains(text), "{text}: {said}");
    }
}

#[test]
fn what_onnx_means_otherwise_is_refused_and_not_guessed() {
    let conv = |weights: Tensor| (vec![node("Conv", &["x", "v"], "y", &[])], vec![weights]);
    let vast = |dims: &[i64]| Tensor {
        dims: dims.to_vec(),
        ..floats("v", &[0], 0.0)
    };
    let computed = |operator: &str, a: Tensor, b: Tensor| {
        let nodes = vec![
            node(operator, &[&a.name, &b.name], "v", &[]),
            node("Conv", &["x", "v"], "y", &[]),
        ];
        (nodes, vec![a, b])
    };
    let double = |name: &str| Tensor {
        data_type: data_type::DOUBLE,
        double_data: vec![0.29],
        ..floats(name, &[1], 0.0)
    };
    let first = || node("Conv", &["x", "w", "b"], "c", &[]);
    let scaled = |scales: Tensor| {
        let resize = node(
            "Resize",
            &["c", "", "scales"],
            "y",
            &[word("mode", "linear")],
        );
        (vec![first(), resize], vec![scales])
    };
    let odd = |attribute: Attribute| (vec![node("Conv", &["x", "w"], "y", &[attribute])], vec![]);
    for (text, (nodes, initializer)) in [
        ("channels", conv(vast(&[1 << 62, 0, 1, 1]))),
        ("3×3", conv(vast(&[1, 0, 1 << 62, 1 << 62]))),
        ("channels", conv(floats("v", &[3, 1, 1, 1], 0.0))),
        (
            "are not combined",
            computed(
                "Mul",
                floats("m", &[1, 3, 1, 1], 1.0),
                floats("n", &[1, 3], 1.0),
            ),
        ),
        (
            "single precision",
            computed("Mul", double("m"), double("n")),
        ),
        (
            "training",
            (
                vec![first(), node("Dropout", &["c", "b", "b"], "y", &[])],
                vec![],
            ),
        ),
        ("of 4 axes", scaled(floats("scales", &[5], 1.0))),
        ("no whole sizes", scaled(floats("scales", &[4], 1.3))),
        ("group", odd(list("group", &[3]))),
        (
            "auto_pad",
            odd(Attribute {
                s: Some(Bytes::from_static(b"VALID\xff")),
                ..word("auto_pad", "")
            }),
        ),
        ("axis", odd(int("axis", 1 << 40))),
    ] {
        let said = result(&graph(nodes, initializer)).unwrap_err();
        assert!(said.contains(text), "{text}: {said}");
    }
}

#[test]
fn inputs_of_another_kind_are_refused() {
    let with_input = |elem_type, dims: &[i64]| {
        let mut model = graph(vec![node("Conv", &["x", "w"], "y", &[])], vec![]);
        if let Some(graph) = &mut model.graph {
            graph.input = vec![value_info("x", elem_type, dims)];
        }
        Bytes::from(model.encode_to_vec())
    };
    let float = data_type::FLOAT;
    assert_eq!(
        input_side(&with_input(float, &[1, 3, 8, 8])).ok(),
        Some(Some(8))
    );
    for (elem_type, dims, text) in [
        (2, &[1, 3, 8, 8][..], "whole numbers"),
        (float, &[1, 3, 8, 9], "8 × 9"),
        (float, &[1, 4, 8, 8], "1 × 4"),
        (float, &[1, 3, -8, -8], "-8"),
        (float, &[4], "an input of 4"),
    ] {
        let said = input_side(&with_input(elem_type, dims))
            .unwrap_err()
            .to_string();
        assert!(said.contains(text), "{text}: {said}");
    }
    let other_side = lower(&with_input(float, &[1, 3, 16, 16]), SIDE);
    assert!(other_side.unwrap_err().to_string().contains("16×16"));
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
