//! The network runtime: plan, memory placement, kernels.
//!
//! A model is lowered once to a plan through a [`Graph`], stored with [`Plan::to_bytes`], read back with
//! [`Plan::from_bytes`] and run by an [`Executor`], which allocates nothing after its first run. A plan is in f32 ([`float`]) or in
//! whole numbers ([`int`]). Maps are channel-last; input and result are f32. The crate has no file system, network, environment, threads, clock or printing.
//!
//! ```
//! use cutout_net::float::{Executor, Plan};
//! use cutout_net::{Conv, Graph, Shape, Simd};
//!
//! # fn main() -> Result<(), cutout_net::Error> {
//! let mut graph = Graph::new(Shape::new(8, 8, 3))?;
//! let x = graph.input();
//! let a = graph.conv(&Conv::same3x3(&[x], &[0.01; 4 * 3 * 9], &[0.0; 4]))?; // weights OIHW
//! let a = graph.relu(a)?; // fused into the convolution
//! let small = graph.max_pool(a)?;
//! let big = graph.resize(small, 8, 8)?; // fused into the convolution that reads it
//! let b = graph.conv(&Conv::same3x3(&[big, a], &[0.01; 8 * 9], &[0.0]))?; // reads two maps: no concat
//! let out = graph.sigmoid(b)?;
//! let plan = graph.finish(out)?;
//!
//! let plan = Plan::from_bytes(&plan.to_bytes())?;
//! let mut executor = Executor::new(plan, Simd::Best)?;
//! let mask = executor.run(&[0.5; 8 * 8 * 3])?;
//! assert_eq!(mask.len(), 8 * 8);
//! # Ok(())
//! # }
//! ```

mod activation;
mod arena;
mod error;
mod executor;
pub mod float;
pub mod int;
mod limits;
mod op_info;
mod plan;
mod shape;
mod simd;
mod words;

pub use activation::Activation;
pub use error::Error;
pub use executor::Executor;
pub use float::{Conv, Graph, TensorId};
pub use op_info::OpInfo;
pub use plan::Plan;
pub use shape::Shape;
pub use simd::Simd;
