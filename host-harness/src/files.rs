//! Pictures from and to files and standard streams.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Kind};

/// Where a picture comes from or goes to: a file, or a standard stream (`-`).
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
    let mut bytes = Vec::new();
    let limit = max_bytes.saturating_add(1);
    match from {
        Place::Stream => io::stdin().lock().take(limit).read_to_end(&mut bytes),
        Place::File(path) => File::open(path).and_then(|f| {
            // A hint only: what stands behind the name may grow, or have no length.
            let length = f.metadata()?.len().min(limit);
            bytes.reserve(usize::try_from(length).unwrap_or_default());
            f.take(limit).read_to_end(&mut bytes)
        }),
    }
    .map_err(Error::io(format!("read {from}")))?;
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

/// Writes `bytes`; into a file whole or not at all.
pub(crate) fn write(to: &Place, bytes: &[u8]) -> Result<(), Error> {
    match to {
        Place::Stream => {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        }
        Place::File(path) if !folder(path).is_dir() => {
            let folder = folder(path).display();
            let text = format!(
                "cannot write {to}: the folder {folder} does not exist; create it or name another output"
            );
            return Err(Error::new(Kind::Io, text));
        }
        Place::File(path) => write_atomically(path, bytes),
    }
    .map_err(Error::io(format!("write {to}")))
}

/// Writes `bytes` whole or not at all: into a temporary file beside `path`, then renamed.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by_way_of(folder(path), path, bytes)
}

/// The folder that `path` is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Writes `bytes` whole or not at all: into a temporary file in `folder`, on the file system of `path`, then renamed.
pub(crate) fn write_by_way_of(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".cutout-")
        .permissions(default_permissions())
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// What a plain new file gets: the umask takes its part.
#[cfg(unix)]
fn default_permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Whether two places are one, which need not be there yet.
pub(crate) fn is_same(a: &Place, b: &Place) -> bool {
    let (Place::File(a), Place::File(b)) = (a, b) else {
        return a == b;
    };
    let is_one = |a: &Path, b: &Path| same_file::is_same_file(a, b).unwrap_or(false);
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
