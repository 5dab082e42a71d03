//! Results of batches, this one's and others', which are no inputs.

use std::cell::{LazyCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use super::manifest_line::{WrittenFile, is_any};
use super::others::Others;
use super::state_folder;
use crate::files::{file_id, open_regular};

/// Knows results by the manifests of the folders that they stand in.
pub(super) struct Results<'a> {
    /// The manifest that this run writes.
    own: Option<&'a Manifest>,
    /// Whether folders are this run's output folder.
    is_own: RefCell<HashMap<PathBuf, bool>>,
    others: RefCell<Others>,
    /// Folders whose manifests are not believed, and why.
    ignored: RefCell<BTreeMap<PathBuf, String>>,
}

impl<'a> Results<'a> {
    /// For a batch whose output folder's manifest is `own`; `None` if the folder has none yet.
    pub(super) fn new(own: Option<&'a Manifest>) -> Self {
        Self {
            own,
            is_own: RefCell::default(),
            others: RefCell::default(),
            ignored: RefCell::default(),
        }
    }

    /// The output folder of the batch that made the file at `path`: a result or a contact sheet, unchanged, or part of a
    /// folder `.cutout`.
    pub(super) fn batch_of(&self, path: &Path) -> Option<PathBuf> {
        let path = std::path::absolute(path).ok()?;
        if let Some(at) = path.iter().position(|part| part == state_folder::NAME) {
            return Some(path.iter().take(at).collect());
        }
        let image = LazyCell::new(|| open_regular(&path).ok());
        let mut folders = path.ancestors().skip(1);
        let has = |folder: &&Path| self.is_result(folder, &path, &image);
        folders.find(has).map(Path::to_owned).or_else(|| {
            let own = self.own?;
            let sheet = own.sheet(&path)?;
            (image.as_ref().is_some_and(|image| sheet.is(image))).then(|| own.out().to_owned())
        })
    }

    /// Folders whose manifests are not believed, and why.
    pub(super) fn ignored(&self) -> BTreeMap<PathBuf, String> {
        self.ignored.borrow().clone()
    }

    /// Whether the manifest in `folder` says that the file at `path` is a result.
    fn is_result<F>(&self, folder: &Path, path: &Path, image: &LazyCell<Option<File>, F>) -> bool
    where
        F: FnOnce() -> Option<File>,
    {
        let below = path.strip_prefix(folder).unwrap_or(path);
        if let Some(own) = self.own.filter(|own| self.is_own(own, folder)) {
            return is_made(&own.written(below), image);
        }
        let mut others = self.others.borrow_mut();
        let is_result = others.is_result(folder, below, || image.as_ref());
        is_result.unwrap_or_else(|why| {
            let mut ignored = self.ignored.borrow_mut();
            ignored.insert(folder.to_owned(), why.to_string());
            false
        })
    }

    /// Whether `folder` is the output folder of the manifest `own`.
    fn is_own(&self, own: &Manifest, folder: &Path) -> bool {
        let mut known = self.is_own.borrow_mut();
        if let Some(is_own) = known.get(folder) {
            return *is_own;
        }
        let is_own = file_id(folder) == Some(own.id());
        known.insert(folder.to_owned(), is_own);
        is_own
    }
}

/// Whether `image` is one of `written`.
fn is_made<F: FnOnce() -> Option<File>>(
    written: &[WrittenFile],
    image: &LazyCell<Option<File>, F>,
) -> bool {
    // Most images are none, and are not opened to find out.
    !written.is_empty() && image.as_ref().is_some_and(|image| is_any(written, image))
}
