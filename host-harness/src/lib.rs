//! Cutout's native program: it runs the core natively or as a component in wasmtime.

mod authority;
pub mod batch;
pub mod cli;
pub mod commands;
pub mod engine;
mod error;
mod files;
mod hints;
mod json;
mod manual;
pub mod models;
mod program;
pub mod serve;
mod stop;
mod sync;
mod terminal;

pub use error::{Error, Kind};
