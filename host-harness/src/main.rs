//! The program `cutout`.

use std::env;
use std::process::ExitCode;

/// glibc's keeps some of what a burst of images took.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    ExitCode::from(host_harness::cli::main(env::args_os()))
}
