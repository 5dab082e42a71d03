//! `cutout batch`: many images, each once, however often the run is interrupted.

mod config;
mod feeder;
mod fleet;
mod history;
mod inputs;
mod keeper;
mod line;
mod list;
mod lock;
mod maker;
mod manifest;
mod names;
mod others;
mod path_text;
mod pattern;
mod progress;
mod record;
mod report;
mod results;
mod sheet;
mod sources;
mod thumbnail;
mod walk;
mod watch;
mod work;

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use cutout::Options;

use crate::engine::{Engines, WORKER_STACK};
use crate::stop::{INTERRUPTED, Stop};
use crate::{Error, Kind};
use feeder::Feeder;
use inputs::Found;
use maker::Maker;
use manifest::Manifest;
use names::{IsOurs, Names};
use path_text::PathText;
use progress::Progress;
use record::{Record, Status};
use report::Report;
use results::Results;
use sheet::Sheet;
use sources::Source;
use watch::Watch;
use work::{Busy, Said, Task, Work};

pub use config::Config;
pub use fleet::Fleet;

/// Who cuts out.
pub enum Makers<'a> {
    /// Engines of this process, made ready when the first image needs one.
    Engines(Box<dyn FnOnce() -> Result<Engines, Error> + Send + 'a>),
    /// Workers elsewhere.
    Fleet(&'a Fleet),
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every image has its result.
    Done,
    /// Some have not, and it has been said which.
    Failed,
    /// There was no image.
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
            Self::Interrupted => INTERRUPTED,
        }
    }
}

/// Does what `config` says.
///
/// # Errors
/// Kind `usage` for what cannot be asked, `io` when the output folder, the report or the sheet cannot be written,
/// `timeout` when a fleet's server or workers stay away; what is done by then stays done. Failures of single images
/// are no error: [`Ending::Failed`].
pub fn run(config: &Config, makers: Makers<'_>) -> Result<Ending, Error> {
    config.refuse_file_as_folder()?;
    let sheet = config.contact_sheet.as_deref().map(Sheet::new);
    let sheet = sheet.transpose()?;
    let mut sources = sources::read(&config.inputs)?;
    let folders = folders_to_watch(config, &mut sources)?;
    // Begun before the folders are read, so that nothing falls between.
    let watch = (config.watch).then(|| Watch::start(&folders, &config.out, config.hidden));
    let watch = watch.transpose()?;
    // Before its manifest is read, to which another batch may be adding.
    let opened = Manifest::existing(&config.out, config.overwrite)?;
    // Other batches' manifests are in memory only for so long.
    let results = Results::new(opened.as_ref());
    let found = inputs::find(&sources, &config.out, &results, config.hidden);
    drop(results);
    config.refuse_report(&found)?;
    if found.inputs.is_empty() && !config.watch {
        if let Some(opened) = opened {
            opened.close();
        }
        return nothing_to_do(config, &found);
    }
    let manifest = match opened {
        Some(opened) => opened,
        None => Manifest::open(&config.out, config.overwrite)?,
    };
    if let Some(sheet) = &sheet {
        sheet::refuse_other(sheet.path(), &manifest)?;
    }
    // Before signals are caught: a FIFO waits for its reader, and a signal ends that.
    let report = Report::open(config.report.as_deref(), &config.out)?;
    let quiet = config.quiet;
    let stop = Stop::on_signals(move || {
        if !quiet {
            let text = "cutout: interrupted: finishing the images that were begun; interrupt again to end at once";
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "{text}");
        }
    })?;
    let total = (found.inputs.len() + found.problems.len()) as u64;
    let batch = Batch {
        config,
        manifest: &manifest,
        stop: &stop,
        report,
        sheet,
        progress: Progress::new(watch.is_none().then_some(total), config.quiet),
    };
    let ending = match makers {
        Makers::Fleet(fleet) => batch.run(found, watch.as_ref(), Maker::Fleet(fleet)),
        Makers::Engines(start) => {
            let engines = LazyLock::new(start);
            let engine = || {
                let engines = LazyLock::force(&engines).as_ref();
                engines.map_err(Clone::clone).and_then(Engines::engine)
            };
            batch.run(found, watch.as_ref(), Maker::Engines(&engine))
        }
    };
    manifest.close();
    ending
}

