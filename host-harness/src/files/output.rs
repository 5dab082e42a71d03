//! Writing a result, by what stands at its path.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, PROC_SUPER_MAGIC, statfs};
use rustix::process::geteuid;

use super::folder::{Folder, NEW_FILE};
use super::identity::folder;

/// Most links from one path to the next: as many as Linux follows (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Where a link that somebody puts there meanwhile is not followed.
const NO_LINK: i32 = OFlags::NOFOLLOW.bits().cast_signed();

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
    /// Whatever the file system answers; links that lead nowhere are none. Kind `PermissionDenied` for a link of somebody else.
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
                    refuse_foreign_link(&path, &metadata)?;
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

/// Refuses a link that is neither this user's nor root's nor of the owner of what it leads to: whoever may put it into the
/// folder would choose what is written to.
fn refuse_foreign_link(path: &Path, link: &Metadata) -> io::Result<()> {
    let owner = link.uid();
    let is_of_target = || fs::metadata(path).is_ok_and(|target| target.uid() == owner);
    if [geteuid().as_raw(), 0].contains(&owner) || is_of_target() {
        return Ok(());
    }
    let text = format!(
        "{} is a link of another user ({owner}); name the file that it leads to",
        path.display()
    );
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
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
    match replace(&path, bytes) {
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
        Target::File(path) => {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            options.custom_flags(NO_LINK).open(path)
        }
    }
}

/// Puts a file with `bytes` in the place of what stands at `path`, a link for itself, whole or not at all.
///
/// # Errors
/// Whatever the file system answers.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let no_name = || io::Error::new(ErrorKind::IsADirectory, "it has no name of its own");
    let name = path.file_name().ok_or_else(no_name)?;
    let folder = Folder::open(folder(path))?;
    let old = folder.standing(name)?;
    folder.replace(name, old.as_ref(), &folder, NEW_FILE, bytes)?;
    Ok(())
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
    let mut options = OpenOptions::new();
    let mut file = options.write(true).custom_flags(NO_LINK).open(path)?;
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

#[cfg(test)]
mod tests;
