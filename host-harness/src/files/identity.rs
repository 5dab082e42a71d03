//! Paths and identities of files.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The folder that `path` is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The place of `path` below the folder `top`, whatever that is called in it; `None` for a path elsewhere. It need not be there
/// yet, and nothing is opened.
pub(crate) fn place_below(top: &Path, path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let name = path.file_name()?;
    let real = fs::canonicalize(folder(&path)).map(|folder| folder.join(name));
    let (whole, id) = (std::path::absolute(top).ok()?, file_id(top));
    let is_top = |at: &&Path| **at == whole || id.is_some() && file_id(at) == id;
    let below = |path: &Path| {
        let top = path.ancestors().skip(1).find(is_top)?;
        let below = path.strip_prefix(top).ok()?;
        (!below.starts_with("..")).then(|| below.to_owned())
    };
    below(&path).or_else(|| below(&real.ok()?))
}

/// A file's identity, device and inode: whatever it is called, it is the same file.
pub(crate) type FileId = (u64, u64);

/// The identity of what `path` leads to, links followed.
pub(crate) fn file_id(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().as_ref().map(id_of)
}

/// The identity of the file that `metadata` is of.
pub(crate) fn id_of(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}
