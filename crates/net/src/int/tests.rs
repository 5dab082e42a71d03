//! Networks in whole numbers: every SIMD level gives the oracle's bits, and about what the same network gives in f32.

use proptest::prelude::*;

use super::layout::Layout;
use crate::{Activation, Conv, Executor, Graph, Plan, Shape, Simd, TensorId, int};

/// Values in -1..1 that depend only on the seed.
fn noise(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A part of a network.
#[derive(Debug, Clone)]
enum Block {
    /// 1×1.
    Plain { outputs: usize, relu6: bool },
    /// Expand, depthwise, project; with a residual where shapes allow it.
    Inverted {
        expand: usize,
        kernel: usize,
        stride: usize,
        outputs: usize,
    },
    /// Depthwise without activation, 1×1, 1×1, a residual and an activation.
    Mix { kernel: usize, wide: usize },
    /// 3×3, with an activation before a residual where shapes allow one.
    Dense {
        outputs: usize,
        stride: usize,
        relu: bool,
    },
    /// The map doubled and added to a 1×1 of an earlier map of that size; nothing where there is none.
    Up { outputs: usize },
}

fn block() -> impl Strategy<Value = Block> {
    let channels = || prop_oneof![1_usize..40, Just(16_usize), Just(32)];
    let kernel = || prop_oneof![Just(3_usize), Just(5)];
    prop_oneof![
        (channels(), any::<bool>()).prop_map(|(outputs, relu6)| Block::Plain { outputs, relu6 }),
        (channels(), kernel(), 1_usize..3, channels()).prop_map(
            |(expand, kernel, stride, outputs)| Block::Inverted {
                expand,
                kernel,
                stride,
                outputs
            }
        ),
        (kernel(), channels()).prop_map(|(kernel, wide)| Block::Mix { kernel, wide }),
        (channels(), 1_usize..3, any::<bool>()).prop_map(|(outputs, stride, relu)| {
            Block::Dense {
                outputs,
                stride,
                relu,
            }
        }),
        channels().prop_map(|outputs| Block::Up { outputs }),
    ]
}

/// Builds a network, with weights of `gain` over the square root of what they add up.
struct Builder {
    graph: Graph,
    seed: u32,
    gain: f32,
    /// Whether all weights have one magnitude.
    flat: bool,
}

impl Builder {
    fn shape(&self, id: TensorId) -> Shape {
        self.graph.shape(id).unwrap()
    }

    fn values(&mut self, count: usize, scale: f32) -> Vec<f32> {
        self.seed += 1;
        let values = noise(self.seed, count).into_iter();
        match self.flat {
            true => values.map(|v| v.signum() * scale).collect(),
            false => values.map(|v| v * scale).collect(),
        }
    }

    fn conv(&mut self, source: TensorId, outputs: usize, kernel: usize, stride: usize) -> TensorId {
        let inputs = self.shape(source).c;
        let scale = self.gain * 2.0 / ((inputs * kernel * kernel) as f32).sqrt();
        let weights = self.values(outputs * inputs * kernel * kernel, scale);
        let bias = self.values(outputs, 0.3);
        let sources = [source];
        let conv = Conv {
            kernel,
            stride,
            pad: kernel / 2,
            ..Conv::same3x3(&sources, &weights, &bias)
        };
        self.graph.conv(&conv).unwrap()
    }

    fn depthwise(&mut self, source: TensorId, kernel: usize, stride: usize) -> TensorId {
        let channels = self.shape(source).c;
        let weights = self.values(channels * kernel * kernel, self.gain * 2.0 / kernel as f32);
        let bias = self.values(channels, 0.3);
        let sources = [source];
        let conv = Conv {
            kernel,
            stride,
            pad: kernel / 2,
            depthwise: true,
            ..Conv::same3x3(&sources, &weights, &bias)
        };
        self.graph.conv(&conv).unwrap()
    }

    fn relu6(&mut self, source: TensorId) -> TensorId {
        self.graph.relu6(source).unwrap()
    }

    /// The map behind `block`.
    fn block(&mut self, block: &Block, x: TensorId, earlier: &[TensorId]) -> TensorId {
        match *block {
            Block::Plain { outputs, relu6 } => {
                let made = self.conv(x, outputs, 1, 1);
                if relu6 { self.relu6(made) } else { made }
            }
            Block::Inverted {
                expand,
                kernel,
                stride,
                outputs,
            } => {
                let wide = self.conv(x, expand, 1, 1);
                let wide = self.relu6(wide);
                let deep = self.depthwise(wide, kernel, stride);
                let deep = self.relu6(deep);
                let made = self.conv(deep, outputs, 1, 1);
                match self.shape(made) == self.shape(x) {
                    true => self.graph.add(made, x).unwrap(),
                    false => made,
                }
            }
            Block::Mix { kernel, wide } => {
                let deep = self.depthwise(x, kernel, 1);
                let made = self.conv(deep, wide, 1, 1);
                let made = self.relu6(made);
                let made = self.conv(made, self.shape(x).c, 1, 1);
                let sum = self.graph.add(x, made).unwrap();
                self.relu6(sum)
            }
            Block::Dense {
                outputs,
                stride,
                relu,
            } => {
                let made = self.conv(x, outputs, 3, stride);
                let made = match relu {
                    true => self.graph.relu(made).unwrap(),
                    false => self.relu6(made),
                };
                match self.shape(made) == self.shape(x) {
                    true => self.graph.add(made, x).unwrap(),
                    false => made,
                }
            }
            Block::Up { outputs } => {
                let small = self.shape(x);
                let size = (2 * small.h, 2 * small.w);
                let fits = |id: &&TensorId| (self.shape(**id).h, self.shape(**id).w) == size;
                let Some(&skip) = earlier.iter().find(fits) else {
                    return x;
                };
                let narrow = self.conv(x, outputs, 1, 1);
                let large = self.graph.resize(narrow, size.0, size.1).unwrap();
                let side = self.conv(skip, outputs, 1, 1);
                let sum = self.graph.add(large, side).unwrap();
                self.relu6(sum)
            }
        }
    }
}

fn network(size: (usize, usize), blocks: &[Block], seed: u32, gain: f32, flat: bool) -> Plan {
    let graph = Graph::new(Shape::new(size.0, size.1, 3)).unwrap();
    let image = graph.input();
    let mut builder = Builder {
        graph,
        seed,
        gain,
        flat,
    };
    let first = builder.conv(image, 16, 3, 1);
    let first = builder.relu6(first);
    let mut maps = vec![first];
    for block in blocks {
        let x = *maps.last().unwrap();
        let made = builder.block(block, x, &maps);
        maps.push(made);
    }
    let last = builder.conv(*maps.last().unwrap(), 1, 3, 1);
    let output = builder.graph.sigmoid(last).unwrap();
    builder.graph.finish(output).unwrap()
}

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
