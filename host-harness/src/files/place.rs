//! Where images come from and go to: files and standard streams.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use super::identity::{file_id, folder};
use super::output::write_file;
use crate::{Error, Kind};

/// Names of standard output.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Where an image comes from or goes to: a file, or a standard stream (`-`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Standard input or standard output.
    Stream,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stream
        } else {
            Self::File(path.to_owned())
        }
    }
}

impl Place {
    /// Where a result goes that was asked for at `path`.
    pub(crate) fn of_output(path: &Path) -> Self {
        let is_standard = STANDARD_OUTPUT.iter().any(|name| path == Path::new(name));
        if is_standard {
            Self::Stream
        } else {
            Self::File(path.to_owned())
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Reads at most one byte more than `max_bytes`: enough for the core to refuse what is too long,
/// whatever stands behind the name.
pub(crate) fn read(from: &Place, max_bytes: u64) -> Result<Vec<u8>, Error> {
    match from {
        Place::Stream => {
            let mut bytes = Vec::new();
            let limit = max_bytes.saturating_add(1);
            let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
            read.map(|_| bytes)
        }
        Place::File(path) => File::open(path).and_then(|file| read_file(file, max_bytes)),
    }
    .map_err(Error::io(format!("read {from}")))
}

/// As [`read`], of an open file.
///
/// # Errors
/// Whatever the file system answers.
pub(crate) fn read_file(file: File, max_bytes: u64) -> io::Result<Vec<u8>> {
    let limit = max_bytes.saturating_add(1);
    // A hint only: what stands behind the name may grow, or have no length.
    let length = file.metadata()?.len().min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses to write what is no text to a terminal; `example` is a file name for the way out.
///
/// # Errors
/// Kind `usage`.
pub(crate) fn refuse_terminal(to: &Place, example: &str) -> Result<(), Error> {
    if *to == Place::Stream && io::stdout().is_terminal() {
        let text = format!(
            "standard output is a terminal; write to a file (-o {example}), or redirect: -o - > {example}"
        );
        return Err(Error::new(Kind::Usage, text));
    }
    Ok(())
}

/// Writes `bytes`; into a file as [`write_file`] does.
///
/// # Errors
/// Kind `io`.
pub(crate) fn write(to: &Place, bytes: &[u8]) -> Result<(), Error> {
    match to {
        Place::Stream => {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        }
        Place::File(path) => write_file(path, bytes),
    }
    .map_err(Error::io(format!("write {to}")))
}

/// Whether two places are one, which need not be there yet. Nothing is opened: a FIFO would wait for its other end.
pub(crate) fn is_same(a: &Place, b: &Place) -> bool {
    let (Place::File(a), Place::File(b)) = (a, b) else {
        return a == b;
    };
    let is_one = |a: &Path, b: &Path| file_id(a).is_some_and(|id| file_id(b) == Some(id));
    is_one(a, b) || a.file_name() == b.file_name() && is_one(folder(a), folder(b))
}

/// Refuses an output that is the input: the original must survive.
pub(crate) fn refuse_same(input: &Place, output: &Place) -> Result<(), Error> {
    if *output != Place::Stream && is_same(input, output) {
        let text = format!("{output} is the input itself; name another output");
        return Err(Error::new(Kind::Usage, text));
    }
    Ok(())
}
