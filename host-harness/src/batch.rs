//! `cutout batch`: many pictures, each once, however often the run is interrupted.

mod inputs;
mod manifest;
mod names;
mod path_text;
mod progress;
pub(crate) mod record;
mod sheet;
mod stop;
mod watch;
mod work;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use cutout::Options;

use crate::engine::Engines;
use crate::{Error, Kind};
use inputs::{Found, Input};
use manifest::Manifest;
use names::Names;
use progress::Progress;
use record::{Record, Status};
use sheet::{Item, Missing, Sheet};
use stop::Stop;
use watch::Watch;
use work::{Outcome, Task, Work};

/// A main thread's size, which the kernels are used to.
const STACK: usize = 8 << 20;

/// What a batch is to do.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folders, files, patterns, `@list` or `-`.
    pub inputs: Vec<PathBuf>,
    /// The folder that the results go to.
    pub out: PathBuf,
    /// What is made of each picture; thumbnails are asked for as the contact sheet needs them.
    pub options: Options,
    /// Workers.
    pub jobs: usize,
    /// Whether what is done is done again.
    pub overwrite: bool,
    /// Whether the first failure ends the batch.
    pub fail_fast: bool,
    /// Whether nothing but errors is shown.
    pub quiet: bool,
    /// A line of JSON for every picture.
    pub report: Option<PathBuf>,
    /// Before and after, in HTML or PNG.
    pub contact_sheet: Option<PathBuf>,
    /// Whether folders are watched for more.
    pub watch: bool,
    /// What the results depend on besides options and picture: engine, runtime, model, versions.
    pub identity: String,
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every picture has its result.
    Done,
    /// Some have not, and it has been said which.
    Failed,
    /// There was no picture.
    Nothing,
    /// By a signal, before its time.
    Interrupted,
}

impl Ending {
    /// The program's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Nothing => 3,
            Self::Interrupted => stop::INTERRUPTED,
        }
    }
}

/// Does what `config` says, with engines that `start` makes once it is known that there is something to do.
///
/// # Errors
/// Kind `usage` for what cannot be asked, `io` when the output folder, the report or the sheet cannot be written; what
/// is done by then stays done. Failures of single pictures are no error: [`Ending::Failed`].
pub fn run(
    config: &Config,
    start: impl FnOnce() -> Result<Engines, Error>,
) -> Result<Ending, Error> {
    let sheet = config.contact_sheet.as_deref().map(Sheet::new);
    let sheet = sheet.transpose()?;
    let mut made = Vec::new();
    made.extend(config.report.clone());
    made.extend(config.contact_sheet.clone());
    let found = inputs::find(&config.inputs, &config.out, &made)?;
    if config.watch && found.folders.is_empty() {
        let text = "--watch needs a folder to watch among the inputs";
        return Err(Error::new(Kind::Usage, text));
    }
    if found.inputs.is_empty() && found.problems.is_empty() && !config.watch {
        Progress::new(Some(0), config.quiet).tell("no picture was found");
        return Ok(Ending::Nothing);
    }
    let manifest = Manifest::open(&config.out)?;
    let stop = Stop::on_signals()?;
    // Begun before the folders are read again, so that nothing falls between.
    let watch = config
        .watch
        .then(|| Watch::start(&found.folders, &config.out, &made));
    let watch = watch.transpose()?;
    let found = match &watch {
        Some(_) => inputs::find(&config.inputs, &config.out, &made)?,
        None => found,
    };
    let engines = start()?;
    let batch = Batch {
        config,
        manifest: &manifest,
        stop: &stop,
        report: Report::open(config.report.as_deref())?,
        sheet,
        progress: Progress::new(
            watch
                .is_none()
                .then_some((found.inputs.len() + found.problems.len()) as u64),
            config.quiet,
        ),
    };
    let ending = batch.run(&found, watch.as_ref(), &engines);
    manifest.close();
    ending
}

/// A batch on its way.
struct Batch<'a> {
    config: &'a Config,
    manifest: &'a Manifest,
    stop: &'a Stop,
    report: Report,
    sheet: Option<Sheet>,
    progress: Progress,
}

