//! Networks in whole numbers: every SIMD level gives the oracle's bits, and about what the same network gives in f32.

mod network;

use proptest::prelude::*;

use self::network::{Block, block, network, noise};
use super::layout::Layout;
use super::op::MOST;
use crate::float::{Executor, Plan};
use crate::{Activation, Conv, Graph, Shape, Simd, TensorId, int};

/// The plan in whole numbers, its ranges `share` of what `input` gives, and what f32 gives.
fn quantised(plan: &Plan, input: &[f32], share: f32) -> (int::Plan, Vec<f32>) {
    let mut most = vec![0.0; plan.ops().len()];
    let mut executor = Executor::new(plan.clone(), Simd::Best).unwrap();
    let expected = executor.run_measured(input, &mut most).unwrap().to_vec();
    most.iter_mut()
        .for_each(|most| *most = (*most * share).max(1e-3));
    (int::Plan::quantise(plan, &most, 1024.0).unwrap(), expected)
}

/// All levels give the oracle's bits, twice, however the operators are divided into groups; the oracle's answer.
fn agreed(plan: &int::Plan, input: &[f32]) -> Vec<f32> {
    let read = int::Plan::from_bytes(&plan.to_bytes()).unwrap();
    assert_eq!(&read, plan, "a trip through the file format");
    let run = |plan: &int::Plan, level| {
        let mut executor = int::Executor::new(plan.clone(), level).unwrap();
        let first = executor.run(input).unwrap().to_vec();
        let again = executor.run(input).unwrap();
        assert_eq!(again, first, "{}, again", level.name());
        first
    };
    let expected = run(plan, Simd::Scalar);
    for group in [0, 1000, 8000, usize::MAX] {
        let layout = Layout {
            wide: plan.layout.wide.clone(),
            ..Layout::new(&plan.shapes, &plan.ops, group)
        };
        let divided = int::Plan {
            layout,
            ..plan.clone()
        };
        let levels = Simd::available()
            .into_iter()
            .filter(|level| *level != Simd::Scalar);
        for level in levels {
            assert_eq!(
                run(&divided, level),
                expected,
                "{}, {group} bytes",
                level.name()
            );
        }
    }
    expected
}

