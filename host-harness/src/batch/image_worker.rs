//! One image after the other: read, look whether it is done, cut out, write.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use blake3::Hash;
use crossbeam_channel::{Receiver, Sender};
use cutout::{Options, Output, Thumbnails};

use super::details::Details;
use super::inputs::Input;
use super::manifest::Manifest;
use super::manifest_line::{DoneImage, ManifestLine, WrittenFile};
use super::names::Name;
use super::no_result::NoResult;
use super::processor::{Processed, Processor};
use super::report_line::{ReportLine, Status};
use super::thumbnail;
use super::write_error::{fatal_if_full, name_hint};
use crate::engine::BoxEngine;
use crate::files;
use crate::stop::Stop;
use crate::sync::lock;
use crate::{Error, Kind};

/// An image and its name.
pub(super) struct NamedInput {
    pub(super) input: Input,
    pub(super) name: Name,
}

/// A message from a worker.
pub(super) enum Message {
    /// The outcome of an image.
    Outcome(Box<ImageOutcome>),
    /// Something that people should know and that is no error.
    Notice(String),
    /// The batch cannot go on.
    End(Error),
}

/// The outcome of an image.
pub(super) struct ImageOutcome {
    pub(super) record: ReportLine,
    /// Below the output folder.
    pub(super) thumbnails: Option<[PathBuf; 2]>,
}

/// The files of an image that is done.
struct WrittenResult {
    output: WrittenFile,
    mask: Option<WrittenFile>,
    thumbnails: Option<[WrittenFile; 2]>,
}

/// State that all workers share.
pub(super) struct ImageWorker<'a, 'p> {
    pub(super) manifest: &'a Manifest,
    pub(super) processor: &'a Processor<'p>,
    pub(super) options: &'a Options,
    /// BLAKE3 of all that results depend on besides the image.
    pub(super) recipe: &'a Hash,
    /// Whether what is done is done again.
    pub(super) overwrite: bool,
    pub(super) stop: &'a Stop,
    /// Names of results in work; only one worker at a time has one.
    pub(super) busy: &'a NamesInUse,
}

/// Names of results that are being made.
#[derive(Default)]
pub(super) struct NamesInUse(Mutex<HashSet<PathBuf>>);

impl NamesInUse {
    /// Takes `name`, unless somebody has it.
    pub(super) fn take(&self, name: &Path) -> bool {
        lock(&self.0).insert(name.to_owned())
    }

    fn leave(&self, name: &Path) {
        lock(&self.0).remove(name);
    }
}

impl ImageWorker<'_, '_> {
    /// A worker's life: until there are no more tasks, or the batch stops.
    pub(super) fn run(&self, tasks: &Receiver<NamedInput>, messages: &Sender<Message>) {
        let mut engine = None;
        for task in tasks {
            let turn = self.processor.turn(self.stop.closed());
            if self.stop.is_set() {
                return;
            }
            let done = self.process(&mut engine, &task, messages);
            drop(turn);
            self.busy.leave(&task.name.main);
            let news = match done {
                Ok((entry, status)) => Message::Outcome(self.made(&task, entry, status).into()),
                Err(NoResult::Failed { error, host }) => {
                    Message::Outcome(self.failed(&task, &error, host).into())
                }
                Err(NoResult::Fatal(error)) => Message::End(error),
                Err(NoResult::Left) => return,
            };
            if messages.send(news).is_err() {
                return;
            }
        }
    }

    fn made(&self, task: &NamedInput, entry: DoneImage, status: Status) -> ImageOutcome {
        let thumbnails = entry.thumbnails.clone();
        let record = ReportLine::made(&task.input.path, self.manifest.out(), entry, status);
        ImageOutcome {
            record: ReportLine {
                moved: task.name.moved,
                ..record
            },
            thumbnails: thumbnails.map(|made| made.map(|made| made.path.into())),
        }
    }

    fn failed(&self, task: &NamedInput, error: &Error, host: Option<String>) -> ImageOutcome {
        let output = self.manifest.out().join(&task.name.main);
        ImageOutcome {
            record: ReportLine {
                moved: task.name.moved,
                host,
                ..ReportLine::failed(&task.input.path, Some(&output), error)
            },
            thumbnails: None,
        }
    }

