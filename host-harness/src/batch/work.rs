//! One picture after the other: read, look whether it is done, cut out, write.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};
use cutout::{Options, Output, Thumbnails};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::inputs::Input;
use super::manifest::{self, Entry, Made, Manifest};
use super::names::Name;
use super::record::{Facts, Record, Status};
use super::stop::Stop;
use crate::engine::{Engine, Engines, Timed};
use crate::files::{self, Place};
use crate::{Error, Kind};

/// Of thumbnails: enough to judge an edge by.
const THUMBNAIL_QUALITY: u8 = 80;

type Worker = Box<dyn Engine + Send>;

/// A picture and its name.
pub(super) struct Task {
    pub(super) input: Input,
    pub(super) name: Name,
}

/// What a worker reports.
pub(super) struct Outcome {
    pub(super) record: Record,
    /// Below the output folder.
    pub(super) thumbnails: Option<[PathBuf; 2]>,
    /// The batch cannot go on.
    pub(super) fatal: Option<Error>,
}

/// What all workers share.
pub(super) struct Work<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) engines: &'a Engines,
    pub(super) options: &'a Options,
    /// BLAKE3 of all that results depend on besides the picture.
    pub(super) recipe: &'a str,
    /// Whether what is done is done again.
    pub(super) overwrite: bool,
    pub(super) stop: &'a Stop,
}

struct Failure {
    error: Error,
    is_fatal: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            is_fatal: false,
        }
    }
}

impl Work<'_> {
    /// A worker's life: until there are no more tasks, or the batch stops.
    pub(super) fn run(&self, tasks: &Receiver<Task>, outcomes: &Sender<Outcome>) {
        let mut engine = None;
        for task in tasks {
            if self.stop.is_set() {
                return;
            }
            let outcome = match self.picture(&mut engine, &task) {
                Ok((entry, status)) => self.made(&task, entry, status),
                Err(Failure { error, is_fatal }) => Outcome {
                    record: Record::failed(
                        &task.input.path,
                        Some(&self.manifest.out().join(&task.name.main)),
                        &error,
                    ),
                    thumbnails: None,
                    fatal: is_fatal.then_some(error),
                },
            };
            if outcomes.send(outcome).is_err() {
                return;
            }
        }
    }

    fn made(&self, task: &Task, entry: Entry, status: Status) -> Outcome {
        let thumbnails = entry.thumbnails.clone();
        Outcome {
            record: Record::made(&task.input.path, self.manifest.out(), entry, status),
            thumbnails: thumbnails.map(|made| made.map(|made| made.path.into())),
            fatal: None,
        }
    }

    fn picture(
        &self,
        engine: &mut Option<Worker>,
        task: &Task,
    ) -> Result<(Entry, Status), Failure> {
        let start = Instant::now();
        let place = Place::File(task.input.path.clone());
        let picture = files::read(&place, self.options.limits.max_bytes)?;
        let digest = blake3::hash(&picture).to_hex().to_string();
        if !self.overwrite
            && let Some(entry) = self.manifest.done(&task.name.main, &digest, self.recipe)
            && (self.options.thumbnails.is_none() || entry.thumbnails.is_some())
        {
            return Ok((entry, Status::Skipped));
        }
        let result = self.cut_out(engine, &picture)?;
        let output = self.write(&task.name.main, &result.value.bytes)?;
        let mask = match (&task.name.mask, &result.value.mask) {
            (Some(name), Some(mask)) => Some(self.write(name, mask)?),
            _ => None,
        };
        let thumbnails = match &result.value.thumbnails {
            Some(thumbnails) => Some(self.write_thumbnails(&task.name.main, thumbnails)?),
            None => None,
        };
        let facts = Facts::new(&picture, &result, &output, start.elapsed());
        let entry = Entry {
            digest,
            recipe: self.recipe.to_owned(),
            output,
            mask,
            thumbnails,
            facts,
        };
        let add = self.manifest.add(entry.clone());
        add.map_err(|e| {
            fatal_if_full(
                "note what is done in the manifest of",
                self.manifest.out(),
                &e,
            )
        })?;
        Ok((entry, Status::Done))
    }

    /// A picture that breaks its engine costs nobody else anything.
    fn cut_out(&self, slot: &mut Option<Worker>, picture: &[u8]) -> Result<Timed<Output>, Failure> {
        let mut engine = match slot.take() {
            Some(engine) => engine,
            None => self.engines.engine().map_err(|error| Failure {
                error,
                is_fatal: true,
            })?,
        };
        match catch_unwind(AssertUnwindSafe(|| engine.remove(picture, self.options))) {
            Ok(result) => {
                *slot = Some(engine);
                Ok(result?)
            }
            Err(_) => {
                let text = "the engine panicked on this picture; that is a defect of ours";
                Err(Error::new(Kind::Trap, text).into())
            }
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<Made, Failure> {
        let written = self.manifest.write(path, bytes);
        written.map_err(|e| fatal_if_full("write", &self.manifest.out().join(path), &e))
    }

    fn write_thumbnails(&self, main: &Path, pair: &Thumbnails) -> Result<[Made; 2], Failure> {
        let [before, after] = manifest::thumbnails(main);
        let write = |path: &Path, pixels: &[u8]| {
            let mut jpeg = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut jpeg, THUMBNAIL_QUALITY);
            encoder
                .write_image(pixels, pair.width, pair.height, ExtendedColorType::Rgb8)
                .map_err(|e| Error::new(Kind::Io, format!("cannot make a thumbnail: {e}")))?;
            self.write(path, &jpeg)
        };
        Ok([write(&before, &pair.before)?, write(&after, &pair.after)?])
    }
}

/// Where no picture can be written, the next ones need not be tried.
fn fatal_if_full(doing: &str, path: &Path, error: &io::Error) -> Failure {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let is_fatal = matches!(
        error.kind(),
        StorageFull | QuotaExceeded | ReadOnlyFilesystem
    );
    let way_out = if is_fatal {
        "; make room and run the same command again, what is done stays done"
    } else {
        ""
    };
    let text = format!("cannot {doing} {}: {error}{way_out}", path.display());
    Failure {
        error: Error::new(Kind::Io, text),
        is_fatal,
    }
}
