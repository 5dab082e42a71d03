//! Images that come to folders while the batch runs.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender};
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::image_name::is_image;
use super::path_text::PathText;
use super::walk::{self, Wanted, is_hidden};
use crate::Error;
use crate::files::{FileId, file_id};
use crate::stop::Stop;
use crate::sync::lock;

/// A file whose size and time have stood still for this long is complete.
const SETTLED: Duration = Duration::from_millis(500);

/// How often files that are still growing are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Folders being watched.
pub(super) struct Watch {
    folders: Vec<PathBuf>,
    out: PathBuf,
    /// Whether the output folder is below one that is watched; everything in it is left alone then.
    out_is_below: bool,
    hidden: bool,
    events: Receiver<notify::Result<Event>>,
    watched: Mutex<Watched>,
}

/// The folders that the system tells of, each by one path.
struct Watched {
    watcher: RecommendedWatcher,
    hidden: bool,
    places: HashMap<FileId, PathBuf>,
    /// The first folder that could not be watched, and why.
    failed: Option<(PathBuf, notify::Error)>,
    is_told: bool,
}

impl Wanted for Watched {
    fn hidden(&self, _: &OsStr) -> bool {
        self.hidden
    }

    fn enter(&mut self, path: &Path, id: FileId) -> bool {
        // It may have been moved, or be another one with the number of one that is gone.
        if let Some(known) = self.places.get(&id)
            && known != path
            && file_id(known) == Some(id)
        {
            return false;
        }
        self.places.insert(id, path.to_owned());
        match self.watcher.watch(path, RecursiveMode::NonRecursive) {
            // It went meanwhile.
            Err(error) if matches!(error.kind, ErrorKind::PathNotFound) => {}
            Err(error) => drop(self.failed.get_or_insert((path.to_owned(), error))),
            Ok(()) => {}
        }
        true
    }
}

/// The outcome of an image that was offered.
pub(super) enum Taken {
    /// It is in work, or no image after all.
    Begun,
    /// It has to wait for an earlier state of itself.
    Later,
    /// The batch is over.
    NoMore,
}

/// Events that are waited for.
#[derive(Default)]
struct Pending {
    growing: HashMap<PathBuf, Growing>,
    /// Size and time of files when they were taken, so that the same state is not taken twice.
    taken: HashMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Pending {
    fn add(&mut self, path: PathBuf) {
        self.growing.entry(path).or_insert_with(Growing::new);
    }
}

/// A file that is not known to be complete.
struct Growing {
    size: u64,
    modified: Option<SystemTime>,
    since: Instant,
}

impl Growing {
    fn new() -> Self {
        Self {
            size: u64::MAX,
            modified: None,
            since: Instant::now(),
        }
    }
}

impl Watch {
    /// Begins; what comes from now on is not missed. Hidden images are taken with `hidden`.
    ///
    /// # Errors
    /// Kind `io` when the system cannot watch so many folders.
    pub(super) fn start(folders: &[PathBuf], out: &Path, hidden: bool) -> Result<Self, Error> {
        let (sender, events): (Sender<notify::Result<Event>>, _) = crossbeam_channel::unbounded();
        let fails = |folder: &Path| Error::io(format!("watch {}", folder.display()));
        let watcher = notify::recommended_watcher(move |event| {
            // The receiver is dropped only after the batch ends.
            let _ = sender.send(event);
        })
        .map_err(fails(out))?;
        let out = std::path::absolute(out).map_err(Error::io("find the output folder"))?;
        let mut watched = Watched {
            watcher,
            hidden,
            places: HashMap::new(),
            failed: None,
            is_told: false,
        };
        for folder in folders {
            walk::below(folder, folder, &out, &mut watched);
        }
        if let Some((folder, error)) = watched.failed.take() {
            return Err(fails(&folder)(error));
        }
        let roots: Vec<_> = folders.iter().filter_map(|f| file_id(f)).collect();
        let mut above = out.ancestors().skip(1).filter_map(file_id);
        Ok(Self {
            folders: folders.to_vec(),
            out_is_below: above.any(|id| roots.contains(&id)),
            out,
            hidden,
            events,
            watched: Mutex::new(watched),
        })
    }

