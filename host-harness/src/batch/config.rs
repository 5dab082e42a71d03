//! Configuration of a batch.

use std::path::PathBuf;

use blake3::Hash;
use cutout::{Background, Options};

use super::image_name::is_image;
use super::inputs::{Input, Inputs};
use crate::files::file_id;
use crate::{Error, Kind};

/// Configuration of a batch.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folders, files, patterns, `@list` or `-`.
    pub inputs: Vec<PathBuf>,
    /// The folder that the results go to.
    pub out: PathBuf,
    /// Options of each result; thumbnails are asked for as the contact sheet needs them.
    pub options: Options,
    /// Workers; with a fleet, images in work at most.
    pub jobs: usize,
    /// Whether what is done is done again.
    pub overwrite: bool,
    /// Whether the first failure ends the batch.
    pub fail_fast: bool,
    /// Whether nothing but errors is shown.
    pub quiet: bool,
    /// A line of JSON for every image.
    pub report: Option<PathBuf>,
    /// Before and after, in HTML or PNG.
    pub contact_sheet: Option<PathBuf>,
    /// Whether hidden files and folders are taken like others.
    pub hidden: bool,
    /// Whether results' names are free of what shares forbid.
    pub safe_names: bool,
    /// Whether folders are watched for more.
    pub watch: bool,
    /// Everything else that results depend on: engine, runtime, model, versions; or the fleet.
    pub identity: String,
}

impl Config {
    /// A report takes the place of what is there, so that must be no image.
    pub(super) fn refuse_report(&self, found: &Inputs) -> Result<(), Error> {
        let Some(report) = &self.report else {
            return Ok(());
        };
        let id = file_id(report);
        let is_input = |input: &Input| id.is_some() && file_id(&input.path) == id;
        if is_image(report) || found.inputs.iter().any(is_input) {
            let text = format!(
                "--report {}: that is an image; name another file",
                report.display()
            );
            return Err(Error::new(Kind::Usage, text));
        }
        Ok(())
    }

    /// A batch writes to a folder; a name like an image's was meant for `run`.
    pub(super) fn refuse_file_as_folder(&self) -> Result<(), Error> {
        let out = self.out.display();
        if self.out.is_dir() || !is_image(&self.out) && !self.out.exists() {
            return Ok(());
        }
        let text =
            format!("-o {out}: batch writes to a folder; for one image: cutout run IMAGE -o {out}");
        Err(Error::new(Kind::Usage, text))
    }

    /// Names everything that results depend on besides the image; limits only decide whether there is one.
    pub(super) fn recipe(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        let mut options = self.options.clone();
        options.limits = cutout::Limits::default();
        if let Background::Picture(file) = &options.background {
            hasher.update(file);
            options.background = Background::Picture(Vec::new());
        }
        hasher.update(self.identity.as_bytes());
        hasher.update(format!("{options:?}").as_bytes());
        hasher.finalize()
    }
}
