//! Writing a result, by what stands at its path.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{PROC_SUPER_MAGIC, statfs};

use super::folder;

/// Most links from one path to the next: as many as Linux follows (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// How a path is written to.
#[derive(Debug)]
enum Target {
    /// As it is, neither renamed over nor cut to length: a device, a FIFO, or a descriptor of a process.
    InPlace(PathBuf),
    /// A file at the end of all links: another one takes its place.
    File(PathBuf),
}

impl Target {
    /// # Errors
    /// Whatever the file system answers; links that lead nowhere are none.
    fn of(path: &Path) -> io::Result<Self> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            // Links there lead to open files, some of which have no name.
            if is_in_proc(&path) {
                return Ok(Self::InPlace(path));
            }
            match path.symlink_metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::File(path)),
                Err(error) => return Err(error),
                Ok(metadata) if metadata.is_symlink() => {
                    path = folder(&path).join(fs::read_link(&path)?);
                }
                Ok(metadata) if metadata.is_file() || metadata.is_dir() => {
                    return Ok(Self::File(path));
                }
                Ok(_) => return Ok(Self::InPlace(path)),
            }
        }
        Err(io::Error::other("its links lead round in a circle"))
    }
}

fn is_in_proc(path: &Path) -> bool {
    statfs(folder(path)).is_ok_and(|system| system.f_type == PROC_SUPER_MAGIC)
}

/// Whether what stands at `path` is written to as it is: a device, a FIFO, or a descriptor of a process (`/dev/fd/3`).
pub(crate) fn is_in_place(path: &Path) -> bool {
    matches!(Target::of(path), Ok(Target::InPlace(_)))
}

/// Writes `bytes` to what `path` leads to. A file is written whole or not at all and keeps its mode, and its owner where
/// this process may give it away; one that cannot be replaced, since its folder takes no other files, is written over.
/// A device, a FIFO and a descriptor of a process get the bytes.
///
/// # Errors
/// Whatever the file system answers.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = match Target::of(path)? {
        Target::InPlace(path) => return open_in_place(&path)?.write_all(bytes),
        Target::File(path) => path,
    };
    let folder = folder(&path);
    if !folder.is_dir() {
        let folder = folder.display();
        let text = format!("the folder {folder} does not exist; create it or name another output");
        return Err(io::Error::new(ErrorKind::NotFound, text));
    }
    match replace(folder, &path, bytes) {
        Err(error) if is_of_folder(&error) && path.is_file() => write_over(&path, bytes),
        written => written,
    }
}

/// Opens what `path` leads to for what is written bit by bit: a file is emptied, or made.
///
/// # Errors
/// Whatever the file system answers.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    match Target::of(path)? {
        Target::InPlace(path) => open_in_place(&path),
        Target::File(path) => File::create(path),
    }
}

/// Puts a file with `bytes` in the place of what stands at `path`, whole or not at all, by way of a temporary file in
/// `by_way_of`, a folder on the same file system. It keeps the mode and, where this process may give it away, the owner
/// of a file that stands there.
///
/// # Errors
/// Whatever the file system answers.
pub(crate) fn replace(by_way_of: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".cutout-")
        .permissions(default_permissions())
        .tempfile_in(by_way_of)?;
    // Before the bytes are in it, which may be for few to read.
    let old = path.symlink_metadata().ok();
    if let Some(old) = old.filter(Metadata::is_file) {
        keep_owner_and_mode(file.as_file(), &old)?;
    }
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// The owner first: the system takes some bits of the mode away when it changes.
fn keep_owner_and_mode(file: &File, old: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        // Only root may give files away; somebody else's result is the writer's then.
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
    match file.set_permissions(old.permissions()) {
        // File systems of other kinds, such as FAT, have no modes.
        Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

/// Whether `error` speaks of the folder, which takes no new file or gives none away, and not of the file in it.
fn is_of_folder(error: &io::Error) -> bool {
    use ErrorKind::{PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    // Busy is a file that is mounted, as containers do with single files.
    matches!(
        error.kind(),
        PermissionDenied | ReadOnlyFilesystem | ResourceBusy
    )
}

/// Writes into the file itself, which is not whole meanwhile.
fn write_over(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// At the end of what is there: a descriptor may be that of a file that others write to (`3>> log`).
fn open_in_place(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_socket() {
        let text = "it is a socket, which cannot be opened by name; write to standard output: -o -";
        return Err(io::Error::new(ErrorKind::Unsupported, text));
    }
    OpenOptions::new().append(true).open(path)
}

/// What a plain new file gets: the umask takes its part.
fn default_permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

#[cfg(test)]
mod tests;
