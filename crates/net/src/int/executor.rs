//! Runs a plan in whole numbers.

use std::ops::ControlFlow;

use super::kernels::{self, RowJob};
use super::op::LANES;
use super::oracle;
use super::plan::Plan;
use crate::Error;
use crate::simd::{Level, Simd};

/// Offsets in a layout are multiples of a cache line; so should their addresses be.
const LINE: usize = 64;

/// A plan with the memory it runs in.
#[derive(Debug, Clone)]
pub struct Executor {
    plan: Plan,
    level: Level,
    arena: Vec<i16>,
    answer: Vec<f32>,
}

impl Executor {
    /// An executor without its memory yet, so that a snapshot of it holds the plan alone.
    ///
    /// # Errors
    /// [`Error::SimdUnavailable`] when this processor or build lacks the forced level.
    pub fn new(plan: Plan, simd: Simd) -> Result<Self, Error> {
        Ok(Self {
            plan,
            level: simd.level()?,
            arena: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Gives the working memory back; the next run takes it again.
    pub fn rest(&mut self) {
        (self.arena, self.answer) = (Vec::new(), Vec::new());
    }

    /// Runs the network on one map: [`Plan::input_shape`] values in, [`Plan::output_shape`] values out, both channel-last. The
    /// same input gives the same bits at every level.
    ///
    /// # Errors
    /// [`Error::Input`] when the input has the wrong length, [`Error::Memory`] when the memory cannot be taken.
    pub fn run(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.run_observed(input, &mut |_| ControlFlow::Continue(()))
    }

    /// [`Executor::run`], calling `observe` with the index of an operator (as in [`Plan::ops`]) whenever some of its rows are
    /// done, until it breaks the run off.
    ///
    /// # Errors
    /// As [`Executor::run`], and [`Error::Stopped`].
    pub fn run_observed(
        &mut self,
        input: &[f32],
        observe: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<&[f32], Error> {
        let expected = self.plan.input_shape().len();
        if input.len() != expected {
            return Err(Error::Input {
                expected,
                found: input.len(),
            });
        }
        if self.level.simd() == Simd::Scalar {
            self.answer = oracle::run(&self.plan, input);
            return Ok(&self.answer);
        }
        resized(&mut self.answer, self.plan.output_shape().len())?;
        resized(
            &mut self.arena,
            self.plan.layout.length + LINE / size_of::<i16>(),
        )?;
        let skip = self
            .arena
            .as_ptr()
            .align_offset(LINE)
            .min(LINE / size_of::<i16>());
        let arena = &mut self.arena[skip..];
        let (layout, last) = (&self.plan.layout, self.plan.ops.len());
        arena[layout.zeros..layout.zeros + layout.widest].fill(0);
        write_input(&self.plan, input, arena);
        for step in &layout.steps {
            for row in step.rows.clone() {
                kernels::run(self.level, &RowJob::new(&self.plan, step.op, row), arena);
                if step.op + 1 == last {
                    let (shape, place) = (self.plan.output_shape(), layout.places[last]);
                    let values = arena[place.offset..].iter().step_by(LANES);
                    let answer = &mut self.answer[row * shape.w..(row + 1) * shape.w];
                    for (answer, &value) in answer.iter_mut().zip(values) {
                        *answer = self.plan.probability(value);
                    }
                }
            }
            if observe(step.op).is_break() {
                return Err(Error::Stopped);
            }
        }
        Ok(&self.answer)
    }
}

/// The input's map, with zeros on both sides.
fn write_input(plan: &Plan, input: &[f32], arena: &mut [i16]) {
    let (shape, place) = (plan.input_shape(), plan.layout.places[0]);
    let rows = arena[place.offset..].chunks_exact_mut(place.row.max(1));
    for (to, from) in rows.zip(input.chunks_exact(shape.row())) {
        let border = place.border * shape.c;
        to[..border].fill(0);
        for (to, &from) in to[border..].iter_mut().zip(from) {
            *to = plan.steps(from);
        }
        to[border + from.len()..].fill(0);
    }
}

fn resized<T: Copy + Default>(values: &mut Vec<T>, length: usize) -> Result<(), Error> {
    let bytes = (length * size_of::<T>()) as u64;
    values
        .try_reserve_exact(length.saturating_sub(values.len()))
        .map_err(|_| Error::Memory { bytes })?;
    values.resize(length, T::default());
    Ok(())
}
