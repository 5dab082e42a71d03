//! The verbs of the command line, one file each.

#[cfg(feature = "wasm")]
mod artifacts;
#[cfg(feature = "wasm")]
mod bake;
mod batch;
#[cfg(feature = "wasm")]
mod bench;
#[cfg(feature = "wasm")]
mod bench_probe;
mod client;
mod command;
mod doctor;
mod health;
mod marks;
mod model;
mod output;
mod quantize;
mod remote;
mod run;
mod sandbox;
mod serve;

#[cfg(feature = "wasm")]
pub use bake::Bake;
pub use batch::{Also, Batch};
#[cfg(feature = "wasm")]
pub use bench::Bench;
#[cfg(feature = "wasm")]
pub use bench_probe::BenchProbe;
pub use command::Command;
pub use doctor::Doctor;
pub use health::Health;
pub use model::ModelFlags;
pub use output::OutputFlags;
pub use quantize::Quantize;
pub use run::Run;
pub use sandbox::{EngineName, Sandbox};
pub use serve::{Log, Serve};
