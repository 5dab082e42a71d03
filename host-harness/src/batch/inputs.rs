//! The pictures that a batch takes.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use walkdir::{DirEntry, WalkDir};

use super::results::Results;
use super::sources::Source;
use crate::files::{self, file_id};
use crate::{Error, Kind};

/// Names that are pictures by their extension; in folders, only these are taken.
const EXTENSIONS: [&str; 13] = [
    "jpg", "jpeg", "jfif", "png", "webp", "heic", "heif", "hif", "avif", "bmp", "gif", "tif",
    "tiff",
];

/// A picture to take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Input {
    /// Its place in the tree that is kept, below the output folder.
    pub(super) relative: PathBuf,
    /// Where it is.
    pub(super) path: PathBuf,
}

/// What the sources came to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Pictures, sorted and each once.
    pub(super) inputs: Vec<Input>,
    /// What was named and cannot be taken.
    pub(super) problems: Vec<(PathBuf, Error)>,
    /// What was named and is a result of a batch.
    pub(super) left_out: Vec<PathBuf>,
}

/// Whether a file in a folder is taken for a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|e| EXTENSIONS.contains(&e.to_ascii_lowercase().as_str()))
}

/// The pictures of `sources`, without results of batches, and without what is in the folder `out` below a source.
pub(super) fn find(sources: &[Source], out: &Path, results: &Results<'_>) -> Found {
    let mut found = Found::default();
    for source in sources {
        match source {
            Source::Folder(root) => folder(root, out, results, &mut found),
            Source::Pattern(text) => pattern(text, out, results, &mut found),
            Source::Files(files) => {
                let (mut made, files): (Vec<_>, Vec<_>) =
                    files.iter().cloned().partition(|path| results.has(path));
                found.left_out.append(&mut made);
                group(&files, &mut found);
            }
        }
    }
    found.inputs.sort();
    let mut seen = HashSet::new();
    (found.inputs).retain(|input| seen.insert((file_id(&input.path), input.relative.clone())));
    found
}

/// The pictures below `root`, a folder that has just come to a folder being watched.
pub(super) fn walk(root: &Path, out: &Path, results: &Results<'_>) -> Vec<PathBuf> {
    let mut found = Found::default();
    folder(root, out, results, &mut found);
    found.inputs.into_iter().map(|input| input.path).collect()
}

fn folder(root: &Path, out: &Path, results: &Results<'_>, found: &mut Found) {
    for entry in files_below(root, usize::MAX, out) {
        match entry {
            Ok(path) => {
                if is_picture(&path) && !results.has(&path) {
                    let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
                    found.inputs.push(Input { path, relative });
                }
            }
            Err((path, error)) => found.problems.push((path, error)),
        }
    }
}

type Unseen = (PathBuf, Error);

/// Files below `root`, through links, but not those in the folder `out` or in a folder of a batch's own.
fn files_below(
    root: &Path,
    depth: usize,
    out: &Path,
) -> impl Iterator<Item = Result<PathBuf, Unseen>> {
    let out = file_id(out);
    let is_wanted = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_dir() && entry.depth() > 0;
        let is_state = entry.file_name() == super::manifest::FOLDER;
        !is_folder || !(is_state || (out.is_some() && file_id(entry.path()) == out))
    };
    let entries = WalkDir::new(root)
        .follow_links(true)
        .max_depth(depth)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_wanted);
    let root = root.to_owned();
    entries.filter_map(move |entry| match entry {
        Ok(entry) => (entry.file_type().is_file()).then(|| Ok(entry.into_path())),
        // A link into the folder it stands in shows nothing new.
        Err(error) if error.loop_ancestor().is_some() => None,
        Err(error) => {
            let path = error.path().unwrap_or(&root).to_owned();
            let why = format!("it cannot be looked at: {error}");
            let matters = is_picture(&path) || path.is_dir();
            matters.then(|| Err((path, Error::new(Kind::Io, why))))
        }
    })
}

/// Patterns are those of shells: `*` and `?` end at `/`, `**` does not, `[…]` and `{a,b}` choose.
fn pattern(text: &str, out: &Path, results: &Results<'_>, found: &mut Found) {
    let matcher = GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher());
    let matcher = match matcher {
        Ok(matcher) => matcher,
        Err(error) => {
            let why = format!("the pattern cannot be read: {error}");
            let problem = (PathBuf::from(text), Error::new(Kind::Usage, why));
            found.problems.push(problem);
            return;
        }
    };
    let is_plain = |part: &&OsStr| !part.to_string_lossy().contains(['*', '?', '[', '{']);
    let fixed: PathBuf = Path::new(text).iter().take_while(is_plain).collect();
    let here = fixed.as_os_str().is_empty();
    let root = if here { Path::new(".") } else { &*fixed };
    let depth = if text.contains("**") {
        usize::MAX
    } else {
        Path::new(text).iter().count() - fixed.iter().count()
    };
    let (mut matches, mut left_out) = (Vec::new(), 0);
    for entry in files_below(root, depth, out) {
        match entry {
            Ok(path) => {
                let path = match path.strip_prefix(".") {
                    Ok(below) if here => below.to_owned(),
                    _ => path,
                };
                if matcher.is_match(&path) {
                    if results.has(&path) {
                        left_out += 1;
                    } else {
                        matches.push(path);
                    }
                }
            }
            Err((path, error)) if matcher.is_match(&path) => found.problems.push((path, error)),
            Err(_) => {}
        }
    }
    if matches.is_empty() {
        let why = if left_out == 0 {
            "nothing matches the pattern"
        } else {
            "the pattern matches results of batches only"
        };
        let problem = (PathBuf::from(text), Error::new(Kind::Io, why));
        found.problems.push(problem);
    }
    group(&matches, found);
}

/// Files that were named together keep their places below the folder that they have in common.
fn group(files: &[PathBuf], found: &mut Found) {
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
