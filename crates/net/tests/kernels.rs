//! Every SIMD level that this machine has against the scalar oracle, through the public interface.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use cutout_net::float::{Executor, Plan};
use cutout_net::{Activation, Conv, Graph, Shape, Simd, TensorId};
use proptest::prelude::*;

/// Values in -1..1 that depend only on the seed.
fn noise(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Runs the plan at every level and compares with the oracle, after a trip through the file format.
fn agrees(plan: &Plan, seed: u32, tolerance: f32) -> Result<(), TestCaseError> {
    let plan = Plan::from_bytes(&plan.to_bytes()).unwrap();
    let input = noise(seed, plan.input_shape().len());
    let mut oracle = Executor::new(plan.clone(), Simd::Scalar).unwrap();
    let expected = oracle.run(&input).unwrap();
    for level in Simd::available() {
        let mut executor = Executor::new(plan.clone(), level).unwrap();
        let first = executor.run(&input).unwrap().to_vec();
        let worst = expected
            .iter()
            .zip(&first)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        prop_assert!(
            worst <= tolerance,
            "{}: {worst} above {tolerance}",
            level.name()
        );
        let again = executor.run(&input).unwrap();
        prop_assert!(
            first
                .iter()
                .zip(again)
                .all(|(a, b)| a.to_bits() == b.to_bits()),
            "{} differs",
            level.name()
        );
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct ConvCase {
    h: usize,
    w: usize,
    channels: Vec<usize>,
    outputs: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    activation: Activation,
    seed: u32,
}

fn activation() -> impl Strategy<Value = Activation> {
    use Activation::{None, Relu, Relu6};
    prop_oneof![Just(None), Just(Relu), Just(Relu6)]
}

fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 1_usize..20, 4 => Just(16_usize), 2 => Just(32), 1 => 30_usize..70]
}

fn conv_case() -> impl Strategy<Value = ConvCase> {
    let size = (1_usize..27, 1_usize..27);
    let shape = (proptest::collection::vec(channels(), 1..3), channels());
    let geometry = (
        prop_oneof![Just(1_usize), Just(3)],
        1_usize..3,
        prop_oneof![3 => Just(1_usize), 1 => 2_usize..9],
    );
    (size, shape, geometry, activation(), any::<u32>()).prop_map(
        |(size, shape, geometry, activation, seed)| ConvCase {
            h: size.0,
            w: size.1,
            channels: shape.0,
            outputs: shape.1,
            kernel: geometry.0,
            stride: geometry.1,
            dilation: geometry.2,
            activation,
            seed,
        },
    )
}

/// Makes `c` channels out of any map, so that tests can have several different sources.
fn project(graph: &mut Graph, from: TensorId, c: usize, seed: u32) -> TensorId {
    let inputs = graph.shape(from).unwrap().c;
    graph
        .conv(&Conv::pointwise(
            &[from],
            &noise(seed, c * inputs),
            &noise(seed + 1, c),
        ))
        .unwrap()
}

fn conv_over(graph: &mut Graph, sources: &[TensorId], case: &ConvCase) -> TensorId {
    let inputs: usize = sources.iter().map(|&id| graph.shape(id).unwrap().c).sum();
    let taps = case.kernel * case.kernel;
    let scale = 1.0 / ((inputs * taps) as f32).sqrt();
    let weights: Vec<f32> = noise(case.seed, case.outputs * inputs * taps)
        .iter()
        .map(|w| w * scale)
        .collect();
    let bias = noise(case.seed ^ 7, case.outputs);
    let pad = if case.kernel == 3 { case.dilation } else { 0 };
    graph
        .conv(&Conv {
            sources,
            kernel: case.kernel,
            stride: case.stride,
            pad,
            dilation: case.dilation,
            depthwise: false,
            weights: &weights,
            bias: &bias,
            activation: case.activation,
        })
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_convolution_agrees_with_the_oracle(case in conv_case()) {
        let mut graph = Graph::new(Shape::new(case.h, case.w, 3)).unwrap();
        let input = graph.input();
        let sources: Vec<TensorId> =
            case.channels.iter().enumerate().map(|(i, &c)| project(&mut graph, input, c, i as u32)).collect();
        let out = conv_over(&mut graph, &sources, &case);
        agrees(&graph.finish(out).unwrap(), case.seed, 1e-4)?;
    }

    #[test]
    fn a_convolution_that_reads_resized_sources_agrees_with_the_oracle(
        case in conv_case(),
        small in (1_usize..30, 1_usize..30),
    ) {
        let mut graph = Graph::new(Shape::new(small.0, small.1, 3)).unwrap();
        let input = graph.input();
        let sources: Vec<TensorId> = case.channels.iter().enumerate().map(|(i, &c)| {
            let map = project(&mut graph, input, c, i as u32);
            graph.resize(map, case.h, case.w).unwrap()
        }).collect();
        let out = conv_over(&mut graph, &sources, &case);
        let plan = graph.finish(out).unwrap();
        prop_assert!(plan.ops().all(|op| op.kind == "conv"), "every resize is fused");
        agrees(&plan, case.seed, 1e-4)?;
    }

    #[test]
    fn a_residual_agrees_with_the_oracle(case in conv_case()) {
        let case = ConvCase { stride: 1, ..case };
        let mut graph = Graph::new(Shape::new(case.h, case.w, 3)).unwrap();
        let input = graph.input();
        let skip = project(&mut graph, input, case.outputs, 5);
        let source = project(&mut graph, input, case.channels[0], 6);
        let body = conv_over(&mut graph, &[source], &case);
        let out = graph.add(body, skip).unwrap();
        let plan = graph.finish(out).unwrap();
        prop_assert_eq!(plan.ops().len(), 3, "the addition is fused");
        agrees(&plan, case.seed, 1e-4)?;
    }

    #[test]
    fn an_activation_behind_a_residual_agrees_with_the_oracle(case in conv_case()) {
        let case = ConvCase { stride: 1, activation: Activation::None, ..case };
        let mut graph = Graph::new(Shape::new(case.h, case.w, 3)).unwrap();
        let input = graph.input();
        let skip = project(&mut graph, input, case.outputs, 5);
        let source = project(&mut graph, input, case.channels[0], 6);
        let body = conv_over(&mut graph, &[source], &case);
        let sum = graph.add(body, skip).unwrap();
        let out = graph.relu6(sum).unwrap();
        let plan = graph.finish(out).unwrap();
        let fused = if case.kernel == 1 { 3 } else { 4 };
        prop_assert_eq!(plan.ops().len(), fused, "a 1x1 kernel takes the activation in");
        agrees(&plan, case.seed, 1e-4)?;
    }

    #[test]
    fn a_depthwise_convolution_agrees_with_the_oracle(
        h in 1_usize..30, w in 1_usize..30, c in channels(), wide: bool, stride in 1_usize..3,
        activation in activation(), residual: bool, seed: u32,
    ) {
        let kernel = if wide { 5 } else { 3 };
        let mut graph = Graph::new(Shape::new(h, w, c)).unwrap();
        let input = graph.input();
        let sources = [graph.input()];
        let weights = noise(seed, c * kernel * kernel);
        let bias = noise(seed ^ 3, c);
        let conv = Conv {
            kernel,
            stride,
            pad: kernel / 2,
            depthwise: true,
            activation,
            ..Conv::same3x3(&sources, &weights, &bias)
        };
        let mut out = graph.conv(&conv).unwrap();
        if residual && stride == 1 {
            let skip = project(&mut graph, input, c, 9);
            out = graph.add(out, skip).unwrap();
        }
        let plan = graph.finish(out).unwrap();
        prop_assert!(plan.ops().any(|op| op.kind == "depthwise"));
        agrees(&plan, seed, 1e-5)?;
    }

    #[test]
    fn a_chain_that_slides_over_its_own_memory_agrees_with_the_oracle(
        h in 12_usize..50, w in 12_usize..30, c in prop_oneof![Just(8_usize), Just(16), 8_usize..19], seed: u32,
    ) {
        let mut graph = Graph::new(Shape::new(h, w, c)).unwrap();
        let mut map = graph.input();
        for step in 0..3 {
            let scale = 1.0 / (9.0 * c as f32).sqrt();
            let weights: Vec<f32> = noise(seed ^ step, c * c * 9).iter().map(|w| w * scale).collect();
            map = graph.conv(&Conv::same3x3(&[map], &weights, &noise(seed, c)).relu()).unwrap();
        }
        let plan = graph.finish(map).unwrap();
        prop_assert!(plan.arena_bytes() < 2 * h * w * c * 4 || h <= 24, "two maps do not fit, so they overlap");
        agrees(&plan, seed, 1e-4)?;
    }

    #[test]
    fn pooling_and_resizing_agree_with_the_oracle(
        h in 1_usize..40, w in 1_usize..40, c in channels(), to in (1_usize..60, 1_usize..60), seed: u32,
    ) {
        let mut graph = Graph::new(Shape::new(h, w, c)).unwrap();
        let input = graph.input();
        let pooled = graph.max_pool(input).unwrap();
        let out = graph.resize(pooled, to.0, to.1).unwrap();
        agrees(&graph.finish(out).unwrap(), seed, 1e-5)?;
    }

    #[test]
    fn pointwise_operators_agree_with_the_oracle(h in 1_usize..20, w in 1_usize..20, c in channels(), seed: u32) {
        let mut graph = Graph::new(Shape::new(h, w, c)).unwrap();
        let input = graph.input();
        let input = graph.add(input, input).unwrap();
        let capped = graph.relu6(input).unwrap();
        let positive = graph.relu(capped).unwrap();
        let squashed = graph.sigmoid(input).unwrap();
        let sum = graph.add(positive, squashed).unwrap();
        agrees(&graph.finish(sum).unwrap(), seed, 1e-6)?;
    }
}

#[test]
fn sigmoid_saturates_without_overflow() {
    let mut graph = Graph::new(Shape::new(1, 7, 1)).unwrap();
    let out = graph.sigmoid(graph.input()).unwrap();
    let plan = graph.finish(out).unwrap();
    let input = [-1e30, -100.0, -20.0, 0.0, 20.0, 100.0, 1e30];
    for level in Simd::available() {
        let mut executor = Executor::new(plan.clone(), level).unwrap();
        let values = executor.run(&input).unwrap();
        let expected = [0.0, 0.0, 2.061_154e-9, 0.5, 1.0, 1.0, 1.0];
        for (value, expected) in values.iter().zip(expected) {
            assert!(
                (value - expected).abs() <= 1e-7,
                "{}: {values:?}",
                level.name()
            );
        }
    }
}