impl Batch<'_> {
    fn run(
        mut self,
        found: &Found,
        watch: Option<&Watch>,
        engines: &Engines,
    ) -> Result<Ending, Error> {
        let mut options = self.config.options.clone();
        options.thumbnails = self.sheet.is_some().then_some(sheet::SIDE);
        let work = Work {
            manifest: self.manifest,
            engines,
            options: &options,
            recipe: &recipe(self.config),
            overwrite: self.config.overwrite,
            stop: self.stop,
        };
        let mut names = Names::new(
            &self.config.out,
            self.config.options.format.as_str(),
            self.config.options.also_mask,
        );
        let tasks = self.name(&mut names, &found.inputs);
        for (path, error) in &found.problems {
            self.note(&Record::failed(path, None, error), None)?;
        }
        let (to_do, jobs) = crossbeam_channel::bounded(self.config.jobs);
        let (outcomes, done) = crossbeam_channel::bounded(self.config.jobs);
        let collected = thread::scope(|scope| {
            for number in 0..self.config.jobs {
                let (work, jobs, outcomes) = (&work, jobs.clone(), outcomes.clone());
                thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .stack_size(STACK)
                    .spawn_scoped(scope, move || work.run(&jobs, &outcomes))
                    .map_err(Error::io("start a worker"))?;
            }
            drop((outcomes, jobs));
            let stop = self.stop;
            scope.spawn(move || feed(tasks, names, watch, &to_do, stop));
            let collected = self.collect(&done);
            stop.set();
            drop(done);
            collected
        });
        self.finish(collected, watch.is_some())
    }

    /// Names the pictures, and says whose name is not the plain one.
    fn name(&self, names: &mut Names, inputs: &[Input]) -> Vec<Task> {
        let named = inputs.iter().cloned().zip(names.all(inputs));
        let tasks: Vec<Task> = named.map(|(input, name)| Task { input, name }).collect();
        for task in tasks.iter().filter(|task| task.name.moved) {
            self.progress.tell(&format!(
                "{} becomes {}, since the plain name would not be its alone",
                task.input.path.display(),
                self.config.out.join(&task.name.main).display()
            ));
        }
        tasks
    }

    fn collect(&mut self, outcomes: &Receiver<Outcome>) -> Result<(), Error> {
        for outcome in outcomes {
            let failed = outcome.record.status == Status::Failed;
            self.note(&outcome.record, outcome.thumbnails)?;
            if let Some(error) = outcome.fatal {
                return Err(error);
            }
            if failed && self.config.fail_fast {
                self.stop.set();
            }
        }
        Ok(())
    }

    /// Counts, shows and writes down what became of one picture.
    fn note(&mut self, record: &Record, thumbnails: Option<[PathBuf; 2]>) -> Result<(), Error> {
        // Folders that are watched may be read anew; what was done is no news then.
        if self.config.watch && record.status == Status::Skipped && self.sheet.is_none() {
            self.progress.counts.skipped += 1;
            return Ok(());
        }
        self.progress.show(record);
        self.report.write(record)?;
        let Some(sheet) = &mut self.sheet else {
            return Ok(());
        };
        let path = |text: &path_text::PathText| PathBuf::from(text.clone()).display().to_string();
        match (&record.facts, thumbnails, &record.error) {
            (Some(facts), Some(thumbnails), _) => sheet.items.push(Item {
                name: path(&record.input),
                uncertainty: facts.uncertainty,
                thumbnails: thumbnails.map(|below| self.config.out.join(below)),
            }),
            (_, _, Some(cause)) => sheet.missing.push(Missing {
                name: path(&record.input),
                kind: cause.kind,
            }),
            _ => {}
        }
        Ok(())
    }

    fn finish(self, collected: Result<(), Error>, watched: bool) -> Result<Ending, Error> {
        let interrupted = self.stop.is_by_signal() && !watched;
        self.progress.finish(interrupted);
        collected?;
        if let Some(sheet) = self.sheet {
            for path in sheet.write()? {
                self.progress
                    .tell(&format!("contact sheet: {}", path.display()));
            }
        }
        Ok(match self.progress.counts.failed {
            _ if interrupted => Ending::Interrupted,
            0 => Ending::Done,
            _ => Ending::Failed,
        })
    }
}

/// Hands out what was found, then what comes.
fn feed(
    tasks: Vec<Task>,
    mut names: Names,
    watch: Option<&Watch>,
    to_do: &Sender<Task>,
    stop: &Stop,
) {
    for task in tasks {
        if stop.is_set() || to_do.send(task).is_err() {
            return;
        }
    }
    if let Some(watch) = watch {
        watch.run(stop, &mut |path| {
            let relative = watch.relative(&path);
            let input = Input { path, relative };
            let name = names.one(&input);
            to_do.send(Task { input, name }).is_ok()
        });
    }
}

/// The report, flushed line by line, so that it is whole as far as it goes.
struct Report(Option<Box<dyn Write>>);

impl Report {
    fn open(path: Option<&Path>) -> Result<Self, Error> {
        Ok(Self(match path {
            None => None,
            Some(path) if path == Path::new("-") => Some(Box::new(io::stdout())),
            Some(path) => {
                let file = File::create(path);
                Some(Box::new(file.map_err(Error::io(format!(
                    "write the report {}",
                    path.display()
                )))?))
            }
        }))
    }

    fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        let mut write = || -> io::Result<()> {
            let mut line = serde_json::to_vec(record)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.flush()
        };
        write().map_err(Error::io("write the report"))
    }
}

/// Names everything that results depend on besides the picture; limits only decide whether there is one.
fn recipe(config: &Config) -> String {
    let options = Options {
        limits: cutout::Limits::default(),
        ..config.options.clone()
    };
    let text = format!("{} {options:?}", config.identity);
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
