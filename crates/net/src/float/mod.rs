//! Networks in f32: for models without ranges, and the source of those in whole numbers.

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