/// The end of a batch that found no image: nothing is written but the report of what could not be read.
fn nothing_to_do(config: &Config, found: &Found) -> Result<Ending, Error> {
    let mut progress = Progress::new(Some(found.problems.len() as u64), config.quiet);
    tell_left_out(&progress, found);
    if found.problems.is_empty() {
        progress.tell("no image was found");
        return Ok(Ending::Nothing);
    }
    let mut report = Report::open(config.report.as_deref(), &config.out)?;
    for (path, error) in &found.problems {
        let record = Record::failed(path, None, error);
        progress.show(&record);
        report.write(&record)?;
    }
    progress.finish(false, 0);
    Ok(Ending::Failed)
}

/// The folders among `sources` if they are to be watched, by their whole paths, as the system will call them.
fn folders_to_watch(config: &Config, sources: &mut [Source]) -> Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    for source in sources {
        if let Source::Folder(folder) = source
            && config.watch
        {
            *folder = std::path::absolute(&*folder).map_err(Error::io("find the folder"))?;
            folders.push(folder.clone());
        }
    }
    if config.watch && folders.is_empty() {
        let missing = config.inputs.iter().find(|input| !input.exists());
        let text = match missing.map(|input| input.display()) {
            Some(input) => {
                format!(
                    "{input} does not exist, and --watch needs a folder; create it with mkdir {input}"
                )
            }
            None => "--watch needs a folder to watch among the inputs".to_owned(),
        };
        return Err(Error::new(Kind::Usage, text));
    }
    Ok(folders)
}

