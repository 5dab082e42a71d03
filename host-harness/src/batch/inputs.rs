//! What a batch takes: folders, files, patterns and lists.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::manifest;
use crate::{Error, Kind};

/// Names that are pictures by their extension; in folders, only these are taken.
const EXTENSIONS: [&str; 9] = [
    "jpg", "jpeg", "jfif", "png", "webp", "bmp", "gif", "tif", "tiff",
];

/// Longest list of names, in bytes: room for a million.
const MAX_LIST: u64 = 256 << 20;

/// A picture to take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Input {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its place in the tree that is kept, below the output folder.
    pub(super) relative: PathBuf,
}

/// What the arguments came to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Pictures, sorted and each once.
    pub(super) inputs: Vec<Input>,
    /// What was named and cannot be taken.
    pub(super) problems: Vec<(PathBuf, Error)>,
    /// The folders that were named.
    pub(super) folders: Vec<PathBuf>,
}

/// A file's identity: whatever it is called, it is the same file.
pub(super) type FileId = (u64, u64);

pub(super) fn file_id(path: &Path) -> Option<FileId> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Whether a file in a folder is taken for a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|e| EXTENSIONS.contains(&e.to_ascii_lowercase().as_str()))
}

/// Expands `arguments`; nothing in the folder `out` is taken, nor what is an output by the manifest of any folder met,
/// nor `made`, files that this run writes itself.
///
/// # Errors
/// Kind `io` for a list that cannot be read, `usage` for one that is too long.
pub(super) fn find(arguments: &[PathBuf], out: &Path, made: &[PathBuf]) -> Result<Found, Error> {
    let mut found = Found::default();
    let skip = Skip::new(out, made);
    let mut files = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        if argument == Path::new("-") {
            list(&read_list(io::stdin().lock(), "-")?, &skip, &mut found);
        } else if let Some(name) = text.strip_prefix('@').filter(|_| !argument.exists()) {
            let file = fs::File::open(name).map_err(Error::io(format!("open the list {name}")))?;
            list(&read_list(file, name)?, &skip, &mut found);
        } else if argument.is_dir() {
            folder(argument, &skip, &mut found);
        } else if argument.symlink_metadata().is_err() && text.contains(['*', '?', '[']) {
            pattern(&text, &skip, &mut found);
        } else {
            files.push(argument.clone());
        }
    }
    group(&files, &mut found);
    found.inputs.sort();
    found.inputs.dedup();
    Ok(found)
}

/// The pictures below `root`, which may be a folder that has just come to a folder being watched.
pub(super) fn walk(root: &Path, out: &Path, made: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Found::default();
    folder(root, &Skip::new(out, made), &mut found);
    found.inputs.into_iter().map(|input| input.path).collect()
}

/// What is never an input.
struct Skip {
    out: Option<FileId>,
    made: HashSet<FileId>,
}

impl Skip {
    fn new(out: &Path, made: &[PathBuf]) -> Self {
        Self {
            out: file_id(out),
            made: made.iter().filter_map(|path| file_id(path)).collect(),
        }
    }
}

fn folder(root: &Path, skip: &Skip, found: &mut Found) {
    found.folders.push(root.to_owned());
    let mut outputs = HashSet::new();
    let entries = WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let path = entry.path();
            if !entry.file_type().is_dir() {
                return true;
            }
            if path.join(manifest::FOLDER).is_dir() {
                outputs.extend(manifest::outputs_of(path));
            }
            let is_state = entry.depth() > 0 && entry.file_name() == manifest::FOLDER;
            let is_out = entry.depth() > 0 && skip.out.is_some() && file_id(path) == skip.out;
            !is_state && !is_out
        })
        .collect::<Vec<_>>();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            // A link into the folder it stands in shows nothing new.
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let text = format!("cannot look at {}: {error}", path.display());
                found.problems.push((path, Error::new(Kind::Io, text)));
                continue;
            }
        };
        let path = entry.path();
        let wanted = entry.file_type().is_file() && is_picture(path) && !outputs.contains(path);
        if wanted && !file_id(path).is_some_and(|id| skip.made.contains(&id)) {
            let relative = path.strip_prefix(root).unwrap_or(path).to_owned();
            let path = path.to_owned();
            found.inputs.push(Input { path, relative });
        }
    }
}

fn pattern(text: &str, skip: &Skip, found: &mut Found) {
    let matches = match glob::glob(text) {
        Ok(matches) => matches,
        Err(error) => {
            let why = format!("the pattern cannot be read: {error}");
            let problem = (PathBuf::from(text), Error::new(Kind::Usage, why));
            found.problems.push(problem);
            return;
        }
    };
    let mut files = Vec::new();
    for path in matches {
        match path {
            Ok(path) if path.is_dir() => {}
            Ok(path) => files.push(path),
            Err(error) => {
                let text = format!(
                    "cannot look at {}: {}",
                    error.path().display(),
                    error.error()
                );
                let problem = (error.path().to_owned(), Error::new(Kind::Io, text));
                found.problems.push(problem);
            }
        }
    }
    files.retain(|path| {
        let id = file_id(path);
        !id.is_some_and(|id| skip.made.contains(&id)) && !is_below(path, skip.out)
    });
    if files.is_empty() {
        let why = "nothing matches the pattern";
        let problem = (PathBuf::from(text), Error::new(Kind::Io, why));
        found.problems.push(problem);
    }
    group(&files, found);
}

fn is_below(path: &Path, folder: Option<FileId>) -> bool {
    folder.is_some() && path.ancestors().skip(1).any(|a| file_id(a) == folder)
}

/// Names, one a line, or divided by NUL as `find -print0` writes them.
fn read_list(from: impl Read, name: &str) -> Result<Vec<PathBuf>, Error> {
    let mut bytes = Vec::new();
    from.take(MAX_LIST + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io(format!("read the list {name}")))?;
    if bytes.len() as u64 > MAX_LIST {
        let text = format!("the list {name} is above {} MiB; split it", MAX_LIST >> 20);
        return Err(Error::new(Kind::Usage, text));
    }
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let names = bytes.split(|byte| *byte == end).map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        PathBuf::from(OsString::from_vec(line.to_vec()))
    });
    Ok(names.filter(|name| !name.as_os_str().is_empty()).collect())
}

fn list(names: &[PathBuf], skip: &Skip, found: &mut Found) {
    let (folders, files): (Vec<_>, Vec<_>) = names.iter().cloned().partition(|n| n.is_dir());
    for name in folders {
        folder(&name, skip, found);
    }
    group(&files, found);
}

/// Files that were named together keep their places below the folder that they have in common.
fn group(files: &[PathBuf], found: &mut Found) {
    let mut placed = Vec::new();
    for path in files {
        match real(path) {
            Ok(real) => placed.push((path.clone(), real)),
            Err(error) => {
                let text = format!("cannot find {}: {error}", path.display());
                found
                    .problems
                    .push((path.clone(), Error::new(Kind::Io, text)));
            }
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
        found.inputs.push(Input { path, relative });
    }
}

/// The path with its folder's links resolved; the file itself has to be there.
fn real(path: &Path) -> io::Result<PathBuf> {
    fs::metadata(path)?;
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("it has no name"))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    Ok(fs::canonicalize(parent.unwrap_or(Path::new(".")))?.join(name))
}
