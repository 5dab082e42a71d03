//! `cutout batch`: many images.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::{Args, ValueEnum};
use cutout::Options;

use super::command::Command;
use super::output::OutputFlags;
use super::sandbox::Sandbox;
use crate::batch::{self, Config, Ending, Fleet, Processor};
use crate::engine::{CORE_DIGEST, Settings};
use crate::{Error, Kind};

/// Images in work at most for a fleet, each of which is in memory: enough for 40 slots.
const FLEET_JOBS: usize = 200;

/// The environment variable with what a fleet's server asks for.
const LOGIN: &str = "CUTOUT_NATS_LOGIN";

/// Flags of engines of this process.
const NOT_A_FLEETS: [&str; 5] = ["engine", "runtime", "model", "side", "max_memory"];

/// Extra results, from the same pass of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Also {
    /// The mask, as NAME.mask.png.
    Mask,
}

/// Remove the backgrounds of many images; what is done already is skipped.
///
/// The output folder keeps the tree of the inputs, and a folder `.cutout` that says what is done. Results are written
/// whole or not at all, and originals are never touched. An interrupted run goes on with the same command.
#[derive(Args, Clone, Debug)]
pub struct Batch {
    /// Folders, files, patterns such as 'photos/**/*.jpg', @FILE with a name a line (or NUL between), `-` for such a
    /// list on standard input.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,

    /// The folder that the results go to.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,

    /// Make this as well, from the same pass of the network.
    #[arg(long, value_enum, conflicts_with = "mask")]
    also: Vec<Also>,

    /// Images at once. Default: the number of cores; with --nats, at most 200.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Skip what an earlier run has done, by its content, options, model and version. This is the default.
    #[arg(long, overrides_with = "overwrite")]
    resume: bool,

    /// Make everything again.
    #[arg(long, overrides_with = "resume")]
    overwrite: bool,

    /// End at the first failure.
    #[arg(long)]
    fail_fast: bool,

    /// Show errors only.
    #[arg(short, long)]
    quiet: bool,

    /// Write a line of JSON for every image; `-` is standard output.
    #[arg(long, value_name = "FILE.jsonl")]
    report: Option<PathBuf>,

    /// Write thumbnails of before and after, what failed and the least certain first; HTML or PNG by the name.
    #[arg(long, value_name = "FILE")]
    contact_sheet: Option<PathBuf>,

    /// Take what is hidden in folders, too: names that begin with a dot, and the folders that systems make for themselves,
    /// such as @eaDir, #recycle, $RECYCLE.BIN and __MACOSX. What is named is always taken.
    #[arg(long)]
    hidden: bool,

    /// Replace by _ what shares and Windows forbid in names of results: < > : " | ? * \, control characters, a dot or a
    /// space at the end; and add it to names of devices, such as con and com1.
    #[arg(long)]
    safe_names: bool,

    /// Wait for more images in the folders when all are done, until Ctrl-C.
    #[arg(long)]
    watch: bool,

    /// Have the images processed by the workers behind this NATS server: nats://SERVER:PORT or tls://. Its login: set
    /// CUTOUT_NATS_LOGIN to USER:PASSWORD or TOKEN; or write LOGIN@ before the server, where other users can see it.
    /// --timeout is then how long the batch waits without a sign of any worker.
    #[arg(long, value_name = "URL", conflicts_with_all = NOT_A_FLEETS)]
    nats: Option<String>,

    /// The subject that those workers listen to.
    #[arg(long, requires = "nats", conflicts_with_all = NOT_A_FLEETS, default_value = "cutout.remove")]
    subject: String,

    #[command(flatten)]
    result: OutputFlags,

    #[command(flatten)]
    sandbox: Sandbox,
}

impl Command for Batch {
    fn execute(self) -> Result<u8, Error> {
        let ending = match &self.nats {
            Some(url) => self.with_fleet(url),
            None => self.with_engines(),
        };
        Ok(ending?.code())
    }
}

impl Batch {
    fn with_fleet(&self, url: &str) -> Result<Ending, Error> {
        let jobs = self.jobs.map_or(FLEET_JOBS, usize::from);
        let timeout = self.sandbox.settings()?.timeout;
        // Which model the workers have is for them to know.
        let identity = format!("{} nats {}", env!("CARGO_PKG_VERSION"), self.subject);
        let config = self.config(jobs, identity)?;
        let login = std::env::var_os(LOGIN).map(OsString::into_string);
        let login = login.transpose().map_err(|_| {
            let text = format!("{LOGIN} is no text");
            Error::new(Kind::Usage, text)
        })?;
        let fleet = Fleet::connect(url, login.as_deref(), &self.subject, timeout, jobs)?;
        batch::run(&config, &Processor::Fleet(&fleet))
    }

    fn with_engines(&self) -> Result<Ending, Error> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.map_or(cores, usize::from);
        let instances = u32::try_from(jobs)
            .map_err(|_| Error::new(Kind::Usage, "--jobs is above what one process can hold"))?;
        let settings = Settings {
            instances,
            ..self.sandbox.settings()?
        };
        let model = Arc::new(self.sandbox.model.find()?);
        let identity = format!(
            "{} {:?} {} {} {} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.sandbox.engine,
            self.sandbox.runtime.as_str(),
            CORE_DIGEST,
            model.digest,
            model.spec
        );
        let config = self.config(jobs, identity)?;
        let start = || self.sandbox.engines(&model, settings);
        batch::run(&config, &Processor::engines(start))
    }

    fn config(&self, jobs: usize, identity: String) -> Result<Config, Error> {
        let format = self.result.format.unwrap_or_default();
        Ok(Config {
            inputs: self.inputs.clone(),
            out: self.output.clone(),
            options: Options {
                also_mask: self.also.contains(&Also::Mask),
                ..self.result.options(format, self.sandbox.limits())?
            },
            jobs,
            overwrite: self.overwrite,
            fail_fast: self.fail_fast,
            quiet: self.quiet,
            report: self.report.clone(),
            contact_sheet: self.contact_sheet.clone(),
            hidden: self.hidden,
            safe_names: self.safe_names,
            watch: self.watch,
            identity,
        })
    }
}