    fn process(
        &self,
        engine: &mut Option<BoxEngine>,
        task: &NamedInput,
        messages: &Sender<Message>,
    ) -> Result<(DoneImage, Status), NoResult> {
        let start = Instant::now();
        let image = self.read(&task.input.path)?;
        let digest = blake3::hash(&image);
        let (main, sheet) = (&task.name.main, self.options.thumbnails.is_some());
        if !self.overwrite
            && let Some(entry) = self.manifest.done(main, &digest, self.recipe, sheet)
        {
            return Ok((entry, Status::Skipped));
        }
        // The receiver is dropped only after the batch ends.
        let tell = |text| drop(messages.send(Message::Notice(text)));
        let Processed { result, host } =
            self.processor
                .process(engine, &image, self.options, self.stop.closed(), &tell)?;
        let WrittenResult {
            output,
            mask,
            thumbnails,
        } = self.write_results(task, &result.value)?;
        let details = Details::new(&image, &result, start.elapsed());
        let entry = DoneImage {
            source: (&*task.input.relative).into(),
            digest,
            recipe: *self.recipe,
            output,
            mask,
            thumbnails,
            details,
            host,
        };
        let line = ManifestLine::Done(Box::new(entry.clone()));
        let noted = self.manifest.add(line);
        noted.map_err(|e| self.not_noted(&e))?;
        Ok((entry, Status::Done))
    }

    /// Notes in the manifest which files are about to be written, and writes them.
    fn write_results(&self, task: &NamedInput, result: &Output) -> Result<WrittenResult, NoResult> {
        let main = &task.name.main;
        let output = WrittenFile::of(main, &result.bytes);
        let mask = task.name.mask.as_deref().zip(result.mask.as_deref());
        let mask = mask.map(|(name, mask)| (WrittenFile::of(name, mask), mask));
        let begun = [Some(&output), mask.as_ref().map(|(made, _)| made)];
        let begun = self
            .manifest
            .begin(begun.into_iter().flatten().cloned().collect());
        begun.map_err(|e| self.not_noted(&e))?;
        self.write(&output, &result.bytes)?;
        if let Some((made, bytes)) = &mask {
            self.write(made, bytes)?;
        }
        let thumbnails = match &result.thumbnails {
            Some(thumbnails) => Some(self.write_thumbnails(main, thumbnails)?),
            None => None,
        };
        Ok(WrittenResult {
            output,
            mask: mask.map(|(made, _)| made),
            thumbnails,
        })
    }

    fn not_noted(&self, error: &io::Error) -> NoResult {
        let doing = "note in the manifest what is done in";
        fatal_if_full(doing, self.manifest.out(), &error.to_string(), error.kind())
    }

    /// Files only: anything else may never end.
    fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let file = files::open_regular(path).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => Error::new(Kind::Io, format!("{error}; name a file")),
            _ => Error::io("read it")(error),
        })?;
        let bytes = files::read_file(file, self.options.limits.max_bytes);
        bytes.map_err(Error::io("read it"))
    }

    fn write(&self, made: &WrittenFile, bytes: &[u8]) -> Result<(), NoResult> {
        let written = self.manifest.write(made, bytes);
        written.map_err(|e| {
            let path = self.manifest.out().join(PathBuf::from(made.path.clone()));
            let hint = name_hint(&PathBuf::from(made.path.clone()), &e);
            fatal_if_full("write", &path, &format!("{e}{hint}"), e.kind())
        })
    }

    fn write_thumbnails(
        &self,
        main: &Path,
        pair: &Thumbnails,
    ) -> Result<[WrittenFile; 2], NoResult> {
        let [before, after] = thumbnail::places(main);
        let write = |path: &Path, pixels: &[u8]| {
            let webp = thumbnail::encode(pixels, (pair.width, pair.height))?;
            let made = WrittenFile::of(path, &webp);
            self.write(&made, &webp)?;
            Ok::<_, NoResult>(made)
        };
        Ok([write(&before, &pair.before)?, write(&after, &pair.after)?])
    }
}
