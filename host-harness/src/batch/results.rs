//! What is no picture to take: results of batches, this one's and others'.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use super::history::History;
use super::manifest::{self, Manifest};
use crate::files::file_id;

/// Knows results by the manifests of the folders that they stand in.
pub(super) struct Results<'a> {
    /// The manifest that this run writes.
    own: Option<&'a Manifest>,
    /// The output folder's manifest, for its contact sheets.
    out: PathBuf,
    read: RefCell<HashMap<PathBuf, Known>>,
}

struct Known {
    written: Option<(u64, SystemTime)>,
    history: Option<Rc<History>>,
}

impl<'a> Results<'a> {
    /// For a batch into the folder `out`, whose manifest is `own` once it is open.
    pub(super) fn new(out: &Path, own: Option<&'a Manifest>) -> Self {
        Self {
            own,
            out: out.to_owned(),
            read: RefCell::default(),
        }
    }

    /// Whether the file at `path` was made by a batch: a result or a contact sheet, unchanged, or part of a folder
    /// `.cutout`.
    pub(super) fn has(&self, path: &Path) -> bool {
        let Ok(path) = std::path::absolute(path) else {
            return false;
        };
        if path.iter().any(|part| part == manifest::FOLDER) {
            return true;
        }
        let is_result = |folder: &Path| {
            let below = path.strip_prefix(folder).unwrap_or(&path);
            match self.own {
                Some(own) if own.id() == file_id(folder) => own.is_result(below),
                _ => (self.history(folder)).is_some_and(|h| h.is_result(folder, below)),
            }
        };
        let is_sheet = || match self.own {
            Some(own) => own.is_sheet(&path),
            None => (self.history(&self.out)).is_some_and(|history| history.is_sheet(&path)),
        };
        path.ancestors().skip(1).any(is_result) || is_sheet()
    }

    /// The manifest in `folder`, read again when it has changed.
    fn history(&self, folder: &Path) -> Option<Rc<History>> {
        let file = manifest::file(folder);
        let metadata = fs::metadata(&file).ok();
        let written = metadata.and_then(|m| Some((m.len(), m.modified().ok()?)));
        let mut read = self.read.borrow_mut();
        if let Some(known) = read.get(folder)
            && known.written == written
        {
            return known.history.clone();
        }
        let history = written.and_then(|_| History::read(&file).ok()).map(Rc::new);
        let known = Known {
            written,
            history: history.clone(),
        };
        read.insert(folder.to_owned(), known);
        history
    }
}
