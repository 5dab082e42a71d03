//! Plans and executors of both kinds: in f32, and in whole numbers.

use std::ops::ControlFlow;

use crate::plan::OpInfo;
use crate::{Error, Executor, Plan, Shape, Simd, int};

/// A plan of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyPlan {
    /// In f32.
    Float(Plan),
    /// In whole numbers.
    Int(int::Plan),
}

impl From<Plan> for AnyPlan {
    fn from(plan: Plan) -> Self {
        Self::Float(plan)
    }
}

impl AnyPlan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// As [`Plan::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match int::Plan::is_plan(bytes) {
            true => int::Plan::from_bytes(bytes).map(Self::Int),
            false => Plan::from_bytes(bytes).map(Self::Float),
        }
    }

    /// The plan as a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Float(plan) => plan.to_bytes(),
            Self::Int(plan) => plan.to_bytes(),
        }
    }

    /// Shape of the map that a run takes.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        match self {
            Self::Float(plan) => plan.input_shape(),
            Self::Int(plan) => plan.input_shape(),
        }
    }

    /// Shape of the map that a run gives.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        match self {
            Self::Float(plan) => plan.output_shape(),
            Self::Int(plan) => plan.output_shape(),
        }
    }

    /// Bytes of weights and what belongs to them.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        match self {
            Self::Float(plan) => plan.weight_bytes(),
            Self::Int(plan) => plan.weight_bytes(),
        }
    }

    /// Bytes of the memory that a run works in.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        match self {
            Self::Float(plan) => plan.arena_bytes() + plan.scratch_bytes(),
            Self::Int(plan) => plan.arena_bytes(),
        }
    }

    /// The operators in order.
    #[must_use]
    pub fn ops(&self) -> Vec<OpInfo> {
        match self {
            Self::Float(plan) => plan.ops().collect(),
            Self::Int(plan) => plan.ops().collect(),
        }
    }
}

/// An executor of either kind.
#[derive(Debug, Clone)]
pub enum AnyExecutor {
    /// In f32.
    Float(Executor),
    /// In whole numbers.
    Int(int::Executor),
}

impl AnyExecutor {
    /// An executor without its memory yet.
    ///
    /// # Errors
    /// [`Error::SimdUnavailable`] when this processor or build lacks the forced level.
    pub fn new(plan: AnyPlan, simd: Simd) -> Result<Self, Error> {
        Ok(match plan {
            AnyPlan::Float(plan) => Self::Float(Executor::new(plan, simd)?),
            AnyPlan::Int(plan) => Self::Int(int::Executor::new(plan, simd)?),
        })
    }

    /// Runs the network on one map.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub fn run(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        match self {
            Self::Float(executor) => executor.run(input),
            Self::Int(executor) => executor.run(input),
        }
    }

    /// Runs the network, calling `observe` with the index of an operator (as in [`AnyPlan::ops`]) whenever all or some of its
    /// result is done, until it breaks the run off.
    ///
    /// # Errors
    /// As [`Executor::run`], and [`Error::Stopped`].
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
