//! The program `cutout`.

mod hints;
mod manual;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
#[cfg(feature = "wasm")]
use host_harness::commands::{Bake, Bench, Probe};
use host_harness::commands::{Batch, Command, Doctor, Health, Quantize, Run, Serve};
use host_harness::{Error, Kind};

/// glibc's keeps some of what a burst of images took.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Remove the background of images, in a WebAssembly sandbox or natively.
#[derive(Parser)]
#[command(name = "cutout", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Run(Run),
    Batch(Batch),
    Serve(Serve),
    Health(Health),
    #[cfg(feature = "wasm")]
    Bake(Bake),
    #[cfg(feature = "wasm")]
    Bench(Bench),
    Doctor(Doctor),
    Quantize(Quantize),
    #[cfg(feature = "wasm")]
    #[command(name = "bench-probe", hide = true)]
    Probe(Probe),
    /// Print the completions of a shell.
    ///
    /// bash: into ~/.local/share/bash-completion/completions/cutout; zsh: into _cutout in a folder of $fpath; fish: into
    /// ~/.config/fish/completions/cutout.fish.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the man pages: cutout.1 and one for each command. Put them into ~/.local/share/man/man1.
    Man {
        /// The folder that they go to.
        folder: std::path::PathBuf,
    },
}

fn main() -> ExitCode {
    let command = manual::with_sections(Cli::command());
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let done = match cli.verb {
        Verb::Run(run) => run.execute(),
        Verb::Batch(batch) => batch.execute(),
        Verb::Serve(serve) => serve.execute(),
        Verb::Health(health) => health.execute(),
        #[cfg(feature = "wasm")]
        Verb::Bake(bake) => bake.execute(),
        #[cfg(feature = "wasm")]
        Verb::Bench(bench) => bench.execute(),
        Verb::Doctor(doctor) => doctor.execute(),
        Verb::Quantize(quantize) => quantize.execute(),
        #[cfg(feature = "wasm")]
        Verb::Probe(probe) => probe.execute(),
        Verb::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "cutout", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Verb::Man { folder } => manual(&folder),
    };
    done.unwrap_or_else(|error| report(&error))
}

/// Help and version as they are, also the help of a command line that names no command; errors in the style of all others.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(2);
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    let hint = hints::of(error, arguments).map_or(String::new(), |hint| format!("\n\n{hint}"));
    report(&Error::new(Kind::Usage, format!("{text}{hint}")))
}

fn manual(folder: &std::path::Path) -> Result<ExitCode, Error> {
    manual::write(Cli::command(), folder).map_err(|error| {
        let text = format!("cannot write the manual to {}: {error}", folder.display());
        Error::new(Kind::Io, text)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn report(error: &Error) -> ExitCode {
    // Where nobody hears it, the exit code still tells.
    let _ = writeln!(
        io::stderr(),
        "cutout: error[{}]: {error}",
        error.kind().as_str()
    );
    match error.kind() {
        Kind::Usage => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}
