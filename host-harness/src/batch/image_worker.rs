//! One image after the other: read, look whether it is done, cut out, write.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use blake3::Hash;
use crossbeam_channel::{Receiver, Sender};
use cutout::{Options, Thumbnails};
use rustix::io::Errno;

use super::details::Details;
use super::inputs::Input;
use super::manifest::Manifest;
use super::manifest_line::{DoneImage, ManifestLine, WrittenFile};
use super::names::{self, Name};
use super::no_result::NoResult;
use super::processor::{Processed, Processor};
use super::report_line::{ReportLine, Status};
use super::thumbnail;
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
        // Nobody listens any more only when the batch is over.
        let tell = |text| drop(messages.send(Message::Notice(text)));
        let Processed { result, host } =
            self.processor
                .process(engine, &image, self.options, self.stop.closed(), &tell)?;
        let output = WrittenFile::of(main, &result.value.bytes);
        let mask = task.name.mask.as_deref().zip(result.value.mask.as_deref());
        let mask = mask.map(|(name, mask)| (WrittenFile::of(name, mask), mask));
        let begun = [Some(&output), mask.as_ref().map(|(made, _)| made)];
        let begun = begun.into_iter().flatten().cloned().collect();
        let noting = |e: io::Error| {
            let doing = "note in the manifest what is done in";
            fatal_if_full(doing, self.manifest.out(), &e.to_string(), e.kind())
        };
        self.manifest.begin(begun).map_err(noting)?;
        self.write(&output, &result.value.bytes)?;
        if let Some((made, bytes)) = &mask {
            self.write(made, bytes)?;
        }
        let thumbnails = match &result.value.thumbnails {
            Some(thumbnails) => Some(self.write_thumbnails(main, thumbnails)?),
            None => None,
        };
        let details = Details::new(&image, &result, start.elapsed());
        let entry = DoneImage {
            source: (&*task.input.relative).into(),
            digest,
            recipe: *self.recipe,
            output,
            mask: mask.map(|(made, _)| made),
            thumbnails,
            details,
            host,
        };
        self.manifest
            .add(ManifestLine::Done(Box::new(entry.clone())))
            .map_err(noting)?;
        Ok((entry, Status::Done))
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
            let jpeg = thumbnail::encode(pixels, (pair.width, pair.height))?;
            let made = WrittenFile::of(path, &jpeg);
            self.write(&made, &jpeg)?;
            Ok::<_, NoResult>(made)
        };
        Ok([write(&before, &pair.before)?, write(&after, &pair.after)?])
    }
}

/// Where no image can be written, the next ones need not be tried.
fn fatal_if_full(doing: &str, path: &Path, why: &str, kind: io::ErrorKind) -> NoResult {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let is_fatal = matches!(kind, StorageFull | QuotaExceeded | ReadOnlyFilesystem);
    let way_out = if is_fatal {
        "; make room and run the same command again, what is done stays done"
    } else {
        ""
    };
    let text = format!("cannot {doing} {}: {why}{way_out}", path.display());
    let error = Error::new(Kind::Io, text);
    if is_fatal {
        NoResult::Fatal(error)
    } else {
        error.into()
    }
}

/// The way out where `error`, of writing to `path` below the output folder, may come of the name.
fn name_hint(path: &Path, error: &io::Error) -> String {
    // Shares answer to a name that they forbid as if nothing could be found there.
    const OF_NAMES: [Errno; 3] = [Errno::INVAL, Errno::ILSEQ, Errno::NOENT];
    let errno = Errno::from_io_error(error);
    if errno == Some(Errno::NAMETOOLONG) {
        return "; the file system takes shorter names only: rename the image".to_owned();
    }
    let may_be = errno.is_some_and(|errno| OF_NAMES.contains(&errno));
    names::forbidden(path)
        .filter(|_| may_be)
        .map_or(String::new(), |what| {
            format!("; the file system may forbid {what}: --safe-names replaces what shares forbid")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_may_come_of_the_name_says_what_in_it() {
        let cases = [
            (
                "d/what?.png",
                Errno::INVAL,
                "'?' in \"what?.png\": --safe-names",
            ),
            ("a:b/x.png", Errno::NOENT, "':' in \"a:b\": --safe-names"),
            ("con.png", Errno::INVAL, "the device's name \"con\""),
            ("long.png", Errno::NAMETOOLONG, "shorter names"),
            ("plain.png", Errno::INVAL, ""),
            ("what?.png", Errno::ACCESS, ""),
        ];
        for (path, errno, words) in cases {
            let hint = name_hint(Path::new(path), &errno.into());
            assert!(hint.contains(words), "{path}: {hint}");
            assert_eq!(hint.is_empty(), words.is_empty(), "{path}: {hint}");
        }
    }
}
