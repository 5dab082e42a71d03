//! `netrun PLAN [--simd LEVEL]` carries out the commands on standard input; `netrun --levels` lists the levels.

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::{env, fs};

use cutout_net::Simd;
use netrun::Session;

const USAGE: &str = "usage: netrun PLAN [--simd LEVEL] | netrun --levels";

fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let done = match *words.as_slice() {
        ["--levels"] => list(),
        [plan] => netrun::level("best").and_then(|level| serve(plan, level)),
        [plan, "--simd", level] => netrun::level(level).and_then(|level| serve(plan, level)),
        _ => return report(USAGE, 2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, 1),
    }
}

#[allow(clippy::print_stdout, reason = "what was asked for")]
fn list() -> Result<(), String> {
    Simd::available()
        .iter()
        .for_each(|level| println!("{}", level.name()));
    Ok(())
}

fn serve(plan: &str, level: Simd) -> Result<(), String> {
    let bytes = fs::read(plan).map_err(|e| format!("cannot read the plan {plan}: {e}"))?;
    let mut session = Session::new(&bytes, level).map_err(|e| format!("{plan}: {e}"))?;
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|e| format!("cannot read a command: {e}"))?;
        session.command(&line, &mut out)?;
    }
    Ok(())
}

#[allow(
    clippy::print_stderr,
    reason = "the one place that tells a person of an error"
)]
fn report(error: &str, code: u8) -> ExitCode {
    eprintln!("netrun: {error}");
    ExitCode::from(code)
}
