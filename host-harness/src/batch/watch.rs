//! Pictures that come to folders while the batch runs.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender};
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::inputs;
use super::stop::Stop;
use crate::Error;

/// A file whose size and time have stood still for this long is complete.
const SETTLED: Duration = Duration::from_millis(500);

/// How often files that are still growing are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Folders being watched.
pub(super) struct Watch {
    folders: Vec<PathBuf>,
    out: PathBuf,
    /// Files that the batch writes itself.
    made: Vec<PathBuf>,
    events: Receiver<notify::Result<Event>>,
    _watcher: RecommendedWatcher,
}

/// A file that is not known to be complete.
struct Growing {
    size: u64,
    modified: Option<SystemTime>,
    since: Instant,
}

impl Watch {
    /// Begins; what comes from now on is not missed.
    ///
    /// # Errors
    /// Kind `io` when the system cannot watch so many folders.
    pub(super) fn start(folders: &[PathBuf], out: &Path, made: &[PathBuf]) -> Result<Self, Error> {
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
        Ok(Self {
            folders: folders.to_vec(),
            out: out.to_owned(),
            made: made.to_vec(),
            events,
            _watcher: watcher,
        })
    }

    /// Gives every picture that is complete to `take`, until the batch stops or `take` wants no more.
    pub(super) fn run(&self, stop: &Stop, take: &mut dyn FnMut(PathBuf) -> bool) {
        let mut growing = HashMap::new();
        loop {
            let look = if growing.is_empty() {
                crossbeam_channel::never()
            } else {
                crossbeam_channel::after(LOOK)
            };
            crossbeam_channel::select! {
                recv(stop.closed()) -> _ => return,
                recv(self.events) -> event => match event {
                    Ok(event) => self.note(event, &mut growing),
                    Err(_) => return,
                },
                recv(look) -> _ => {}
            }
            while let Ok(event) = self.events.try_recv() {
                self.note(event, &mut growing);
            }
            for path in settled(&mut growing) {
                if !take(path) {
                    return;
                }
            }
        }
    }

    fn note(&self, event: notify::Result<Event>, growing: &mut HashMap<PathBuf, Growing>) {
        // The system lost events, or cannot say which: everything is looked at.
        let Ok(event) = event else {
            return self.folders.iter().for_each(|f| self.note_path(f, growing));
        };
        if event.need_rescan() {
            self.folders.iter().for_each(|f| self.note_path(f, growing));
        }
        match event.kind {
            EventKind::Access(_) | EventKind::Remove(_) => {}
            EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {}
            _ => event.paths.iter().for_each(|p| self.note_path(p, growing)),
        }
    }

    fn note_path(&self, path: &Path, growing: &mut HashMap<PathBuf, Growing>) {
        if self.is_ours(path) {
            return;
        }
        // A folder may have been filled before it was watched.
        let files = if path.is_dir() {
            inputs::walk(path, &self.out, &self.made)
        } else if inputs::is_picture(path) {
            vec![path.to_owned()]
        } else {
            Vec::new()
        };
        for file in files {
            growing.entry(file).or_insert(Growing {
                size: u64::MAX,
                modified: None,
                since: Instant::now(),
            });
        }
    }

    fn is_ours(&self, path: &Path) -> bool {
        let out = inputs::file_id(&self.out);
        let in_out = path.ancestors().any(|a| inputs::file_id(a) == out);
        in_out || self.made.iter().any(|made| made == path)
    }

    /// The folder that `path` was found in, and its place there.
    pub(super) fn relative(&self, path: &Path) -> PathBuf {
        let mut found = self
            .folders
            .iter()
            .filter_map(|f| path.strip_prefix(f).ok());
        found.next().unwrap_or(path).to_owned()
    }
}

/// Takes out of `growing` what has stood still, and what has gone.
fn settled(growing: &mut HashMap<PathBuf, Growing>) -> Vec<PathBuf> {
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
            done.push(path.clone());
        }
        !stands
    });
    done.sort();
    done
}
