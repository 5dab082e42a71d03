//! Small networks at the levels that Miri runs: for `.ci/check-miri`, which looks for undefined behaviour in the kernels.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use cutout_net::{Conv, Executor, Graph, Plan, Shape, Simd, float, int};

/// A network with every kernel in whole numbers: dense, pointwise, depthwise, a doubled residual, one channel.
fn separable() -> float::Plan {
    let mut graph = Graph::new(Shape::new(4, 6, 3)).unwrap();
    let image = graph.input();
    let weights: Vec<f32> = (0..16 * 16 * 25)
        .map(|i| ((i * 37 % 101) as f32 - 50.0) / 400.0)
        .collect();
    let a = graph
        .conv(&Conv::same3x3(&[image], &weights[..16 * 27], &[0.1; 16]))
        .unwrap();
    let a = graph.relu6(a).unwrap();
    let b = graph
        .conv(&Conv {
            kernel: 5,
            pad: 2,
            stride: 2,
            depthwise: true,
            ..Conv::same3x3(&[a], &weights[..16 * 25], &[0.0; 16])
        })
        .unwrap();
    let big = graph.resize(b, 4, 6).unwrap();
    let c = graph
        .conv(&Conv::pointwise(&[a], &weights[..256], &[0.1; 16]))
        .unwrap();
    let sum = graph.add(big, c).unwrap();
    let sum = graph.relu6(sum).unwrap();
    let last = graph
        .conv(&Conv::pointwise(&[sum], &weights[..16], &[0.0]))
        .unwrap();
    let output = graph.sigmoid(last).unwrap();
    graph.finish(output).unwrap()
}

/// A network with the kernels in f32 that the other lacks: Winograd, bands with joined and resized maps, pooling.
fn joined() -> float::Plan {
    let mut graph = Graph::new(Shape::new(12, 12, 3)).unwrap();
    let image = graph.input();
    let weights: Vec<f32> = (0..8 * 11 * 9)
        .map(|i| ((i * 37 % 101) as f32 - 50.0) / 400.0)
        .collect();
    let a = graph
        .conv(&Conv::same3x3(&[image], &weights[..8 * 27], &[0.1; 8]).relu())
        .unwrap();
    let small = graph.max_pool(a).unwrap();
    let b = graph
        .conv(&Conv::same3x3(&[small], &weights[..4 * 72], &[0.0; 4]).dilated(2))
        .unwrap();
    let big = graph.resize(b, 12, 12).unwrap();
    let side = graph
        .conv(&Conv::same3x3(&[big, image], &weights[..63], &[0.0]))
        .unwrap();
    let output = graph.sigmoid(side).unwrap();
    graph.finish(output).unwrap()
}

/// The answer of each level.
fn answers(plan: &Plan) -> Vec<Vec<f32>> {
    let plan = Plan::from_bytes(&plan.to_bytes()).unwrap();
    let input: Vec<f32> = (0..plan.input_shape().len())
        .map(|i| (i % 7) as f32 / 7.0)
        .collect();
    let run = |level| {
        let mut executor = Executor::new(plan.clone(), level).unwrap();
        executor.run(&input).unwrap().to_vec()
    };
    Simd::available().into_iter().map(run).collect()
}

#[test]
fn kernels_in_whole_numbers_give_the_oracle_s_bits() {
    let plan = separable();
    let most = vec![6.0; plan.ops().len()];
    let found = answers(&int::Plan::quantise(&plan, &most, 128.0).unwrap().into());
    assert!(found.iter().all(|answer| *answer == found[0]));
}

#[test]
fn kernels_in_f32_give_the_oracle_s_values() {
    for plan in [separable(), joined()] {
        let found = answers(&plan.into());
        for answer in &found {
            let worst = answer.iter().zip(&found[0]).map(|(a, b)| (a - b).abs());
            assert!(worst.fold(0.0, f32::max) < 1e-5);
        }
    }
}