fn size() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        3 => (1_usize..7, 1_usize..7).prop_map(|(h, w)| (4 * h, 4 * w)),
        1 => (1_usize..20, 1_usize..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn all_levels_give_the_oracle_s_bits(
        size in size(),
        blocks in proptest::collection::vec(block(), 0..6),
        seed in 0_u32..1_000_000,
        share in prop_oneof![Just(1.0_f32), 1e-6_f32..2.0],
        gain in prop_oneof![Just(1.0_f32), 0.01_f32..30.0],
        flat in any::<bool>(),
    ) {
        let plan = network(size, &blocks, seed, gain, flat);
        let input = noise(seed, plan.input_shape().len());
        let (int, _) = quantised(&plan, &input, share);
        let found = agreed(&int, &input);
        prop_assert!(found.iter().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn whole_numbers_give_about_what_f32_gives(
        size in size(),
        blocks in proptest::collection::vec(block(), 0..5),
        seed in 0_u32..1_000_000,
    ) {
        let plan = network(size, &blocks, seed, 1.0, false);
        let input = noise(seed, plan.input_shape().len());
        let (int, expected) = quantised(&plan, &input, 1.0);
        let mut executor = int::Executor::new(int, Simd::Best).unwrap();
        let found = executor.run(&input).unwrap();
        let sum: f32 = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).sum();
        let mean = sum / found.len() as f32;
        prop_assert!(mean < 0.02, "{mean}");
    }
}

#[test]
fn any_input_is_a_step_within_the_range() {
    let plan = network((6, 5), &[], 3, 1.0, true);
    let (int, _) = quantised(&plan, &noise(7, plan.input_shape().len()), 1.0);
    let most = f32::from(MOST);
    for step in -5_000_i16..5_000 {
        let value = f32::from(step) / 4.0 / int.input_steps;
        let expected = (value * int.input_steps)
            .round_ties_even()
            .clamp(-most, most);
        assert_eq!(f32::from(int.steps(value)), expected, "{value}");
    }
    let nan = [0x7fc0_0000, 0x7fc0_7fff, 0xffc0_0001, 0x7f80_0001].map(f32::from_bits);
    for (value, expected) in [(f32::INFINITY, MOST), (1e30, MOST), (-1e30, -MOST)]
        .into_iter()
        .chain(nan.map(|value| (value, -MOST)))
    {
        assert_eq!(int.steps(value), expected, "{value} {:x}", value.to_bits());
    }
}

/// Weights at ±127, maps at ±2047, and the widest sums of cutnet (1152 inputs).
#[test]
fn extreme_values_stay_exact() {
    let wide = Block::Inverted {
        expand: 1152,
        kernel: 5,
        stride: 1,
        outputs: 16,
    };
    for (gain, share) in [(1e4, 1e-6), (10.0, 1.0), (1.0, 1e-6)] {
        let plan = network(
            (6, 5),
            &[
                wide.clone(),
                Block::Mix {
                    kernel: 5,
                    wide: 64,
                },
            ],
            3,
            gain,
            true,
        );
        let (int, _) = quantised(&plan, &noise(7, plan.input_shape().len()), share);
        for level in [-100.0, -1.0, 1.0, 100.0] {
            agreed(&int, &vec![level; plan.input_shape().len()]);
        }
    }
}

/// What a network of inverted residuals would hold whole is held a few rows at a time.
#[test]
fn wide_maps_are_not_held_whole() {
    let wide = Block::Inverted {
        expand: 96,
        kernel: 3,
        stride: 1,
        outputs: 16,
    };
    let plan = network((128, 128), &[wide.clone(), wide], 1, 1.0, false);
    let input = noise(1, plan.input_shape().len());
    let (int, _) = quantised(&plan, &input, 1.0);
    let whole = 2 * 128 * 128 * 96;
    assert!(
        int.arena_bytes() < whole / 2,
        "{} of {whole}",
        int.arena_bytes()
    );
    assert!(
        int.arena_bytes() * 6 < plan.arena_bytes(),
        "{} and {} in f32",
        int.arena_bytes(),
        plan.arena_bytes()
    );
}

#[test]
fn a_limited_map_that_was_0_on_all_images_has_its_limit_as_its_range() {
    let plan = network((8, 8), &[], 1, 1.0, false);
    let int = int::Plan::quantise(&plan, &[0.0, 1.0, 1.0], 128.0).unwrap();
    agreed(&int, &noise(1, plan.input_shape().len()));
}

#[test]
fn what_cannot_be_computed_in_whole_numbers_is_refused() {
    let start = || Graph::new(Shape::new(8, 8, 3)).unwrap();
    let finish = |mut graph: Graph, last: TensorId| {
        let one = graph.shape(last).unwrap().c;
        let last = graph
            .conv(&Conv::pointwise(&[last], &vec![0.1; one], &[0.0]))
            .unwrap();
        let output = graph.sigmoid(last).unwrap();
        graph.finish(output).unwrap()
    };
    let cases: Vec<(&str, Plan)> = vec![
        ("it is not among the operators", {
            let mut graph = start();
            let small = graph.max_pool(graph.input()).unwrap();
            finish(graph, small)
        }),
        ("it reads joined maps", {
            let mut graph = start();
            let image = graph.input();
            let a = graph
                .conv(&Conv::same3x3(&[image], &[0.1; 4 * 27], &[0.0; 4]))
                .unwrap();
            let b = graph
                .conv(&Conv::pointwise(&[a, image], &[0.1; 4 * 7], &[0.0; 4]))
                .unwrap();
            finish(graph, b)
        }),
        ("only undilated kernels", {
            let mut graph = start();
            let image = graph.input();
            let a = graph
                .conv(&Conv::same3x3(&[image], &[0.1; 4 * 27], &[0.0; 4]).dilated(2))
                .unwrap();
            finish(graph, a)
        }),
        ("does not end in a sigmoid", {
            let mut graph = start();
            let image = graph.input();
            let a = graph
                .conv(&Conv::same3x3(&[image], &[0.1; 27], &[0.0]))
                .unwrap();
            graph.finish(a).unwrap()
        }),
    ];
    for (reason, plan) in cases {
        let most = vec![1.0; plan.ops().len()];
        let error = int::Plan::quantise(&plan, &most, 128.0)
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
    let plan = network((8, 8), &[], 1, 1.0, false);
    for (most, reason) in [
        (vec![1.0], "1 ranges"),
        (vec![1.0, 0.0, 1.0], "range"),
        (vec![f32::NAN; 3], "range"),
    ] {
        let error = int::Plan::quantise(&plan, &most, 128.0)
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
}

/// What is limited before a residual is added may be larger than what is left behind it.
#[test]
fn an_activation_before_a_residual_has_its_own_limits() {
    let mut graph = Graph::new(Shape::new(1, 2, 3)).unwrap();
    let image = graph.input();
    let x = graph
        .conv(&Conv::pointwise(&[image], &[-10.0, 0.0, 0.0], &[0.0]))
        .unwrap();
    let y = graph
        .conv(&Conv {
            activation: Activation::Relu,
            ..Conv::pointwise(&[x], &[-1.5], &[0.0])
        })
        .unwrap();
    let sum = graph.add(y, x).unwrap();
    let last = graph
        .conv(&Conv::pointwise(&[sum], &[1.0], &[0.0]))
        .unwrap();
    let output = graph.sigmoid(last).unwrap();
    let plan = graph.finish(output).unwrap();
    let (int, expected) = quantised(&plan, &[1.0, 0.0, 0.0, 0.5, 0.0, 0.0], 1.0);
    let found = agreed(&int, &[1.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 0.005,
            "{found} in place of {expected}"
        );
    }
}
