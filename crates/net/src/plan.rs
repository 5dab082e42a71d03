//! A plan of either kind: in f32 or in whole numbers.

use crate::{Error, OpInfo, Shape, float, int};

/// A plan of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// In f32.
    Float(float::Plan),
    /// In whole numbers.
    Int(int::Plan),
}

impl From<int::Plan> for Plan {
    fn from(plan: int::Plan) -> Self {
        Self::Int(plan)
    }
}

impl From<float::Plan> for Plan {
    fn from(plan: float::Plan) -> Self {
        Self::Float(plan)
    }
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// As [`float::Plan::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match int::Plan::is_plan(bytes) {
            true => int::Plan::from_bytes(bytes).map(Self::Int),
            false => float::Plan::from_bytes(bytes).map(Self::Float),
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
