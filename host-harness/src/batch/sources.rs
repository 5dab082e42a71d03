//! The arguments of a batch, read once.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::{Error, Kind};

/// Longest list of names, in bytes: room for a million.
const MAX_LIST: u64 = 256 << 20;

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Everything below.
    Folder(PathBuf),
    /// What a pattern matches.
    Pattern(String),
    /// Files that were named together.
    Files(Vec<PathBuf>),
}

/// Reads `arguments`: folders, files, patterns, `@list` and `-`.
///
/// # Errors
/// Kind `io` for a list that cannot be read, `usage` for one that is too long.
pub(super) fn read(arguments: &[PathBuf]) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    let mut files = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        let list = argument.as_os_str().as_bytes().strip_prefix(b"@");
        if argument == Path::new("-") {
            named(read_list(io::stdin().lock(), "-")?, &mut sources);
        } else if let Some(name) = list.filter(|_| !argument.exists()) {
            let name = Path::new(OsStr::from_bytes(name));
            let shown = name.display().to_string();
            let file = fs::File::open(name).map_err(Error::io(format!("open the list {shown}")))?;
            named(read_list(file, &shown)?, &mut sources);
        } else if argument.is_dir() {
            sources.push(Source::Folder(argument.clone()));
        } else if argument.symlink_metadata().is_err() && text.contains(['*', '?', '[', '{']) {
            sources.push(Source::Pattern(text.into_owned()));
        } else {
            files.push(argument.clone());
        }
    }
    sources.push(Source::Files(files));
    Ok(sources)
}

fn named(names: Vec<PathBuf>, sources: &mut Vec<Source>) {
    let (folders, files): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.is_dir());
    sources.extend(folders.into_iter().map(Source::Folder));
    sources.push(Source::Files(files));
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
