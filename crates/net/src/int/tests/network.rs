//! Random networks of the kind that is computed in whole numbers.

use proptest::prelude::*;

use crate::float::Plan;
use crate::{Conv, Graph, Shape, TensorId};

/// Values in -1..1 that depend only on the seed.
pub(super) fn noise(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A part of a network.
#[derive(Debug, Clone)]
pub(super) enum Block {
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

pub(super) fn block() -> impl Strategy<Value = Block> {
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
pub(super) struct Builder {
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

pub(super) fn network(
    size: (usize, usize),
    blocks: &[Block],
    seed: u32,
    gain: f32,
    flat: bool,
) -> Plan {
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
