//! Graphs that are lowered.

use super::*;

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
            "channels by themselves, 3×3 and 5×5, limited by inputs and by attributes",
            vec![
                node(
                    "Conv",
                    &["x", "d3"],
                    "a",
                    &[int("group", 3), list("pads", &[1; 4])],
                ),
                node("Clip", &["a", "zero", "six"], "b6", &[]),
                node(
                    "Conv",
                    &["b6", "d5"],
                    "d",
                    &[int("group", 3), list("pads", &[2; 4])],
                ),
                node("Clip", &["d"], "e", &[float("min", 0.0), float("max", 6.0)]),
                node("Clip", &["e", "zero"], "f", &[]),
                node("Conv", &["f", "w"], "y", &[]),
            ],
            vec![
                floats("d3", &[3, 1, 3, 3], 0.1),
                floats("d5", &[3, 1, 5, 5], 0.1),
                floats("zero", &[], 0.0),
                floats("six", &[], 6.0),
            ],
        ),
        (
            "weights of 8 bits with a scale for each output, and with one for all",
            vec![
                node("DequantizeLinear", &["q", "each"], "w8", &[int("axis", 0)]),
                node("DequantizeLinear", &["q", "one", "zero8"], "w8b", &[]),
                node("Conv", &["x", "w8"], "a", &[]),
                node("Conv", &["a", "w8b"], "b", &[]),
                node("Conv", &["b", "w"], "y", &[]),
            ],
            vec![
                bytes("q", &[3, 3, 1, 1], &[-127, 0, 127, 1, 2, 3, 4, 5, 6]),
                floats("each", &[3], 0.01),
                floats("one", &[], 0.01),
                bytes("zero8", &[], &[0]),
            ],
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
