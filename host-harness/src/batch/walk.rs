//! A walk through folders: each real folder once, however many links lead to it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use super::image_name::is_image;
use super::state_folder;
use crate::files::{self, FileId, file_id};
use crate::{Error, Kind};

/// Folders that systems make for themselves, beside those whose names begin with a dot: Windows, macOS (in its archives),
/// Synology, QNAP, and what a check of a disk has found.
const SYSTEM: [&str; 9] = [
    "$RECYCLE.BIN",
    "RECYCLER",
    "System Volume Information",
    "__MACOSX",
    "@eaDir",
    "#recycle",
    "#snapshot",
    "@Recycle",
    "lost+found",
];

/// Whether `name` is hidden: it begins with a dot, or is a folder of a system's own.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
        || SYSTEM.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Which entries of folders are taken.
pub(super) trait Wanted {
    /// Whether the file at `path` is. By default, if it is an image by its name.
    fn file(&self, path: &Path) -> bool {
        is_image(path)
    }

    /// Whether the folder at `path`, `depth` below the first one, is looked into. By default, all are.
    fn folder(&self, _path: &Path, _depth: usize) -> bool {
        true
    }

    /// Whether a hidden entry of this name is taken like any other.
    fn hidden(&self, name: &OsStr) -> bool;

    /// Called before the folder at `path` is read; `false` leaves it out. By default, none is.
    fn enter(&mut self, _path: &Path, _id: FileId) -> bool {
        true
    }
}

/// Findings of a walk.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Files that are wanted.
    pub(super) files: Vec<PathBuf>,
    /// Entries that could not be read, if they are folders or wanted by their names.
    pub(super) problems: Vec<(PathBuf, Error)>,
    /// Hidden files and folders that were left out: folders, and files that are wanted by their names.
    pub(super) hidden: usize,
}

/// A folder to read.
struct FolderToRead {
    path: PathBuf,
    depth: usize,
    /// The path without links.
    real: PathBuf,
}

/// Looks at everything below `folder`, which is `root` or below it, but not into the folder `out` or a folder of a batch's
/// own. Real folders come before links to them. A link to a folder that the link itself or `root` stands in would show what
/// nobody named, and is left alone.
pub(super) fn below(folder: &Path, root: &Path, out: &Path, wanted: &mut dyn Wanted) -> Findings {
    let mut held = Findings::default();
    let reals = fs::canonicalize(root).and_then(|root| Ok((root, fs::canonicalize(folder)?)));
    let (real_root, real) = match reals {
        Ok(reals) => reals,
        Err(error) => {
            held.problems.push(unseen(folder, &error));
            return held;
        }
    };
    let parent = fs::canonicalize(files::folder(folder));
    let leads_out = parent.is_ok_and(|parent| parent.starts_with(&real));
    if folder != root && (leads_out || real_root.starts_with(&real)) {
        return held;
    }
    let mut walk = Walk {
        root: real_root,
        out: file_id(out),
        wanted,
        entered: HashSet::new(),
        links: Vec::new(),
        held,
    };
    walk.tree(FolderToRead {
        path: folder.to_owned(),
        depth: 0,
        real,
    });
    while !walk.links.is_empty() {
        let mut links = mem::take(&mut walk.links);
        links.sort_by(|a, b| a.path.cmp(&b.path));
        links.into_iter().for_each(|link| walk.tree(link));
    }
    walk.held
}

struct Walk<'a> {
    root: PathBuf,
    out: Option<FileId>,
    wanted: &'a mut dyn Wanted,
    entered: HashSet<FileId>,
    /// Links to folders that are looked into when all real ones are done.
    links: Vec<FolderToRead>,
    held: Findings,
}

impl Walk<'_> {
    /// Reads a folder and the real ones below it.
    fn tree(&mut self, top: FolderToRead) {
        let mut folders = vec![top];
        while let Some(folder) = folders.pop() {
            let Some(id) = file_id(&folder.path) else {
                continue;
            };
            let is_out = folder.depth > 0 && self.out == Some(id);
            if is_out || !self.entered.insert(id) || !self.wanted.enter(&folder.path, id) {
                continue;
            }
            let entries = match fs::read_dir(&folder.path) {
                Ok(entries) => entries,
                Err(error) => {
                    self.held.problems.push(unseen(&folder.path, &error));
                    continue;
                }
            };
            let mut seen = Vec::new();
            for entry in entries {
                match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
                    Ok(entry) => seen.push(entry),
                    Err(error) => self.held.problems.push(unseen(&folder.path, &error)),
                }
            }
            // The last one is read next.
            seen.sort_by(|a, b| b.0.cmp(&a.0));
            for (name, kind) in seen {
                folders.extend(self.entry(&folder, &name, kind));
            }
        }
    }

    /// Takes one entry of `parent`; a folder to read is given back.
    fn entry(
        &mut self,
        parent: &FolderToRead,
        name: &OsStr,
        kind: FileType,
    ) -> Option<FolderToRead> {
        let (path, depth) = (parent.path.join(name), parent.depth + 1);
        let is_link = kind.is_symlink();
        let kind = if is_link {
            match fs::metadata(&path) {
                Ok(metadata) => metadata.file_type(),
                Err(error) => {
                    if self.wanted.file(&path) && !self.is_left_out(name) {
                        self.held.problems.push(unseen(&path, &error));
                    }
                    return None;
                }
            }
        } else {
            kind
        };
        let is_wanted = if kind.is_dir() {
            name != state_folder::NAME && self.wanted.folder(&path, depth)
        } else {
            kind.is_file() && self.wanted.file(&path)
        };
        if !is_wanted {
            return None;
        }
        if self.is_left_out(name) {
            self.held.hidden += 1;
            return None;
        }
        if !kind.is_dir() {
            self.held.files.push(path);
            return None;
        }
        if !is_link {
            let real = parent.real.join(name);
            return Some(FolderToRead { path, depth, real });
        }
        let real = fs::canonicalize(&path).ok()?;
        if !parent.real.starts_with(&real) && !self.root.starts_with(&real) {
            self.links.push(FolderToRead { path, depth, real });
        }
        None
    }

    fn is_left_out(&self, name: &OsStr) -> bool {
        is_hidden(name) && !self.wanted.hidden(name)
    }
}

fn unseen(path: &Path, error: &io::Error) -> (PathBuf, Error) {
    let why = format!("it cannot be looked at: {error}");
    (path.to_owned(), Error::new(Kind::Io, why))
}

/// Images by their names, in all folders.
pub(super) struct ByImageName {
    /// Whether hidden ones are taken, too.
    pub(super) hidden: bool,
}

impl Wanted for ByImageName {
    fn hidden(&self, _: &OsStr) -> bool {
        self.hidden
    }
}

#[cfg(test)]
mod tests;
