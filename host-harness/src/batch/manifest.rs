//! What an output folder knows of itself: its folder `.cutout` holds the manifest, a lock, files that are being
//! written, and thumbnails.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::path_text::PathText;
use super::record::Facts;
use crate::files;
use crate::{Error, Kind};

/// The folder's name.
pub(super) const FOLDER: &str = ".cutout";
const FILE: &str = "manifest.jsonl";

/// A picture that is done. The next entry for the same result takes this one's place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// BLAKE3 of the picture's file.
    pub(super) digest: String,
    /// BLAKE3 of everything else that the results depend on.
    pub(super) recipe: String,
    /// The result.
    pub(super) output: Made,
    /// The mask beside it.
    pub(super) mask: Option<Made>,
    /// Before and after, if a contact sheet has asked for them.
    pub(super) thumbnails: Option<[Made; 2]>,
    /// What was found out, so that a later run can report it.
    pub(super) facts: Facts,
}

impl Entry {
    fn files(&self) -> impl Iterator<Item = &Made> {
        let thumbnails = self.thumbnails.iter().flatten();
        [&self.output]
            .into_iter()
            .chain(&self.mask)
            .chain(thumbnails)
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Below the output folder.
    pub(super) path: PathText,
    pub(super) bytes: u64,
    /// BLAKE3.
    pub(super) digest: String,
}

/// An output folder in use by this process alone.
pub(super) struct Manifest {
    out: PathBuf,
    state: PathBuf,
    entries: Mutex<HashMap<PathText, Entry>>,
    log: Mutex<File>,
    _lock: File,
}

impl Manifest {
    /// Opens the output folder `out`, which is made if it is missing, and clears away what an interrupted run left.
    ///
    /// # Errors
    /// Kind `io` when the folder cannot be written, `usage` when another batch is at work in it.
    pub(super) fn open(out: &Path) -> Result<Self, Error> {
        let state = out.join(FOLDER);
        let fails = || Error::io(format!("use the output folder {}", out.display()));
        fs::create_dir_all(&state).map_err(fails())?;
        let lock = File::create(state.join("lock")).map_err(fails())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = format!(
                    "another batch is writing to {}; wait for it or name another folder",
                    out.display()
                );
                return Err(Error::new(Kind::Usage, text));
            }
            Err(TryLockError::Error(error)) => return Err(fails()(error)),
        }
        let this = |log, entries| Self {
            out: out.to_owned(),
            state: state.clone(),
            entries: Mutex::new(entries),
            log: Mutex::new(log),
            _lock: lock,
        };
        clear(&state.join("temporary")).map_err(fails())?;
        fs::create_dir_all(state.join("temporary")).map_err(fails())?;
        let path = state.join(FILE);
        let entries = read(&path).map_err(fails())?;
        rewrite(&path, &state.join("temporary"), entries.values()).map_err(fails())?;
        let log = OpenOptions::new().append(true).open(&path);
        Ok(this(log.map_err(fails())?, entries))
    }

    /// The entry of the result `main`, if it was made of the same bytes by the same recipe and all of it is still
    /// there, unchanged.
    pub(super) fn done(&self, main: &Path, digest: &str, recipe: &str) -> Option<Entry> {
        let entry = lock(&self.entries).get(&PathText::from(main)).cloned()?;
        let same = entry.digest == digest && entry.recipe == recipe;
        (same && entry.files().all(|made| self.is_whole(made))).then_some(entry)
    }

    fn is_whole(&self, made: &Made) -> bool {
        let path = self.out.join(PathBuf::from(made.path.clone()));
        let length = fs::metadata(&path).map(|m| m.len()).ok();
        let digest = || {
            let mut hasher = blake3::Hasher::new();
            let file = File::open(&path).ok()?;
            hasher.update_reader(file).ok()?;
            Some(hasher.finalize().to_hex().to_string())
        };
        length == Some(made.bytes) && digest().as_ref() == Some(&made.digest)
    }

    /// Writes a result, whole or not at all.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<Made> {
        let whole = self.out.join(path);
        if let Some(folder) = whole.parent() {
            fs::create_dir_all(folder)?;
        }
        files::write_by_way_of(&self.state.join("temporary"), &whole, bytes)?;
        Ok(Made {
            path: path.into(),
            bytes: bytes.len() as u64,
            digest: blake3::hash(bytes).to_hex().to_string(),
        })
    }

    /// Notes that a picture is done.
    ///
    /// # Errors
    /// Whatever the file system answers; the manifest is then as it was.
    pub(super) fn add(&self, entry: Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        {
            let mut log = lock(&self.log);
            let length = log.metadata()?.len();
            if let Err(error) = log.write_all(&line) {
                log.set_len(length)?;
                return Err(error);
            }
        }
        lock(&self.entries).insert(entry.output.path.clone(), entry);
        Ok(())
    }

    /// The output folder.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// Removes what is of no use to a later run.
    pub(super) fn close(self) {
        // It would be cleared by the next run.
        let _ = fs::remove_dir_all(self.state.join("temporary"));
    }
}

/// A thread that panicked has left the value whole: nothing here stops half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the thumbnails of the result `main` are kept, below the output folder: before and after.
pub(super) fn thumbnails(main: &Path) -> [PathBuf; 2] {
    let digest = blake3::hash(main.as_os_str().as_encoded_bytes()).to_hex();
    ["before", "after"].map(|which| {
        let file = format!("{}.{which}.jpg", &digest[..32]);
        PathBuf::from(FOLDER).join("thumbnails").join(file)
    })
}

/// Every output that the manifest in `folder` names, as it is found by a walk from `folder`.
pub(super) fn outputs_of(folder: &Path) -> Vec<PathBuf> {
    let entries = read(&folder.join(FOLDER).join(FILE)).unwrap_or_default();
    let entries = entries.into_values();
    let made = entries.flat_map(|entry| [Some(entry.output), entry.mask]);
    made.flatten()
        .map(|made| folder.join(PathBuf::from(made.path)))
        .collect()
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The entries of a manifest; a line that is not one was being written when a run ended, and what it would have said
/// is found out again.
fn read(path: &Path) -> io::Result<HashMap<PathText, Entry>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        file => file?,
    };
    let mut entries = HashMap::new();
    for line in BufReader::new(file).split(b'\n') {
        if let Ok(entry) = serde_json::from_slice::<Entry>(&line?) {
            entries.insert(entry.output.path.clone(), entry);
        }
    }
    Ok(entries)
}

fn rewrite<'a>(
    path: &Path,
    temporary: &Path,
    entries: impl Iterator<Item = &'a Entry>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut bytes, entry)?;
        bytes.push(b'\n');
    }
    files::write_by_way_of(temporary, path, &bytes)
}
