//! The whole path, as users and hosts take it: the program, the component, both engines.
#![cfg(feature = "wasm")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod bake;
mod batch;
mod bench;
mod cli;
mod component;
mod doctor;
mod footprint;
mod manual;
mod odd;
mod output;
mod parity;
mod robust;
mod serve;
mod support;
mod turned;
mod usage;
mod worker;
