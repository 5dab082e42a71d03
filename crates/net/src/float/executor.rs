//! Runs a plan: the first run allocates arena and scratch, later ones allocate nothing until the executor rests.

use std::ops::ControlFlow;

use super::kernels::{self, Job, SPARE};
use super::plan::Plan;
use crate::Error;
use crate::simd::{Level, Simd};

/// Offsets in a plan are multiples of a cache line; so should their addresses be.
const LINE: usize = 64;

/// A plan with the memory it runs in.
#[derive(Debug, Clone)]
pub struct Executor {
    plan: Plan,
    jobs: Vec<Job>,
    level: Level,
    arena: Vec<f32>,
    scratch: Vec<f32>,
}

impl Executor {
    /// An executor without its memory yet, so that a snapshot of it holds the plan alone. The first run allocates
    /// [`Plan::arena_bytes`] + [`Plan::scratch_bytes`] and two cache lines each.
    ///
    /// # Errors
    /// [`Error::SimdUnavailable`] when this processor or build lacks the forced level.
    pub fn new(plan: Plan, simd: Simd) -> Result<Self, Error> {
        let level = simd.level()?;
        let jobs = plan.ops.iter().map(|op| Job::new(&plan, op)).collect();
        Ok(Self {
            plan,
            jobs,
            level,
            arena: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// The plan being run.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The level the kernels run at; never `Best`.
    #[must_use]
    pub fn simd(&self) -> Simd {
        self.level.simd()
    }

    /// Runs the network on one map: [`Plan::input_shape`] values in, [`Plan::output_shape`] values out, both
    /// channel-last. The same input gives the same bits every time.
    ///
    /// # Errors
    /// [`Error::Input`] when the input has the wrong length, [`Error::Memory`] when the first run cannot allocate.
    pub fn run(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.run_observed(input, &mut |_| ControlFlow::Continue(()))
    }

    /// Gives the working memory back; the next run takes it again.
    pub fn rest(&mut self) {
        (self.arena, self.scratch) = (Vec::new(), Vec::new());
    }

    /// [`Executor::run`], calling `observe` with the index of each operator (as in [`Plan::ops`]) once it is done, until it
    /// breaks the run off.
    ///
    /// # Errors
    /// As [`Executor::run`], and [`Error::Stopped`].
    pub fn run_observed(
        &mut self,
        input: &[f32],
        observe: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<&[f32], Error> {
        self.run_seen(input, &mut |index, _| observe(index))
    }

    /// [`Executor::run`], raising each value of `most`, one for every operator (as in [`Plan::ops`]), to the largest magnitude of
    /// that operator's result: what [`int::Plan::quantise`](crate::int::Plan::quantise) takes.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub fn run_measured(&mut self, input: &[f32], most: &mut [f32]) -> Result<&[f32], Error> {
        self.run_seen(input, &mut |index, result| {
            if let Some(most) = most.get_mut(index) {
                *most = result
                    .iter()
                    .fold(*most, |most, value| most.max(value.abs()));
            }
            ControlFlow::Continue(())
        })
    }

    /// [`Executor::run`], calling `see` with each operator's index and result.
    fn run_seen(
        &mut self,
        input: &[f32],
        see: &mut dyn FnMut(usize, &[f32]) -> ControlFlow<()>,
    ) -> Result<&[f32], Error> {
        let place = &self.plan.tensors[self.plan.input];
        let expected = place.shape.len();
        if input.len() != expected {
            return Err(Error::Input {
                expected,
                found: input.len(),
            });
        }
        if self.arena.is_empty() {
            (self.arena, self.scratch) = (zeros(self.plan.arena)?, zeros(self.plan.scratch)?);
        }
        let (arena, scratch) = (aligned(&mut self.arena), aligned(&mut self.scratch));
        arena[place.offset..place.offset + expected].copy_from_slice(input);
        let of = |id: usize| {
            let place = &self.plan.tensors[id];
            place.offset..place.offset + place.shape.len()
        };
        for (index, (job, op)) in self.jobs.iter().zip(&self.plan.ops).enumerate() {
            kernels::run(self.level, job, &self.plan.weights, arena, scratch);
            if see(index, &arena[of(op.output)]).is_break() {
                return Err(Error::Stopped);
            }
        }
        Ok(&arena[of(self.plan.output)])
    }
}

fn zeros(length: usize) -> Result<Vec<f32>, Error> {
    // A line more for the alignment.
    let length = length + LINE / size_of::<f32>() + SPARE;
    let mut values = Vec::new();
    let bytes = length as u64 * size_of::<f32>() as u64;
    values
        .try_reserve_exact(length)
        .map_err(|_| Error::Memory { bytes })?;
    values.resize(length, 0.0);
    Ok(values)
}

/// The values from the first cache line on.
fn aligned(values: &mut [f32]) -> &mut [f32] {
    let skip = values
        .as_ptr()
        .align_offset(LINE)
        .min(LINE / size_of::<f32>());
    &mut values[skip..]
}
