//! The arguments of a batch, read once.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::config::Config;
use super::list;
use crate::{Error, Kind};

/// Where images come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Everything below.
    Folder(PathBuf),
    /// The files that a pattern matches.
    Pattern(String),
    /// Files that were named together.
    Files(Vec<PathBuf>),
}

/// Reads `arguments`: folders, files, patterns, `@list` and `-`.
///
/// # Errors
/// Kind `io` for a list that cannot be opened; as [`list::read`].
pub(super) fn read(arguments: &[PathBuf]) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    let mut files = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        let listed = argument.as_os_str().as_bytes().strip_prefix(b"@");
        if argument == Path::new("-") {
            named(list::read(io::stdin().lock(), "-")?, &mut sources);
        } else if let Some(name) = listed.filter(|_| !argument.exists()) {
            let name = Path::new(OsStr::from_bytes(name));
            let shown = name.display().to_string();
            let file = fs::File::open(name).map_err(Error::io(format!("open the list {shown}")))?;
            named(list::read(file, &shown)?, &mut sources);
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

/// The folders among `sources` if they are to be watched, by their whole paths, as the system will call them.
///
/// # Errors
/// Kind `usage` when there is none, `io` when the working folder is gone.
pub(super) fn to_watch(config: &Config, sources: &mut [Source]) -> Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    for source in sources {
        if let Source::Folder(folder) = source
            && config.watch
        {
            *folder = std::path::absolute(&*folder).map_err(Error::io("find the folder"))?;
            folders.push(folder.clone());
        }
    }
    if config.watch && folders.is_empty() {
        let missing = config.inputs.iter().find(|input| !input.exists());
        let text = match missing.map(|input| input.display()) {
            Some(input) => {
                format!(
                    "{input} does not exist, and --watch needs a folder; create it with mkdir {input}"
                )
            }
            None => "--watch needs a folder to watch among the inputs".to_owned(),
        };
        return Err(Error::new(Kind::Usage, text));
    }
    Ok(folders)
}

fn named(names: Vec<PathBuf>, sources: &mut Vec<Source>) {
    let (folders, files): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.is_dir());
    sources.extend(folders.into_iter().map(Source::Folder));
    sources.push(Source::Files(files));
}
