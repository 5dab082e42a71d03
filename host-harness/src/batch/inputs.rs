//! The images that a batch takes, and what it leaves out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::path_text::PathText;
use super::progress::Progress;
use super::results::Results;
use super::state_folder;
use crate::files;
use crate::{Error, Kind};

/// An image to take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Input {
    /// Its place in the tree that is kept, below the output folder.
    pub(super) relative: PathBuf,
    /// Where it is.
    pub(super) path: PathBuf,
}

/// Images that the sources hold, and problems with them.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Images, sorted and each once.
    pub(super) inputs: Vec<Input>,
    /// Inputs that were named and cannot be taken.
    pub(super) problems: Vec<(PathBuf, Error)>,
    /// Inputs that were named and are results of a batch.
    pub(super) left_out: Vec<PathBuf>,
    /// How many results of batches were left out, by the batches' output folders.
    pub(super) results: BTreeMap<PathBuf, usize>,
    /// Output folders whose manifests are not believed, and why.
    pub(super) ignored: BTreeMap<PathBuf, String>,
    /// How many hidden files and folders were left out.
    pub(super) hidden: usize,
}

impl Inputs {
    /// Whether the file at `path` was made by a batch, and is left out.
    pub(super) fn leaves_out(&mut self, path: &Path, results: &Results<'_>) -> bool {
        let batch = results.batch_of(path);
        let Some(batch) = batch else {
            return false;
        };
        *self.results.entry(batch).or_default() += 1;
        true
    }

    /// Says what is left out, and why.
    pub(super) fn tell_left_out(&self, progress: &Progress) {
        for path in &self.left_out {
            let shown = PathText::from(&**path);
            progress.tell(&format!("{shown} is left out: it is a result of a batch"));
        }
        for (folder, count) in &self.results {
            let shown = PathText::from(&**folder);
            progress.tell(&format!(
                "images left out as results of the batch in {shown}: {count}"
            ));
        }
        for (folder, why) in &self.ignored {
            let shown = PathText::from(&*state_folder::manifest(folder));
            progress.tell(&format!(
                "warning: {shown} is not used: {why}; results of that batch are taken for images"
            ));
        }
        if self.hidden > 0 {
            let count = self.hidden;
            progress.tell(&format!(
                "hidden files and folders left out: {count}; --hidden takes them"
            ));
        }
    }
}

/// Files that were named together keep their places below the folder that they have in common.
pub(super) fn group(files: &[PathBuf], found: &mut Inputs) {
    let mut placed = Vec::new();
    for path in files {
        match real(path) {
            Ok(real) => placed.push((path, real)),
            Err(error) => found.problems.push((path.clone(), error)),
        }
    }
    let mut parents = placed.iter().filter_map(|(_, real)| real.parent());
    let Some(first) = parents.next() else {
        return;
    };
    let common = parents.fold(first, |common, parent| {
        common
            .ancestors()
            .find(|ancestor| parent.starts_with(ancestor))
            .unwrap_or(common)
    });
    let common = common.to_owned();
    for (path, real) in placed {
        let relative = real.strip_prefix(&common).unwrap_or(&real).to_owned();
        if let Err(error) = fs::metadata(path) {
            let why = format!("it cannot be found: {error}");
            let problem = (path.clone(), Error::new(Kind::Io, why));
            found.problems.push(problem);
            continue;
        }
        let path = path.clone();
        found.inputs.push(Input { path, relative });
    }
}

/// The path with its folder's links resolved.
fn real(path: &Path) -> Result<PathBuf, Error> {
    let missing = |error: io::Error| Error::new(Kind::Io, format!("it cannot be found: {error}"));
    let no_name = || Error::new(Kind::Io, "it has no name of its own; name the file");
    let name = path.file_name().ok_or_else(no_name)?;
    let folder = fs::canonicalize(files::folder(path)).map_err(missing)?;
    Ok(folder.join(name))
}
