//! The command line of the program `cutout`, and of the Python package, which starts it from a script.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg(feature = "wasm")]
use crate::commands::{Bake, Bench, BenchProbe};
use crate::commands::{Batch, Command, Doctor, Health, Quantize, Run, Serve};
pub use crate::program::start_by;
use crate::{Error, Kind, hints, manual};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

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
    #[command(hide = true)]
    BenchProbe(BenchProbe),
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
        folder: PathBuf,
    },
}

/// Does what `arguments` say, of which the first names the program; the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = manual::with_sections(Cli::command());
    let parsed = command
        .try_get_matches_from(&arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let code = match parsed {
        Ok(cli) => execute(cli).unwrap_or_else(|error| report(&error)),
        Err(error) => refuse(&error, &arguments),
    };
    // Inside of Python nobody else does.
    let _ = io::stdout().flush();
    code
}

fn execute(cli: Cli) -> Result<u8, Error> {
    match cli.verb {
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
        Verb::BenchProbe(probe) => probe.execute(),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "cutout", &mut script);
            let written = io::stdout().write_all(&script);
            written.map_err(Error::io("write the completions"))?;
            Ok(0)
        }
        Verb::Man { folder } => manual(&folder),
    }
}

/// Help and version as they are, also the help of a command line that names no command; errors in the style of all others.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if !error.use_stderr() {
        let _ = error.print();
        return 0;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return 2;
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let arguments = (arguments.iter()).map(|argument| argument.to_string_lossy().into_owned());
    let hint = hints::of(error, arguments).map_or(String::new(), |hint| format!("\n\n{hint}"));
    report(&Error::new(Kind::Usage, format!("{text}{hint}")))
}

fn manual(folder: &Path) -> Result<u8, Error> {
    manual::write(Cli::command(), folder).map_err(|error| {
        let text = format!("cannot write the manual to {}: {error}", folder.display());
        Error::new(Kind::Io, text)
    })?;
    Ok(0)
}

fn report(error: &Error) -> u8 {
    // Where nobody hears it, the exit code still tells.
    let _ = writeln!(
        io::stderr(),
        "cutout: error[{}]: {error}",
        error.kind().as_str()
    );
    match error.kind() {
        Kind::Usage => 2,
        _ => 1,
    }
}
