//! An output folder's own folder `.cutout`: the manifest, a lock, files that are being written, and thumbnails.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use rustix::io::Errno;

use super::history::{Entry, History, Line, Made};
use crate::files::{self, FileId, file_id};
use crate::sync::lock;
use crate::{Error, Kind};

/// The folder's name.
pub(super) const FOLDER: &str = ".cutout";

/// The manifest of the output folder `out`.
pub(super) fn file(out: &Path) -> PathBuf {
    out.join(FOLDER).join("manifest.jsonl")
}

/// An output folder in use by this process alone.
pub(super) struct Manifest {
    out: PathBuf,
    id: Option<FileId>,
    temporary: PathBuf,
    history: Mutex<History>,
    log: Mutex<File>,
    /// `None` where the file system has no locks.
    lock: Option<File>,
}

impl Manifest {
    /// Opens the output folder `out`, which is made if it is missing, and clears away what an interrupted run left.
    ///
    /// # Errors
    /// Kind `io` when the folder cannot be written, `usage` when another batch is at work in it.
    pub(super) fn open(out: &Path) -> Result<Self, Error> {
        let state = out.join(FOLDER);
        let temporary = state.join("temporary");
        let fails = || Error::io(format!("use the output folder {}", out.display()));
        fs::create_dir_all(&state).map_err(fails())?;
        let lock = File::create(state.join("lock")).map_err(fails())?;
        let is_locked = is_locked(lock.try_lock()).map_err(|error| match error {
            TryLockError::Error(error) => fails()(error),
            TryLockError::WouldBlock => {
                let text = format!(
                    "another batch is writing to {}; wait for it or name another folder",
                    out.display()
                );
                Error::new(Kind::Usage, text)
            }
        })?;
        clear(&temporary).map_err(fails())?;
        fs::create_dir_all(&temporary).map_err(fails())?;
        let path = file(out);
        let history = History::read(&path).map_err(fails())?;
        let mut lines = Vec::new();
        history
            .lines()
            .try_for_each(|line| write_line(&mut lines, &line))
            .and_then(|()| files::replace(&temporary, &path, &lines))
            .map_err(fails())?;
        let log = OpenOptions::new().append(true).open(&path);
        Ok(Self {
            out: out.to_owned(),
            id: file_id(out),
            temporary,
            history: Mutex::new(history),
            log: Mutex::new(log.map_err(fails())?),
            lock: is_locked.then_some(lock),
        })
    }

    /// The entry of the result `main`, if it was made of the same bytes by the same recipe and all of it is still
    /// there, unchanged; with `thumbnails`, these too.
    pub(super) fn done(
        &self,
        main: &Path,
        digest: &str,
        recipe: &str,
        thumbnails: bool,
    ) -> Option<Entry> {
        let entry = lock(&self.history).entries.get(&main.into()).cloned()?;
        let is_whole = |made: &Made| made.is_at(&self.out.join(PathBuf::from(made.path.clone())));
        let thumbnails_are = !thumbnails
            || (entry.thumbnails.as_ref()).is_some_and(|pair| pair.iter().all(is_whole));
        let same = entry.digest == digest && entry.recipe == recipe;
        (same && thumbnails_are && is_whole(&entry.output) && entry.mask.iter().all(is_whole))
            .then_some(entry)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(super) fn write(&self, made: &Made, bytes: &[u8]) -> io::Result<()> {
        let path = PathBuf::from(made.path.clone());
        if !path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(io::Error::other("it is not below the output folder"));
        }
        let whole = self.out.join(path);
        if let Some(folder) = whole.parent() {
            fs::create_dir_all(folder)?;
        }
        match files::replace(&self.temporary, &whole, bytes) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                files::replace(files::folder(&whole), &whole, bytes)
            }
            written => written,
        }
    }

    /// Notes that `files` are about to be written.
    ///
    /// # Errors
    /// Whatever the file system answers; the manifest is then as it was.
    pub(super) fn begin(&self, files: Vec<Made>) -> io::Result<()> {
        let known = files.iter().all(|made| lock(&self.history).has_begun(made));
        if known {
            return Ok(());
        }
        self.add(Line::Begun(files))
    }

    /// Notes what `line` says.
    ///
    /// # Errors
    /// Whatever the file system answers; the manifest is then as it was.
    pub(super) fn add(&self, line: Line) -> io::Result<()> {
        let mut bytes = Vec::new();
        write_line(&mut bytes, &line)?;
        let mut log = lock(&self.log);
        let length = log.metadata()?.len();
        if let Err(error) = log.write_all(&bytes) {
            log.set_len(length)?;
            return Err(error);
        }
        lock(&self.history).take(line);
        Ok(())
    }

    /// As [`History::is_ours`].
    pub(super) fn is_ours(&self, path: &Path) -> bool {
        lock(&self.history).is_ours(&self.out, path)
    }

    /// As [`History::is_result`].
    pub(super) fn is_result(&self, path: &Path) -> bool {
        lock(&self.history).is_result(&self.out, path)
    }

    /// As [`History::is_sheet`].
    pub(super) fn is_sheet(&self, path: &Path) -> bool {
        lock(&self.history).is_sheet(path)
    }

    /// As [`History::owners`].
    pub(super) fn owners(&self) -> HashMap<PathBuf, PathBuf> {
        lock(&self.history).owners()
    }

    /// The output folder.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// Whether another batch that writes here would be refused.
    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// The output folder, whatever it is called.
    pub(super) fn id(&self) -> Option<FileId> {
        self.id
    }

    /// Removes what is of no use to a later run.
    pub(super) fn close(self) {
        // It would be cleared by the next run.
        let _ = fs::remove_dir_all(self.temporary);
    }
}

/// Where the thumbnails of the result `main` are kept, below the output folder: before and after.
pub(super) fn thumbnails(main: &Path) -> [PathBuf; 2] {
    let digest = blake3::hash(main.as_os_str().as_encoded_bytes()).to_hex();
    ["before", "after"].map(|which| {
        let file = format!("{}.{which}.jpg", &digest[..32]);
        PathBuf::from(FOLDER).join("thumbnails").join(file)
    })
}

fn write_line(to: &mut Vec<u8>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.push(b'\n');
    Ok(())
}

/// Whether `tried` took the lock; `false` where the file system has none, as some network shares.
fn is_locked(tried: Result<(), TryLockError>) -> Result<bool, TryLockError> {
    const NONE: [Errno; 4] = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL];
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::Error(error))
            if Errno::from_io_error(&error).is_some_and(|errno| NONE.contains(&errno)) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_without_locks_is_used_without_and_other_faults_are_errors() {
        let failed = |errno: Errno| is_locked(Err(TryLockError::Error(errno.into())));
        for errno in [Errno::NOLCK, Errno::NOSYS, Errno::NOTSUP, Errno::INVAL] {
            assert!(!failed(errno).unwrap(), "{errno}");
        }
        for errno in [Errno::IO, Errno::ACCESS, Errno::BADF] {
            failed(errno).unwrap_err();
        }
        assert!(is_locked(Ok(())).unwrap());
        assert!(matches!(
            is_locked(Err(TryLockError::WouldBlock)),
            Err(TryLockError::WouldBlock)
        ));
    }
}
