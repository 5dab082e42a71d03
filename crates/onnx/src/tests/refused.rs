//! Graphs and inputs that are refused, with the reason.

use super::*;

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
        ("in 3 groups", (conv(&[int("group", 3)]), vec![])),
        (
            "in 2 groups",
            (
                vec![node("Conv", &["x", "w2"], "y", &[int("group", 2)])],
                vec![floats("w2", &[4, 2, 3, 3], 0.1)],
            ),
        ),
        (
            "of 3×3 and 5×5",
            (
                vec![node("Conv", &["x", "w2"], "y", &[int("group", 3)])],
                vec![floats("w2", &[3, 1, 1, 1], 0.1)],
            ),
        ),
        (
            "not 0…5",
            (
                after(node("Clip", &["c", "low", "high"], "y", &[])),
                vec![floats("low", &[], 0.0), floats("high", &[], 5.0)],
            ),
        ),
        (
            "its limit has 2 values",
            (
                after(node("Clip", &["c", "low"], "y", &[])),
                vec![floats("low", &[2], 0.0)],
            ),
        ),
        (
            "2 scales for 1 output channels",
            (
                vec![
                    node("DequantizeLinear", &["q", "s"], "w8", &[int("axis", 0)]),
                    node("Conv", &["x", "w8"], "y", &[]),
                ],
                vec![
                    bytes("q", &[1, 3, 1, 1], &[1, 2, 3]),
                    floats("s", &[2], 1.0),
                ],
            ),
        ),
        (
            "zero point of 0",
            (
                vec![
                    node("DequantizeLinear", &["q", "s", "z"], "w8", &[]),
                    node("Conv", &["x", "w8"], "y", &[]),
                ],
                vec![
                    bytes("q", &[1, 3, 1, 1], &[1, 2, 3]),
                    floats("s", &[], 1.0),
                    bytes("z", &[], &[1]),
                ],
            ),
        ),
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
