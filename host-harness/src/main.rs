//! The program `cutout`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use host_harness::commands::{Bake, Bench, Command, Probe, Run, Serve};
use host_harness::{Error, Kind};

/// glibc's keeps some of what a burst of pictures took.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Removes backgrounds from pictures, in a WebAssembly sandbox or natively.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage.
#[derive(Parser)]
#[command(name = "cutout", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Run(Run),
    Bake(Bake),
    Bench(Bench),
    Serve(Serve),
    #[command(hide = true)]
    Probe(Probe),
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Run(run) => run.execute(),
        Verb::Bake(bake) => bake.execute(),
        Verb::Bench(bench) => bench.execute(),
        Verb::Serve(serve) => serve.execute(),
        Verb::Probe(probe) => probe.execute(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

#[allow(
    clippy::print_stderr,
    reason = "the one place that tells a person of an error"
)]
fn report(error: &Error) -> ExitCode {
    eprintln!("cutout: error[{}]: {error}", error.kind().as_str());
    match error.kind() {
        Kind::Usage => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}
