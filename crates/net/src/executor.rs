//! An executor of either kind: in f32 or in whole numbers.

use std::ops::ControlFlow;

use crate::{Error, Plan, Simd, float, int};

/// An executor of either kind.
#[derive(Debug, Clone)]
pub enum Executor {
    /// In f32.
    Float(float::Executor),
    /// In whole numbers.
    Int(int::Executor),
}

impl Executor {
    /// An executor without its memory yet.
    ///
    /// # Errors
    /// [`Error::SimdUnavailable`] when this processor or build lacks the forced level.
    pub fn new(plan: Plan, simd: Simd) -> Result<Self, Error> {
        Ok(match plan {
            Plan::Float(plan) => Self::Float(float::Executor::new(plan, simd)?),
            Plan::Int(plan) => Self::Int(int::Executor::new(plan, simd)?),
        })
    }

    /// Runs the network on one map.
    ///
    /// # Errors
    /// As [`float::Executor::run`].
    pub fn run(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        match self {
            Self::Float(executor) => executor.run(input),
            Self::Int(executor) => executor.run(input),
        }
    }

    /// Runs the network, calling `observe` with the index of an operator (as in [`Plan::ops`]) whenever all or some of its
    /// result is done, until it breaks the run off.
    ///
    /// # Errors
    /// As [`float::Executor::run`], and [`Error::Stopped`].
    pub fn run_observed(
        &mut self,
        input: &[f32],
        observe: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<&[f32], Error> {
        match self {
            Self::Float(executor) => executor.run_observed(input, observe),
            Self::Int(executor) => executor.run_observed(input, observe),
        }
    }

    /// Gives the working memory back; the next run takes it again.
    pub fn rest(&mut self) {
        match self {
            Self::Float(executor) => executor.rest(),
            Self::Int(executor) => executor.rest(),
        }
    }
}
