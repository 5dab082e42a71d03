//! An output folder's own folder `.cutout`: the manifest, a lock, files that are being written, and thumbnails.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use blake3::Hash;
use rustix::fs::{FileType, Stat};

use super::history::History;
use super::keeper::Keeper;
use super::lock::is_locked;
use super::manifest_line::{self, DoneImage, ManifestLine, WrittenFile, is_any};
use super::state_folder::{MANIFEST, NAME};
use super::thumbnail;
use crate::files::{self, FileId, Folder, is_file};
use crate::sync::lock;
use crate::{Error, Kind};

/// The name of the lock.
const LOCK: &str = "lock";

/// Largest manifest in bytes: room for more than two million images.
const MAX_MANIFEST: u64 = 2 << 30;

/// The name of the folder for files that are being written.
const TEMPORARY: &str = "temporary";

/// Of what stands in the folder: nobody but the owner and the group may write to it.
const MODE: u32 = 0o775;

/// An output folder in use by this process alone.
pub(super) struct Manifest {
    out: PathBuf,
    folder: Folder,
    id: FileId,
    state: Folder,
    temporary: Folder,
    /// Whether a result that was changed since may be replaced.
    overwrite: bool,
    history: Mutex<History>,
    log: Mutex<File>,
    /// `None` where the file system has no locks.
    lock: Option<File>,
}

