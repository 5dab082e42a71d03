//! Lowering, placement and the plan file.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::ops::ControlFlow;

use cutout_net::float::{Executor, Plan};
use cutout_net::{Conv, Error, Graph, Shape, Simd};

/// A small net with everything in it: pooling, a fused resize, two sources, a residual, a dead branch.
fn sample() -> Plan {
    let mut graph = Graph::new(Shape::new(24, 20, 3)).unwrap();
    let input = graph.input();
    let wide = graph
        .conv(&Conv::same3x3(&[input], &[0.02; 16 * 27], &[0.1; 16]))
        .unwrap();
    let wide = graph.relu(wide).unwrap();
    graph.name(wide, "stem");
    let small = graph.max_pool(wide).unwrap();
    let deep = graph
        .conv(
            &Conv::same3x3(&[small], &[0.01; 16 * 144], &[0.0; 16])
                .dilated(2)
                .relu(),
        )
        .unwrap();
    let dead = graph.sigmoid(deep).unwrap();
    graph.name(dead, "dead");
    let big = graph.resize(deep, 24, 20).unwrap();
    let merged = graph
        .conv(&Conv::same3x3(&[big, wide], &[0.01; 16 * 288], &[0.0; 16]).relu())
        .unwrap();
    let sum = graph.add(merged, wide).unwrap();
    let side = graph
        .conv(&Conv::same3x3(&[sum], &[0.01; 144], &[0.0]))
        .unwrap();
    let out = graph.sigmoid(side).unwrap();
    graph.finish(out).unwrap()
}

#[test]
fn dead_operators_are_dropped_and_neighbours_fused() {
    let plan = sample();
    let kinds: Vec<_> = plan.ops().map(|op| op.kind).collect();
    assert_eq!(
        kinds,
        ["conv", "max_pool", "conv", "conv", "conv", "sigmoid"]
    );
    let ops: Vec<_> = plan.ops().collect();
    assert_eq!(ops[0].name, "stem");
    assert_eq!(ops[3].algorithm, "winograd");
    assert_eq!(
        ops[3].inputs,
        [
            Shape::new(12, 10, 16),
            Shape::new(24, 20, 16),
            Shape::new(24, 20, 16)
        ]
    );
    assert_eq!(ops[3].macs, 24 * 20 * 16 * 32 * 9);
    assert_eq!(ops[4].algorithm, "dot");
}

#[test]
fn a_plan_survives_its_file() {
    let plan = sample();
    assert_eq!(Plan::from_bytes(&plan.to_bytes()).unwrap(), plan);
}

#[test]
fn a_damaged_file_is_refused_with_the_reason() {
    let good = sample().to_bytes();
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= value;
        Plan::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(with(0, 1).kind(), "not-a-plan");
    assert_eq!(
        with(8, 1),
        Error::Version {
            found: 3,
            expected: 2
        }
    );
    assert_eq!(with(17, 1), Error::Checksum);
    assert_eq!(with(good.len() - 1, 1), Error::Checksum);
    assert_eq!(with(100, 1), Error::Checksum);
    for length in 0..24 {
        assert_eq!(
            Plan::from_bytes(&good[..length]).unwrap_err().kind(),
            "not-a-plan"
        );
    }
    assert_eq!(
        Plan::from_bytes(&good[..good.len() - 4]).unwrap_err(),
        Error::Checksum
    );
}

#[test]
fn maps_of_equal_shape_share_one_place() {
    let mut graph = Graph::new(Shape::new(64, 64, 16)).unwrap();
    let mut map = graph.input();
    for _ in 0..6 {
        map = graph
            .conv(&Conv::same3x3(&[map], &[0.01; 16 * 144], &[0.0; 16]))
            .unwrap();
    }
    let plan = graph.finish(map).unwrap();
    let one = 64 * 64 * 16 * 4;
    assert!(
        plan.arena_bytes() < 2 * one,
        "{} of {one}",
        plan.arena_bytes()
    );
}

#[test]
fn the_builder_refuses_what_does_not_fit() {
    let mut graph = Graph::new(Shape::new(8, 8, 3)).unwrap();
    let x = graph.input();
    let short = graph
        .conv(&Conv::same3x3(&[x], &[0.0; 26], &[0.0]))
        .unwrap_err();
    assert_eq!(
        short.to_string(),
        "cannot add conv to the graph: 26 weights are not 1 x 3 x 3 x 3"
    );
    assert_eq!(
        graph
            .conv(&Conv::same3x3(&[], &[], &[0.0]))
            .unwrap_err()
            .kind(),
        "graph"
    );
    let sources = [x];
    let strided = Conv {
        stride: 3,
        ..Conv::same3x3(&sources, &[0.0; 27], &[0.0])
    };
    assert_eq!(graph.conv(&strided).unwrap_err().kind(), "graph");
    let half = graph.max_pool(x).unwrap();
    assert_eq!(graph.add(x, half).unwrap_err().kind(), "graph");
    assert_eq!(graph.resize(x, 0, 8).unwrap_err().kind(), "invalid-plan");
    assert_eq!(graph.finish(x).unwrap_err().kind(), "graph");
    assert_eq!(
        Graph::new(Shape::new(1 << 20, 1, 1)).unwrap_err().kind(),
        "invalid-plan"
    );
}

#[test]
fn the_executor_refuses_a_wrong_input_and_an_absent_level() {
    let mut executor = Executor::new(sample(), Simd::Best).unwrap();
    assert_eq!(
        executor.run(&[0.0; 3]).unwrap_err(),
        Error::Input {
            expected: 24 * 20 * 3,
            found: 3
        }
    );
    let absent = if cfg!(target_arch = "aarch64") {
        Simd::Sse2
    } else {
        Simd::Neon
    };
    assert_eq!(
        Executor::new(sample(), absent).unwrap_err().kind(),
        "simd-unavailable"
    );
    assert!(Simd::available().contains(&executor.simd()));
}

#[test]
fn every_operator_is_observed_once_and_in_order() {
    let plan = sample();
    let mut executor = Executor::new(plan.clone(), Simd::Best).unwrap();
    let mut seen = Vec::new();
    executor
        .run_observed(&[0.5; 24 * 20 * 3], &mut |index| {
            seen.push(index);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, (0..plan.ops().len()).collect::<Vec<_>>());
}

#[test]
fn a_run_ends_where_its_observer_breaks_it_off_and_the_next_one_is_whole() {
    let plan = sample();
    let input = [0.5; 24 * 20 * 3];
    let mut executor = Executor::new(plan.clone(), Simd::Best).unwrap();
    let whole = executor.run(&input).unwrap().to_vec();
    for last in 0..plan.ops().count() {
        let broken = executor.run_observed(&input, &mut |index| match index == last {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        assert_eq!(broken.unwrap_err(), cutout_net::Error::Stopped, "{last}");
        assert_eq!(executor.run(&input).unwrap(), whole);
    }
}
