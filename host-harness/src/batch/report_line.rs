//! The record of one image in reports.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::details::Details;
use super::manifest_line::{DoneImage, WrittenFile};
use super::path_text::PathText;
use crate::Error;

/// The outcome of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Its results were made by this run.
    Done,
    /// Its results were there already.
    Skipped,
    /// It has no results.
    Failed,
}

/// One line of the report.
#[derive(Debug, Serialize)]
pub(super) struct ReportLine {
    pub(super) input: PathText,
    /// Of a failed image: where its result would be, if it came that far.
    pub(super) output: Option<PathText>,
    pub(super) mask: Option<PathText>,
    pub(super) status: Status,
    /// Whether the plain name was not its alone.
    pub(super) moved: bool,
    pub(super) error: Option<Cause>,
    /// The host of a fleet that made it, or could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    #[serde(flatten)]
    pub(super) details: Option<Details>,
}

/// Why an image failed.
#[derive(Debug, Serialize)]
pub(super) struct Cause {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl ReportLine {
    pub(super) fn made(input: &Path, out: &Path, entry: DoneImage, status: Status) -> Self {
        let place = |made: WrittenFile| PathText::from(&*out.join(PathBuf::from(made.path)));
        Self {
            input: input.into(),
            output: Some(place(entry.output)),
            mask: entry.mask.map(place),
            status,
            moved: false,
            error: None,
            host: entry.host,
            details: Some(entry.details),
        }
    }

    pub(super) fn failed(input: &Path, output: Option<&Path>, error: &Error) -> Self {
        Self {
            input: input.into(),
            output: output.map(PathText::from),
            mask: None,
            status: Status::Failed,
            moved: false,
            error: Some(Cause {
                kind: error.kind().as_str(),
                message: error.to_string(),
            }),
            host: None,
            details: None,
        }
    }
}