    /// Gives every image that is complete to `take`, first those of `fresh` that are, until the batch stops or
    /// nothing more is wanted.
    pub(super) fn run(
        &self,
        fresh: Vec<PathBuf>,
        stop: &Stop,
        take: &mut dyn FnMut(&Path) -> Taken,
    ) {
        let mut pending = Pending::default();
        fresh.into_iter().for_each(|path| pending.add(path));
        loop {
            let look = if pending.growing.is_empty() {
                crossbeam_channel::never()
            } else {
                crossbeam_channel::after(LOOK)
            };
            crossbeam_channel::select! {
                recv(stop.closed()) -> _ => return,
                recv(self.events) -> event => match event {
                    Ok(event) => self.note(event, &mut pending),
                    Err(_) => return,
                },
                recv(look) -> _ => {}
            }
            while let Ok(event) = self.events.try_recv() {
                self.note(event, &mut pending);
            }
            self.tell_of_failure();
            for (path, state) in settled(&mut pending.growing) {
                if pending.taken.get(&path) == Some(&state) {
                    continue;
                }
                match take(&path) {
                    Taken::Begun => drop(pending.taken.insert(path, state)),
                    Taken::Later => pending.add(path),
                    Taken::NoMore => return,
                }
            }
        }
    }

    /// Says of the first folder that cannot be watched what that means.
    fn tell_of_failure(&self) {
        let mut watched = lock(&self.watched);
        if let Some((folder, error)) = &watched.failed
            && !watched.is_told
        {
            let folder = PathText::from(&**folder);
            let text = format!(
                "cutout: warning: cannot watch {folder}: {error}; images that come there are not seen until the batch is \
                 started again"
            );
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "{text}");
            watched.is_told = true;
        }
    }

    fn note(&self, event: notify::Result<Event>, pending: &mut Pending) {
        let mut note = |path: &Path| self.note_path(path, pending);
        match event {
            Ok(event) if !event.need_rescan() => match event.kind {
                EventKind::Access(_) | EventKind::Remove(_) => {}
                EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {}
                _ => event.paths.iter().for_each(|path| note(path)),
            },
            // The system lost events, or cannot say which: everything is looked at.
            _ => self.folders.iter().for_each(|folder| note(folder)),
        }
    }

    fn note_path(&self, path: &Path, pending: &mut Pending) {
        if self.out_is_below && path.starts_with(&self.out) {
            return;
        }
        let Some((root, below)) = self.place(path) else {
            return;
        };
        if !self.hidden && below.iter().any(is_hidden) {
            return;
        }
        if path.is_dir() {
            // Each folder is watched before it is read, so that nothing falls between.
            let held = walk::below(path, root, &self.out, &mut *lock(&self.watched));
            held.files.into_iter().for_each(|file| pending.add(file));
        } else if is_image(path) {
            pending.add(path.to_owned());
        }
    }

    /// The folder that `path` was found in, and its place there.
    fn place<'a>(&'a self, path: &'a Path) -> Option<(&'a Path, &'a Path)> {
        let mut found = self
            .folders
            .iter()
            .filter_map(|folder| Some((&**folder, path.strip_prefix(folder).ok()?)));
        found.next()
    }

    /// The place of `path` in the folder that it was found in.
    pub(super) fn relative(&self, path: &Path) -> Option<PathBuf> {
        self.place(path).map(|(_, below)| below.to_owned())
    }

    /// Whether the file at `path` may still be written to.
    pub(super) fn is_fresh(path: &Path) -> bool {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
        let age = modified.map(|time| time.elapsed().unwrap_or_default());
        age.is_ok_and(|age| age < SETTLED)
    }
}

/// Takes out of `growing` what has stood still, with its size and time, and what has gone.
fn settled(growing: &mut HashMap<PathBuf, Growing>) -> Vec<(PathBuf, (u64, Option<SystemTime>))> {
    let mut done = Vec::new();
    growing.retain(|path, seen| {
        let Ok(metadata) = fs::metadata(path) else {
            return false;
        };
        let now = (metadata.len(), metadata.modified().ok());
        if now != (seen.size, seen.modified) {
            (seen.size, seen.modified) = now;
            seen.since = Instant::now();
        }
        let stands = seen.since.elapsed() >= SETTLED;
        if stands && metadata.len() > 0 {
            done.push((path.clone(), now));
        }
        !stands
    });
    done.sort();
    done
}
