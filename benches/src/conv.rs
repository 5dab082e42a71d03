//! One convolution as a plan, with an answer that can be checked.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cutout_net::float::{Executor, Plan};
use cutout_net::{Conv, Error, Graph, Shape, Simd};

/// Outputs that are compared with the definition.
const CHECKED: usize = 256;
/// Largest difference from the definition, of outputs around 1: Winograd F(4×4, 3×3) stays below 1e-4.
const TOLERANCE: f32 = 1e-3;

/// A 3×3 convolution of u2netp: a square map in, one of the same side out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Height and width in pixels.
    pub side: usize,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Distance of the taps, and the padding.
    pub dilation: usize,
}

impl Case {
    /// For instance `128-64@320`, or `16-16@10d4` with dilation 4.
    pub fn name(&self) -> String {
        let dilation = match self.dilation {
            1 => String::new(),
            dilation => format!("d{dilation}"),
        };
        format!("{}-{}@{}{dilation}", self.inputs, self.outputs, self.side)
    }

    /// Floating-point operations by the definition, whatever the algorithm: two for each multiply-add.
    pub fn flop(&self) -> u64 {
        2 * 9 * (self.side * self.side * self.inputs * self.outputs) as u64
    }

    /// A relu, which puts the input where a network would have it, and the convolution.
    ///
    /// # Errors
    /// Those of [`Graph`].
    fn plan(&self) -> Result<Plan, Error> {
        let mut graph = Graph::new(Shape::new(self.side, self.side, self.inputs))?;
        let input = graph.input();
        let sources = [graph.relu(input)?];
        let (weights, bias) = (self.weights(), vec![0.25; self.outputs]);
        let conv = Conv::same3x3(&sources, &weights, &bias).dilated(self.dilation);
        let output = graph.conv(&conv)?;
        graph.finish(output)
    }

    fn input(&self) -> Vec<f32> {
        noise(self.side * self.side * self.inputs, 1.0, 1)
    }

    /// OIHW, scaled so that outputs stay around 1.
    fn weights(&self) -> Vec<f32> {
        let scale = 1.0 / (9.0 * self.inputs as f32).sqrt();
        noise(self.outputs * self.inputs * 9, scale, 2)
    }

    /// One output value by the definition, in f64.
    fn expected(&self, input: &[f32], weights: &[f32], index: usize) -> f32 {
        let (output, pixel) = (index % self.outputs, index / self.outputs);
        let (y, x) = (pixel / self.side, pixel % self.side);
        let mut sum = 0.25_f64;
        for tap in 0..9 {
            let at = |center: usize, step: usize| {
                (center + step * self.dilation).checked_sub(self.dilation)
            };
            let (Some(row), Some(column)) = (at(y, tap / 3), at(x, tap % 3)) else {
                continue;
            };
            if row >= self.side || column >= self.side {
                continue;
            }
            for channel in 0..self.inputs {
                let value = input[(row * self.side + column) * self.inputs + channel].max(0.0);
                let weight = weights[(output * self.inputs + channel) * 9 + tap];
                sum += f64::from(value) * f64::from(weight);
            }
        }
        sum as f32
    }
}

/// A convolution in memory at one level, its answer checked.
pub struct Bench {
    executor: Executor,
    input: Vec<f32>,
    answer: Vec<f32>,
}

impl Bench {
    /// Makes the convolution, runs it once and compares values all over its answer with the definition.
    ///
    /// # Errors
    /// In words, when it cannot run or answers wrongly.
    pub fn new(case: &Case, level: Simd) -> Result<Self, String> {
        let input = case.input();
        let plan = case.plan().map_err(|e| e.to_string())?;
        let mut executor = Executor::new(plan, level).map_err(|e| e.to_string())?;
        let answer = executor.run(&input).map_err(|e| e.to_string())?.to_vec();
        let weights = case.weights();
        // The stride has no factor in common with any side or channel count here.
        let step = (answer.len() / CHECKED).max(1) | 1;
        for index in (0..answer.len()).step_by(step).chain([answer.len() - 1]) {
            let (found, expected) = (answer[index], case.expected(&input, &weights, index));
            let apart = (found - expected).abs();
            if apart.is_nan() || apart > TOLERANCE {
                let (name, level) = (case.name(), level.name());
                return Err(format!(
                    "{name} at {level}: value {index} is {found}, not {expected}"
                ));
            }
        }
        Ok(Self {
            executor,
            input,
            answer,
        })
    }

    /// `winograd`, `direct` or `dot`.
    pub fn algorithm(&self) -> &'static str {
        self.executor
            .plan()
            .ops()
            .last()
            .map_or("", |op| op.algorithm)
    }

    /// The time of the convolution alone, without the copy of its input.
    ///
    /// # Errors
    /// In words, when the answer is not the checked one.
    pub fn run(&mut self) -> Result<Duration, String> {
        let ops = self.executor.plan().ops().len();
        let mut ends = vec![Instant::now(); ops];
        let answer = self
            .executor
            .run_observed(&self.input, &mut |op| {
                ends[op] = Instant::now();
                ControlFlow::Continue(())
            })
            .map_err(|e| e.to_string())?;
        if answer != self.answer {
            return Err("a run gave another answer than the first".to_owned());
        }
        Ok(ends[ops - 1] - ends[ops - 2])
    }
}

/// `length` values within ±`scale` that are the same every time.
fn noise(length: usize, scale: f32, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        // Knuth's MMIX constants.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * scale
    };
    (0..length).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_passes_the_check_that_guards_the_times() {
        for (side, dilation) in [(7, 1), (10, 4)] {
            let case = Case {
                side,
                inputs: 5,
                outputs: 3,
                dilation,
            };
            for level in Simd::available() {
                let mut bench = Bench::new(&case, level).unwrap();
                bench.run().unwrap();
                bench.answer[3] += 1.0;
                bench.run().unwrap_err();
            }
        }
    }

    #[test]
    fn a_case_counts_what_engine_md_counts() {
        let case = Case {
            side: 320,
            inputs: 128,
            outputs: 64,
            dilation: 1,
        };
        assert_eq!(case.name(), "128-64@320");
        assert_eq!(case.flop(), 2 * 7_549_747_200);
    }
}