fn tell_left_out(progress: &Progress, found: &Found) {
    for path in &found.left_out {
        let shown = PathText::from(&**path);
        progress.tell(&format!("{shown} is left out: it is a result of a batch"));
    }
    for (folder, count) in &found.results {
        let shown = PathText::from(&**folder);
        progress.tell(&format!(
            "images left out as results of the batch in {shown}: {count}"
        ));
    }
    for (folder, why) in &found.ignored {
        let shown = PathText::from(&*manifest::file(folder));
        progress.tell(&format!(
            "warning: {shown} is not used: {why}; results of that batch are taken for images"
        ));
    }
    if found.hidden > 0 {
        let count = found.hidden;
        progress.tell(&format!(
            "hidden files and folders left out: {count}; --hidden takes them"
        ));
    }
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
        found: Found,
        watch: Option<&Watch>,
        maker: Maker<'_>,
    ) -> Result<Ending, Error> {
        let mut options = self.config.options.clone();
        options.thumbnails = self.sheet.is_some().then_some(sheet::SIDE);
        let busy = Busy::default();
        let work = Work {
            manifest: self.manifest,
            maker,
            options: &options,
            recipe: &self.config.recipe(),
            overwrite: self.config.overwrite,
            stop: self.stop,
            busy: &busy,
        };
        tell_left_out(&self.progress, &found);
        if !self.manifest.is_locked() {
            let out = self.config.out.display();
            self.progress.tell(&format!(
                "warning: the file system of {out} has no locks; see to it that no other batch writes there meanwhile"
            ));
        }
        for (path, error) in &found.problems {
            self.note(&Record::failed(path, None, error), None)?;
        }
        if !found.problems.is_empty() && self.config.fail_fast {
            self.stop.set();
        }
        let is_ours = |path: &Path, standing: &Metadata| self.manifest.is_ours(path, standing);
        let mut names = self.names(&options, &is_ours);
        let given = names.all(&found.inputs);
        let tasks = found.inputs.into_iter().zip(given);
        let tasks = tasks.map(|(input, name)| Task { input, name }).collect();
        let (to_do, jobs) = crossbeam_channel::bounded(self.config.jobs);
        let left_out = found.results;
        let feeder = Feeder {
            names,
            watch,
            to_do,
            stop: self.stop,
            busy: &busy,
            manifest: self.manifest,
        };
        let collected = self.work_through(&work, jobs, move |said| feeder.run(tasks, said));
        self.finish(collected, &left_out, watch.is_some(), maker.copies())
    }

    /// Names for results, none of them the report's or the sheet's.
    fn names<'a>(&self, options: &Options, is_ours: &'a IsOurs<'a>) -> Names<'a> {
        let mut names = Names::new(
            &self.config.out,
            options.encoding.format.as_str(),
            options.also_mask,
            self.config.safe_names,
            is_ours,
            self.manifest.owners(),
        );
        let sheet = self.sheet.as_ref().map(Sheet::path);
        for path in self.config.report.as_deref().into_iter().chain(sheet) {
            names.reserve(path);
        }
        names
    }

    /// Has workers do the `jobs` that `feed` gives out, and notes what comes of them and what `feed` says.
    fn work_through(
        &mut self,
        work: &Work<'_>,
        jobs: Receiver<Task>,
        feed: impl FnOnce(&Sender<Said>) + Send,
    ) -> Result<(), Error> {
        let (said, heard) = crossbeam_channel::bounded(self.config.jobs);
        thread::scope(|scope| {
            for number in 0..self.config.jobs {
                let (jobs, said) = (jobs.clone(), said.clone());
                thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .stack_size(WORKER_STACK)
                    .spawn_scoped(scope, move || work.run(&jobs, &said))
                    .map_err(Error::io("start a worker"))?;
            }
            drop(jobs);
            scope.spawn(move || feed(&said));
            let collected = self.collect(&heard);
            // Workers and feeder end as nobody listens any more.
            self.stop.set();
            drop(heard);
            collected
        })
    }

    fn collect(&mut self, heard: &Receiver<Said>) -> Result<(), Error> {
        for said in heard {
            let outcome = match said {
                Said::Outcome(outcome) => outcome,
                Said::Notice(text) => {
                    self.progress.tell(&text);
                    continue;
                }
                Said::End(error) => return Err(error),
            };
            let failed = outcome.record.status == Status::Failed;
            self.note(&outcome.record, outcome.thumbnails)?;
            if failed && self.config.fail_fast {
                self.stop.set();
            }
        }
        Ok(())
    }

    /// Counts, shows and writes down what became of one image.
    fn note(&mut self, record: &Record, thumbnails: Option<[PathBuf; 2]>) -> Result<(), Error> {
        self.progress.show(record);
        if let Some(sheet) = &mut self.sheet {
            sheet.take(record, thumbnails);
        }
        self.report.write(record)
    }

    /// Writes down what is said of the batch as a whole.
    fn note_all(&mut self, left_out: &BTreeMap<PathBuf, usize>, copies: u64) -> Result<(), Error> {
        for (folder, images) in left_out {
            let batch = PathText::from(&**folder);
            let line = serde_json::json!({ "left_out": images, "batch": batch });
            self.report.write(&line)?;
        }
        if self.progress.hosts().is_empty() {
            return Ok(());
        }
        let fleet = serde_json::json!({ "hosts": self.progress.hosts(), "copies": copies });
        self.report.write(&fleet)
    }

    /// `left_out` as [`Found::results`], `copies` as [`Maker::copies`].
    fn finish(
        mut self,
        collected: Result<(), Error>,
        left_out: &BTreeMap<PathBuf, usize>,
        watched: bool,
        copies: u64,
    ) -> Result<Ending, Error> {
        let interrupted = self.stop.is_by_signal() && !watched;
        self.progress.finish(interrupted, copies);
        let noted = self.note_all(left_out, copies);
        // What ended the batch, before what else went wrong for the same reason.
        collected.and(noted)?;
        if let Some(sheet) = self.sheet {
            for path in sheet.write(self.manifest)? {
                self.progress
                    .tell(&format!("contact sheet: {}", path.display()));
            }
        }
        Ok(match self.progress.failed() {
            _ if interrupted => Ending::Interrupted,
            0 => Ending::Done,
            _ => Ending::Failed,
        })
    }
}
