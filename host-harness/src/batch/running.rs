//! A batch on its way: names are given, workers make results, and what they say is noted.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use cutout::Options;

use super::config::Config;
use super::ending::Ending;
use super::feeder::Feeder;
use super::image_worker::{ImageWorker, Message, NamedInput, NamesInUse};
use super::inputs::Inputs;
use super::manifest::Manifest;
use super::names::{IsOurs, Names};
use super::path_text::PathText;
use super::processor::Processor;
use super::progress::Progress;
use super::report::ReportFile;
use super::report_line::{ReportLine, Status};
use super::sheet::{self, Sheet};
use super::watch::Watch;
use crate::Error;
use crate::engine::WORKER_STACK;
use crate::stop::Stop;

/// A batch on its way.
pub(super) struct Running<'a> {
    pub(super) config: &'a Config,
    pub(super) manifest: &'a Manifest,
    pub(super) stop: &'a Stop,
    pub(super) report: ReportFile,
    pub(super) sheet: Option<Sheet>,
    pub(super) progress: Progress,
}

impl Running<'_> {
    /// Does all of it, and says how it ended.
    ///
    /// # Errors
    /// As [`super::run`].
    pub(super) fn run(
        mut self,
        found: Inputs,
        watch: Option<&Watch>,
        processor: &Processor<'_>,
    ) -> Result<Ending, Error> {
        let mut options = self.config.options.clone();
        options.thumbnails = self.sheet.is_some().then_some(sheet::SIDE);
        let busy = NamesInUse::default();
        let work = ImageWorker {
            manifest: self.manifest,
            processor,
            options: &options,
            recipe: &self.config.recipe(),
            overwrite: self.config.overwrite,
            stop: self.stop,
            busy: &busy,
        };
        self.begin(&found)?;
        let is_ours = |path: &Path, standing: &Metadata| self.manifest.is_ours(path, standing);
        let mut names = self.names(&options, &is_ours);
        let given = names.all(&found.inputs);
        let tasks = found.inputs.into_iter().zip(given);
        let tasks = tasks
            .map(|(input, name)| NamedInput { input, name })
            .collect();
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
        let collected = self.work_through(&work, jobs, move |messages| feeder.run(tasks, messages));
        self.finish(collected, &left_out, watch.is_some(), processor.copies())
    }

    /// Says what is left out or not safe, and notes the inputs that cannot be taken.
    fn begin(&mut self, found: &Inputs) -> Result<(), Error> {
        found.tell_left_out(&self.progress);
        if !self.manifest.is_locked() {
            let out = self.config.out.display();
            self.progress.tell(&format!(
                "warning: the file system of {out} has no locks; see to it that no other batch writes there meanwhile"
            ));
        }
        for (path, error) in &found.problems {
            self.note(&ReportLine::failed(path, None, error), None)?;
        }
        if !found.problems.is_empty() && self.config.fail_fast {
            self.stop.set();
        }
        Ok(())
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
        work: &ImageWorker<'_, '_>,
        jobs: Receiver<NamedInput>,
        feed: impl FnOnce(&Sender<Message>) + Send,
    ) -> Result<(), Error> {
        let (messages, received) = crossbeam_channel::bounded(self.config.jobs);
        thread::scope(|scope| {
            for number in 0..self.config.jobs {
                let (jobs, messages) = (jobs.clone(), messages.clone());
                thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .stack_size(WORKER_STACK)
                    .spawn_scoped(scope, move || work.run(&jobs, &messages))
                    .map_err(Error::io("start a worker"))?;
            }
            drop(jobs);
            scope.spawn(move || feed(&messages));
            let collected = self.collect(&received);
            // Workers and feeder end as nobody listens any more.
            self.stop.set();
            drop(received);
            collected
        })
    }

    fn collect(&mut self, received: &Receiver<Message>) -> Result<(), Error> {
        for message in received {
            let outcome = match message {
                Message::Outcome(outcome) => outcome,
                Message::Notice(text) => {
                    self.progress.tell(&text);
                    continue;
                }
                Message::End(error) => return Err(error),
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
    fn note(&mut self, record: &ReportLine, thumbnails: Option<[PathBuf; 2]>) -> Result<(), Error> {
        self.progress.show(record);
        if let Some(sheet) = &mut self.sheet {
            sheet.take(record, thumbnails);
        }
        self.report.write(record)
    }

    /// Writes down what is messages of the batch as a whole.
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

    /// `left_out` as [`Inputs::results`], `copies` as [`Processor::copies`].
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
