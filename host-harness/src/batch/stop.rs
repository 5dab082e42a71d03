//! The end before the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender};

use super::manifest::lock;
use crate::Error;

/// Exit code of a program that SIGINT ended, as shells have it.
pub(super) const INTERRUPTED: u8 = 130;

/// Tells everybody to end: pictures that were begun are finished, no more are begun.
#[derive(Clone)]
pub(super) struct Stop(Arc<Shared>);

struct Shared {
    by_signal: AtomicBool,
    /// Dropped when the time has come, which wakes whoever waits.
    open: Mutex<Option<Sender<()>>>,
    closed: Receiver<()>,
}

impl Stop {
    /// One that SIGINT and SIGTERM set; the second signal ends the process at once.
    ///
    /// # Errors
    /// Kind `io` when signals cannot be caught.
    pub(super) fn on_signals() -> Result<Self, Error> {
        let (open, closed) = crossbeam_channel::bounded(0);
        let stop = Self(Arc::new(Shared {
            by_signal: AtomicBool::new(false),
            open: Mutex::new(Some(open)),
            closed,
        }));
        let handler = stop.clone();
        ctrlc::set_handler(move || {
            if handler.0.by_signal.swap(true, Ordering::SeqCst) {
                std::process::exit(INTERRUPTED.into());
            }
            handler.set();
        })
        .map_err(Error::io("wait for signals"))?;
        Ok(stop)
    }

    pub(super) fn set(&self) {
        *lock(&self.0.open) = None;
    }

    pub(super) fn is_set(&self) -> bool {
        lock(&self.0.open).is_none()
    }

    pub(super) fn is_by_signal(&self) -> bool {
        self.0.by_signal.load(Ordering::SeqCst)
    }

    /// Becomes ready, disconnected, when the time has come.
    pub(super) fn closed(&self) -> &Receiver<()> {
        &self.0.closed
    }
}
