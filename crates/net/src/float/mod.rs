//! Networks in f32: for models that are not in whole numbers, and what those are made from.

mod algorithm;
mod executor;
mod format;
mod graph;
mod kernels;
mod lower;
mod operator;
mod place;
mod plan;
mod tensor;
mod validate;

pub use executor::Executor;
pub use graph::{Conv, Graph, TensorId};
pub use plan::Plan;

pub(crate) use operator::{Convolution, Operator};
