//! A folder that somebody else may have prepared: opened once, then worked in by its descriptor, so that no link in it leads
//! to anything outside.

mod temporary;

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, statat, unlinkat};
use rustix::io::Errno;

use super::regular::{WITHOUT_WAITING, given_back, regular};
use temporary::TemporaryName;

pub(crate) use temporary::Temporary;

/// The mode of a plain new file: the umask takes its part.
pub(crate) const NEW_FILE: u32 = 0o666;

/// How names of temporary files begin.
pub(crate) const TEMPORARY: &str = ".cutout-";

/// Names of temporary files that are tried: those of a killed process with the same number may be there.
const ATTEMPTS: usize = 1000;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder(Dir);

impl Folder {
    /// Opens the folder at `path`, to which links may lead.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(path, ambient_authority()).map(Self)
    }

    /// Opens the folder `name` in this one.
    ///
    /// # Errors
    /// Kind `NotADirectory` for a link and whatever else is no folder; whatever the file system answers.
    pub(crate) fn real(&self, name: &str) -> io::Result<Self> {
        // As a place alone: a folder that may not be listed can be written to.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.0, name, flags, Mode::empty()) {
            Ok(folder) => Ok(Self(Dir::from_std_file(folder.into()))),
            Err(Errno::LOOP | Errno::NOTDIR) => Err(io::Error::new(
                ErrorKind::NotADirectory,
                "it is a link or a file, and has to be a folder; remove it",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Folder::real`]; the folder is made if it is missing, with as much of `mode` as the umask leaves.
    pub(crate) fn make_real(&self, name: &str, mode: u32) -> io::Result<Self> {
        match mkdirat(&self.0, name, Mode::from_raw_mode(mode)) {
            Ok(()) | Err(Errno::EXIST) => self.real(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the folder at `path` below this one, and makes what is missing of it. Links are followed as long as they stay
    /// below.
    ///
    /// # Errors
    /// Kind `PermissionDenied` where a link leads out, `NotFound` where one leads nowhere; whatever the file system answers.
    pub(crate) fn make_below(&self, path: &Path) -> io::Result<Self> {
        if path.as_os_str().is_empty() {
            return self.0.try_clone().map(Self);
        }
        let opened = match self.0.open_dir(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made = self.0.create_dir_all(path);
                made.and_then(|()| self.0.open_dir(path))
            }
            opened => opened,
        };
        opened.map(Self).map_err(|error| match error.kind() {
            // What is there and cannot be found.
            ErrorKind::AlreadyExists => io::Error::new(
                ErrorKind::NotFound,
                "a link in its path leads nowhere; remove the link",
            ),
            _ => leads_out(error),
        })
    }

    /// Opens the regular file at `path` below this folder for reading. Links are followed as long as they stay below.
    ///
    /// # Errors
    /// As [`Folder::make_below`]; kind `InvalidInput` for what is no regular file, which is not waited for.
    pub(crate) fn file_below(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(WITHOUT_WAITING);
        let open = || self.0.open_with(path, &options);
        regular(given_back(open).map_err(leads_out)?.into_std())
    }

    /// Opens the regular file at `path` below this folder for what is written bit by bit: it is emptied, or made. Links are
    /// followed as long as they stay below.
    ///
    /// # Errors
    /// As [`Folder::file_below`].
    pub(crate) fn create(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // A FIFO that is open for both is not waited for.
        options.read(true).write(true).create(true);
        options.custom_flags(WITHOUT_WAITING);
        let open = || self.0.open_with(path, &options);
        let file = regular(given_back(open).map_err(leads_out)?.into_std())?;
        file.set_len(0)?;
        Ok(file)
    }

    /// Puts a file with `bytes` in the place of the regular file at `path` below this folder, or of nothing, whole or not at
    /// all. What a link leads to below is written over instead.
    ///
    /// # Errors
    /// As [`Folder::create`].
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let no_name = || io::Error::new(ErrorKind::IsADirectory, "it has no name of its own");
        let name = path.file_name().ok_or_else(no_name)?;
        let parent = self.make_below(path.parent().unwrap_or(Path::new("")))?;
        let old = parent.standing(name)?;
        if old.as_ref().is_none_or(is_file) {
            let replaced = parent.replace(name, old.as_ref(), &parent, NEW_FILE, bytes);
            return replaced.map(drop);
        }
        self.create(path)?.write_all(bytes)
    }

    /// Opens the regular file `name` in this folder for reading.
    ///
    /// # Errors
    /// Those of the file system, which refuses a link; kind `InvalidInput` for what is no regular file, which is not waited for.
    pub(crate) fn file(&self, name: &OsStr) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY, 0)
    }

    /// Opens the regular file `name` in this folder to be locked: it is made if it is missing, and keeps its bytes.
    ///
    /// # Errors
    /// As [`Folder::file`].
    pub(crate) fn lock_file(&self, name: &str) -> io::Result<File> {
        // Over NFS, only a file that may be written to can be locked.
        self.open_file(name.as_ref(), OFlags::RDWR | OFlags::CREATE, 0o664)
    }

    fn open_file(&self, name: &OsStr, flags: OFlags, mode: u32) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = || Ok(openat(&self.0, name, flags, Mode::from_raw_mode(mode))?);
        match given_back(open) {
            Ok(file) => regular(file.into()),
            Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => {
                let text = "it is a link, and has to be a file; remove it";
                Err(io::Error::new(ErrorKind::InvalidInput, text))
            }
            Err(error) => Err(error),
        }
    }

    /// What stands at `name` in this folder, a link for itself.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn standing(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            stat => Ok(Some(stat?)),
        }
    }

    /// Owner, mode and identity of the folder.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn stat(&self) -> io::Result<Stat> {
        Ok(fstat(&self.0)?)
    }

    /// Puts a file with `bytes` in the place of `name` in this folder, whole or not at all, by way of a temporary file in
    /// `by_way_of`, a folder on the same file system. It keeps the mode and, where this process may give it away, the owner
    /// of `old`, if that is a file; else it gets as much of `mode` as the umask leaves. A link is replaced. The file is open
    /// for appending.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn replace(
        &self,
        name: &OsStr,
        old: Option<&Stat>,
        by_way_of: &Self,
        mode: u32,
        bytes: &[u8],
    ) -> io::Result<File> {
        let mut new = by_way_of.temporary(mode)?;
        // Before the bytes are in it, which may be for few to read.
        if let Some(old) = old.filter(|old| is_file(old)) {
            keep_owner_and_mode(&new.file, old)?;
        }
        new.file.write_all(bytes)?;
        new.rename(self, name)
    }

    /// A new file in this folder, with as much of `mode` as the umask leaves, open for appending.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn temporary(&self, mode: u32) -> io::Result<Temporary<'_>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let flags =
            OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        for _ in 0..ATTEMPTS {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{TEMPORARY}{}-{number}", process::id());
            match openat(&self.0, &*name, flags, Mode::from_raw_mode(mode)) {
                Err(Errno::EXIST) => {}
                opened => {
                    let file = opened?.into();
                    let name = Some(name);
                    let place = TemporaryName { folder: self, name };
                    return Ok(Temporary { file, place });
                }
            }
        }
        Err(Errno::EXIST.into())
    }

    /// Removes the file `name` in this folder.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes the folder `name` in this one and all that is in it; of a link, the link.
    ///
    /// # Errors
    /// Whatever the file system answers; that there is none is no error.
    pub(crate) fn remove_all(&self, name: &str) -> io::Result<()> {
        match self.0.remove_dir_all(name) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of what is in this folder.
    ///
    /// # Errors
    /// Whatever the file system answers.
    #[cfg(feature = "wasm")]
    pub(crate) fn names(&self) -> io::Result<Vec<std::ffi::OsString>> {
        let entries = self.0.entries()?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }
}

/// Whether `stat` is of a regular file.
pub(crate) fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// An error of cap-std that no system gave is that of a link which leads out.
fn leads_out(error: io::Error) -> io::Error {
    if error.kind() != ErrorKind::PermissionDenied || error.raw_os_error().is_some() {
        return error;
    }
    let text =
        "a link in its path leads out of the folder; remove the link, or name another folder";
    io::Error::new(ErrorKind::PermissionDenied, text)
}

/// The owner first: the system takes some bits of the mode away when it changes.
fn keep_owner_and_mode(file: &File, old: &Stat) -> io::Result<()> {
    let new = file.metadata()?;
    if (old.st_uid, old.st_gid) != (new.uid(), new.gid()) {
        // Only root may give files away; somebody else's result is the writer's then.
        let _ = fchown(file, Some(old.st_uid), Some(old.st_gid));
    }
    match file.set_permissions(Permissions::from_mode(old.st_mode & 0o7777)) {
        // File systems of other kinds, such as FAT, have no modes.
        Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
