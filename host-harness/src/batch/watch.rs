//! Pictures that come to folders while the batch runs.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender};
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::inputs;
use super::results::Results;
use crate::Error;
use crate::files::file_id;
use crate::stop::Stop;

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
    events: Receiver<notify::Result<Event>>,
    _watcher: RecommendedWatcher,
}

/// What became of a picture that was offered.
pub(super) enum Taken {
    /// It is in work, or no picture after all.
    Begun,
    /// It has to wait for an earlier state of itself.
    Later,
    /// The batch is over.
    NoMore,
}

/// What is waited for.
#[derive(Default)]
struct Pending {
    growing: HashMap<PathBuf, Growing>,
    /// Folders that came at that time. The system's own watch of one begins a moment later, so what came in between is
    /// looked for once that has passed.
    folders: HashMap<PathBuf, Instant>,
    /// Size and time of files when they were taken, so that the same state is not taken twice.
    taken: HashMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Pending {
    fn add(&mut self, path: PathBuf) {
        self.growing.entry(path).or_insert_with(Growing::new);
    }

    fn is_empty(&self) -> bool {
        self.growing.is_empty() && self.folders.is_empty()
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
    /// Begins; what comes from now on is not missed.
    ///
    /// # Errors
    /// Kind `io` when the system cannot watch so many folders.
    pub(super) fn start(folders: &[PathBuf], out: &Path) -> Result<Self, Error> {
        let (sender, events): (Sender<notify::Result<Event>>, _) = crossbeam_channel::unbounded();
        let fails = |folder: &Path| Error::io(format!("watch {}", folder.display()));
        let mut watcher = notify::recommended_watcher(move |event| {
            // Nobody listens any more only when the batch is over.
            let _ = sender.send(event);
        })
        .map_err(fails(out))?;
        for folder in folders {
            watcher
                .watch(folder, RecursiveMode::Recursive)
                .map_err(fails(folder))?;
        }
        let out = std::path::absolute(out).map_err(Error::io("find the output folder"))?;
        let watched: Vec<_> = folders.iter().filter_map(|f| file_id(f)).collect();
        let mut above = out.ancestors().skip(1).filter_map(file_id);
        Ok(Self {
            folders: folders.to_vec(),
            out_is_below: above.any(|id| watched.contains(&id)),
            out,
            events,
            _watcher: watcher,
        })
    }

    /// Gives every picture that is complete to `take`, first those of `fresh` that are, until the batch stops or
    /// nothing more is wanted.
    pub(super) fn run(
        &self,
        fresh: Vec<PathBuf>,
        stop: &Stop,
        results: &Results<'_>,
        take: &mut dyn FnMut(&Path) -> Taken,
    ) {
        let mut pending = Pending::default();
        fresh.into_iter().for_each(|path| pending.add(path));
        loop {
            let look = if pending.is_empty() {
                crossbeam_channel::never()
            } else {
                crossbeam_channel::after(LOOK)
            };
            crossbeam_channel::select! {
                recv(stop.closed()) -> _ => return,
                recv(self.events) -> event => match event {
                    Ok(event) => self.note(event, results, &mut pending),
                    Err(_) => return,
                },
                recv(look) -> _ => {}
            }
            while let Ok(event) = self.events.try_recv() {
                self.note(event, results, &mut pending);
            }
            let folders = pending
                .folders
                .extract_if(|_, since| since.elapsed() >= SETTLED);
            for (folder, _) in folders.collect::<Vec<_>>() {
                self.fill(&folder, results, &mut pending);
            }
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

    fn note(&self, event: notify::Result<Event>, results: &Results<'_>, pending: &mut Pending) {
        let mut note = |path: &Path| self.note_path(path, results, pending);
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

    fn note_path(&self, path: &Path, results: &Results<'_>, pending: &mut Pending) {
        if self.out_is_below && path.starts_with(&self.out) {
            return;
        }
        if path.is_dir() {
            pending.folders.insert(path.to_owned(), Instant::now());
            self.fill(path, results, pending);
        } else if inputs::is_picture(path) {
            pending.add(path.to_owned());
        }
    }

    /// Takes what `folder` holds: it may have been filled before it was watched.
    fn fill(&self, folder: &Path, results: &Results<'_>, pending: &mut Pending) {
        let files = inputs::walk(folder, &self.out, results);
        files.into_iter().for_each(|file| pending.add(file));
    }

    /// The place of `path` in the folder that it was found in.
    pub(super) fn relative(&self, path: &Path) -> Option<PathBuf> {
        let mut found = self
            .folders
            .iter()
            .filter_map(|f| path.strip_prefix(f).ok());
        found.next().map(Path::to_owned)
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
