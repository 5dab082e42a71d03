//! Writes the plan of a model to a file, for `netrun`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use cutout_net::Plan;
use host_harness::commands::ModelFlags;
use host_harness::{Error, Kind};

/// Writes the plan of a model to a file and prints what it takes.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    model: ModelFlags,

    /// In f32, whatever ranges the model has.
    #[arg(long)]
    f32: bool,

    /// Where the plan goes.
    output: PathBuf,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match write(&cli) {
        Ok(plan) => summary(&plan),
        Err(error) => report(&error),
    }
}

fn write(cli: &Cli) -> Result<Plan, Error> {
    let (model, output) = (cli.model.find()?, &cli.output);
    let side = model.spec.side;
    let plan = match cli.f32 {
        true => cutout_onnx::lower(&model.onnx, side)?.into(),
        false => cutout_onnx::compile(&model.onnx, side)?,
    };
    fs::write(output, plan.to_bytes()).map_err(|e| {
        let text = format!("cannot write {}: {e}", output.display());
        Error::new(Kind::Io, text)
    })?;
    Ok(plan)
}

#[allow(clippy::print_stdout, reason = "what was asked for")]
fn summary(plan: &Plan) -> ExitCode {
    let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    println!(
        "{} operators, {:.2} GMAC, weights {:.1} MiB, working memory {:.1} MiB",
        plan.ops().len(),
        plan.ops().iter().map(|op| op.macs).sum::<u64>() as f64 / 1e9,
        mib(plan.weight_bytes()),
        mib(plan.memory_bytes())
    );
    ExitCode::SUCCESS
}

#[allow(
    clippy::print_stderr,
    reason = "the one place that tells a person of an error"
)]
fn report(error: &Error) -> ExitCode {
    eprintln!("plan: error[{}]: {error}", error.kind().as_str());
    match error.kind() {
        Kind::Usage => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}
