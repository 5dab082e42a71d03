//! An image on a contact sheet.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::batch::manifest::Manifest;
use crate::batch::report_line::{ReportLine, Status};
use crate::batch::thumbnail;
use crate::terminal::escaped;

/// Longer side of a thumbnail in pixels: two for each pixel that a page has for it, so that dense screens show it sharp.
pub(in crate::batch) const SIDE: u32 = 320;

/// The uncertainty from which an image is marked: a fifth of the photos that quality is measured on have as much.
pub(super) const UNCERTAIN: f32 = 0.5;

/// An image on the sheet.
pub(super) struct Item {
    /// The path of the original as people see it.
    pub(super) name: String,
    pub(super) original: PathBuf,
    pub(super) outcome: Outcome,
}

/// What became of an image.
pub(super) enum Outcome {
    Made(Made),
    Failed { kind: &'static str, message: String },
}

/// An image that has its result.
pub(super) struct Made {
    pub(super) result: PathBuf,
    pub(super) mask: Option<PathBuf>,
    /// Whether an earlier run made it.
    pub(super) unchanged: bool,
    pub(super) uncertainty: f32,
    pub(super) has_subject: bool,
    /// Files below the output folder: before, after. A worker of a fleet may have made none.
    pub(super) thumbnails: Option<[PathBuf; 2]>,
}

impl Made {
    /// Whether a person should look at the result.
    pub(super) fn is_uncertain(&self) -> bool {
        self.uncertainty >= UNCERTAIN || !self.has_subject
    }
}

impl Item {
    /// What `record` says of its image.
    pub(super) fn of(record: &ReportLine, thumbnails: Option<[PathBuf; 2]>) -> Option<Self> {
        let outcome = match (&record.error, &record.details, &record.output) {
            (Some(cause), ..) => Outcome::Failed {
                kind: cause.kind,
                message: escaped(&cause.message),
            },
            (None, Some(details), Some(result)) => Outcome::Made(Made {
                result: result.clone().into(),
                mask: record.mask.clone().map(PathBuf::from),
                unchanged: record.status == Status::Skipped,
                uncertainty: details.uncertainty,
                has_subject: details.warning.is_none(),
                thumbnails,
            }),
            _ => return None,
        };
        Some(Self {
            name: record.input.to_string(),
            original: record.input.clone().into(),
            outcome,
        })
    }

    /// The sheet's order: what failed, then the least certain first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let doubt = |item: &Self| match &item.outcome {
            Outcome::Made(made) => made.uncertainty,
            Outcome::Failed { .. } => f32::INFINITY,
        };
        let by_doubt = doubt(other).total_cmp(&doubt(self));
        by_doubt.then_with(|| self.name.cmp(&other.name))
    }
}

/// How many images there are of each outcome.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) done: usize,
    pub(super) unchanged: usize,
    pub(super) failed: usize,
    /// Among those that have a result.
    pub(super) uncertain: usize,
}

impl Counts {
    pub(super) fn of(items: &[&Item]) -> Self {
        let mut counts = Self::default();
        for item in items {
            match &item.outcome {
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::Made(made) => {
                    if made.unchanged {
                        counts.unchanged += 1;
                    } else {
                        counts.done += 1;
                    }
                    counts.uncertain += usize::from(made.is_uncertain());
                }
            }
        }
        counts
    }

    pub(super) fn all(&self) -> usize {
        self.done + self.unchanged + self.failed
    }
}

/// Reads the thumbnail at `path` below the output folder.
pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let thumbnail = thumbnail::read(manifest.folder(), path);
    thumbnail.map_err(Error::io(format!("read the thumbnail {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, unchanged: bool, uncertainty: f32, has_subject: bool) -> Item {
        let outcome = Outcome::Made(Made {
            result: PathBuf::new(),
            mask: None,
            unchanged,
            uncertainty,
            has_subject,
            thumbnails: None,
        });
        item(name, outcome)
    }

    fn failed(name: &str) -> Item {
        let (kind, message) = ("undecodable", String::new());
        item(name, Outcome::Failed { kind, message })
    }

    fn item(name: &str, outcome: Outcome) -> Item {
        let (name, original) = (name.to_owned(), PathBuf::new());
        Item {
            name,
            original,
            outcome,
        }
    }

    #[test]
    fn every_image_is_counted_once_and_those_to_look_at_besides() {
        let items = [
            made("a", false, 0.2, true),
            made("b", false, UNCERTAIN, true),
            made("c", true, UNCERTAIN - 0.001, true),
            made("d", true, 0.0, false),
            made("e", false, 1.0, false),
            failed("f"),
            failed("g"),
        ];
        let counts = Counts::of(&items.iter().collect::<Vec<_>>());
        let expected = Counts {
            done: 3,
            unchanged: 2,
            failed: 2,
            uncertain: 3,
        };
        assert_eq!(counts, expected);
        assert_eq!(counts.all(), items.len());
    }

    #[test]
    fn what_failed_comes_first_then_the_least_certain_and_names_decide_between_equals() {
        let mut items = [
            made("sure", false, 0.1, true),
            failed("z"),
            made("b", false, 0.9, true),
            made("a", true, 0.9, true),
            failed("y"),
            made("middle", false, 0.5, true),
        ];
        items.sort_by(Item::order);
        let names = items.iter().map(|item| &*item.name).collect::<Vec<_>>();
        assert_eq!(names, ["y", "z", "a", "b", "middle", "sure"]);
    }
}
