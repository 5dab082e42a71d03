//! The whole path, as users and hosts take it: the program, the component, both engines.
#![cfg_attr(
    not(feature = "wasm"),
    allow(dead_code, unused_imports, reason = "helpers of tests of the sandbox")
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

#[cfg(feature = "wasm")]
mod bake;
mod batch;
#[cfg(feature = "wasm")]
mod bench;
mod cli;
#[cfg(feature = "wasm")]
mod component;
#[cfg(feature = "wasm")]
mod doctor;
#[cfg(feature = "wasm")]
mod footprint;
#[cfg(feature = "wasm")]
mod manual;
#[cfg(feature = "wasm")]
mod odd;
mod options;
mod output;
#[cfg(feature = "wasm")]
mod parity;
mod places;
#[cfg(feature = "wasm")]
mod robust;
#[cfg(feature = "wasm")]
mod serve;
mod support;
#[cfg(feature = "wasm")]
mod turned;
#[cfg(feature = "wasm")]
mod usage;
#[cfg(feature = "wasm")]
mod worker;
