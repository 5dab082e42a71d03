//! Interruption by SIGINT or SIGTERM.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender};

use crate::Error;
use crate::sync::lock;

/// Exit code of a program that SIGINT ended, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// A request to end early: what was begun is finished, nothing more is begun.
#[derive(Clone)]
pub(crate) struct Stop(Arc<Shared>);

struct Shared {
    by_signal: AtomicBool,
    /// Dropped when the time has come, which wakes whoever waits.
    open: Mutex<Option<Sender<()>>>,
    closed: Receiver<()>,
}

impl Stop {
    /// One that SIGINT and SIGTERM set; the second signal ends the process at once. `heard` is called after
    /// the first one has taken effect.
    ///
    /// # Errors
    /// Kind `io` when signals cannot be caught.
    pub(crate) fn on_signals(heard: impl Fn() + Send + 'static) -> Result<Self, Error> {
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
            heard();
        })
        .map_err(Error::io("wait for signals"))?;
        Ok(stop)
    }

    pub(crate) fn set(&self) {
        *lock(&self.0.open) = None;
    }

    pub(crate) fn is_set(&self) -> bool {
        lock(&self.0.open).is_none()
    }

    pub(crate) fn is_by_signal(&self) -> bool {
        self.0.by_signal.load(Ordering::SeqCst)
    }

    /// Becomes ready, disconnected, when the time has come.
    pub(crate) fn closed(&self) -> &Receiver<()> {
        &self.0.closed
    }
}