impl Manifest {
    /// As [`Manifest::open`], of an output folder that a batch has written to before; `None` for another.
    pub(super) fn existing(out: &Path, overwrite: bool) -> Result<Option<Self>, Error> {
        match out.join(NAME).symlink_metadata() {
            Ok(_) => Self::open(out, overwrite).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Opens the output folder `out`, which is made if it is missing, and clears away what an interrupted run left. With
    /// `overwrite`, results that were changed since may be replaced.
    ///
    /// # Errors
    /// Kind `io` when the folder cannot be written or its `.cutout` is not the user's own, `usage` when another batch is at
    /// work in it.
    pub(super) fn open(out: &Path, overwrite: bool) -> Result<Self, Error> {
        let fails = || Error::io(format!("use the output folder {}", out.display()));
        let uses = |path: PathBuf| Error::io(format!("use {}", path.display()));
        let in_state = |name: &str| uses(out.join(NAME).join(name));
        fs::create_dir_all(out).map_err(fails())?;
        let folder = Folder::open(out).map_err(fails())?;
        let stat = folder.stat().map_err(fails())?;
        let state = folder.make_real(NAME, MODE).map_err(uses(out.join(NAME)))?;
        let keeper = Keeper::of(&state).and_then(|keeper| keeper.refuse_others(&state));
        keeper.map_err(uses(out.join(NAME)))?;
        let lock = state.lock_file(LOCK).map_err(in_state(LOCK))?;
        let is_locked = is_locked(lock.try_lock()).map_err(|error| match error {
            TryLockError::Error(error) => in_state(LOCK)(error),
            TryLockError::WouldBlock => {
                let text = format!(
                    "another batch is writing to {}; wait for it or name another folder",
                    out.display()
                );
                Error::new(Kind::Usage, text)
            }
        })?;
        state.remove_all(TEMPORARY).map_err(in_state(TEMPORARY))?;
        let temporary = state
            .make_real(TEMPORARY, MODE)
            .map_err(in_state(TEMPORARY))?;
        let (history, log) = rewrite(&state, &temporary).map_err(in_state(MANIFEST))?;
        Ok(Self {
            out: out.to_owned(),
            folder,
            id: (stat.st_dev, stat.st_ino),
            state,
            temporary,
            overwrite,
            history: Mutex::new(history),
            log: Mutex::new(log),
            lock: is_locked.then_some(lock),
        })
    }

    /// The entry of the result `main`, if it was made of the same bytes by the same recipe and all of it is still
    /// there, unchanged; with `thumbnails`, these too.
    pub(super) fn done(
        &self,
        main: &Path,
        digest: &Hash,
        recipe: &Hash,
        thumbnails: bool,
    ) -> Option<DoneImage> {
        let entry = lock(&self.history).entries.get(&main.into()).cloned()?;
        let is_whole = |made: &WrittenFile| {
            let file = self.folder.file_below(&PathBuf::from(made.path.clone()));
            file.is_ok_and(|file| made.is(&file))
        };
        let thumbnails_are = || {
            let pair = entry.thumbnails.as_ref();
            pair.is_some_and(|pair| thumbnail::are(pair, main) && pair.iter().all(is_whole))
        };
        (entry.digest == *digest
            && entry.recipe == *recipe
            && is_whole(&entry.output)
            && entry.mask.iter().all(is_whole)
            && (!thumbnails || thumbnails_are()))
        .then_some(entry)
    }

    /// Writes a file, whole or not at all, in the place of nothing, of a link, or of an earlier result.
    ///
    /// # Errors
    /// Kind `AlreadyExists` for a result that was changed since, `PermissionDenied` for a link that leads out of the output
    /// folder; whatever the file system answers.
    pub(super) fn write(&self, made: &WrittenFile, bytes: &[u8]) -> io::Result<()> {
        let path = PathBuf::from(made.path.clone());
        let is_below = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let (Some(parent), Some(name), true) = (path.parent(), path.file_name(), is_below) else {
            return Err(io::Error::other("it is not below the output folder"));
        };
        let parent = self.folder.make_below(parent)?;
        let old = parent.standing(name)?;
        if let Some(old) = &old
            && !self.may_replace(&path, &parent, name, old)
        {
            let text = "it was changed since a batch wrote it; move it away, or have it replaced with --overwrite";
            return Err(io::Error::new(ErrorKind::AlreadyExists, text));
        }
        let replace =
            |by_way_of| parent.replace(name, old.as_ref(), by_way_of, files::NEW_FILE, bytes);
        let written = match replace(&self.temporary) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => replace(&parent),
            written => written,
        };
        written.map(drop)
    }

    /// Whether nothing is lost with what stands at `path`, which is `name` in `parent`.
    fn may_replace(&self, path: &Path, parent: &Folder, name: &OsStr, old: &Stat) -> bool {
        let is_link = FileType::from_raw_mode(old.st_mode) == FileType::Symlink;
        let is_result = || {
            let file = parent.file(name);
            file.is_ok_and(|file| is_any(&lock(&self.history).written(path), &file))
        };
        self.overwrite
            || is_link
            || path.starts_with(NAME)
            || is_file(old) && (old.st_size == 0 || is_result())
    }

    /// Notes that `files` are about to be written.
    ///
    /// # Errors
    /// Whatever the file system answers; the manifest is then as it was.
    pub(super) fn begin(&self, files: Vec<WrittenFile>) -> io::Result<()> {
        let known = files.iter().all(|made| lock(&self.history).has_begun(made));
        if known {
            return Ok(());
        }
        self.add(ManifestLine::Begun(files))
    }

    /// Notes what `line` says.
    ///
    /// # Errors
    /// Whatever the file system answers; the manifest is then as it was.
    pub(super) fn add(&self, line: ManifestLine) -> io::Result<()> {
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

    /// Whether what stands at `path` below the output folder, and is `standing`, may be a result, so that the next one may
    /// take its place. [`Manifest::write`] makes sure.
    pub(super) fn is_ours(&self, path: &Path, standing: &Metadata) -> bool {
        let history = lock(&self.history);
        let has_size = |made: &WrittenFile| made.bytes == standing.len();
        let may_be = self.overwrite
            || standing.is_symlink()
            || standing.is_file()
                && (standing.len() == 0 || history.written(path).iter().any(has_size));
        may_be && history.is_ours(&self.out, path)
    }

    /// As [`History::written`].
    pub(super) fn written(&self, path: &Path) -> Vec<WrittenFile> {
        lock(&self.history).written(path)
    }

    /// As [`History::sheet`].
    pub(super) fn sheet(&self, path: &Path) -> Option<WrittenFile> {
        lock(&self.history).sheet(path)
    }

    /// As [`History::owners`].
    pub(super) fn owners(&self) -> HashMap<PathBuf, PathBuf> {
        lock(&self.history).owners()
    }

    /// The output folder.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// The output folder, open.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whether another batch that writes here would be refused.
    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// The output folder, whatever it is called.
    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Removes what is of no use to a later run.
    pub(super) fn close(self) {
        // It would be cleared by the next run.
        let _ = self.state.remove_all(TEMPORARY);
    }
}

/// Reads the manifest in `state`, which may be missing, and replaces it by one that says the same in as few lines.
fn rewrite(state: &Folder, temporary: &Folder) -> io::Result<(History, File)> {
    let mut history = History::default();
    match state.file(MANIFEST.as_ref()) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        file => {
            let file = file?;
            let metadata = file.metadata()?;
            Keeper::from(&metadata).refuse_others(state)?;
            if metadata.len() > MAX_MANIFEST {
                let text = format!(
                    "it is above {} GiB; name another output folder",
                    MAX_MANIFEST >> 30
                );
                return Err(io::Error::new(ErrorKind::FileTooLarge, text));
            }
            manifest_line::read(file.take(MAX_MANIFEST), |line| history.take(line))?;
        }
    }
    let mut lines = Vec::new();
    history
        .lines()
        .try_for_each(|line| write_line(&mut lines, &line))?;
    let old = state.standing(MANIFEST.as_ref())?;
    let log = state.replace(
        MANIFEST.as_ref(),
        old.as_ref(),
        temporary,
        MODE & 0o666,
        &lines,
    )?;
    Ok((history, log))
}

fn write_line(to: &mut Vec<u8>, line: &ManifestLine) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.push(b'\n');
    Ok(())
}
