//! The one process that a session runs at a time; an interruption ends it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use wait4::{ResUse, Wait4};

/// Starts processes, one at a time, until the session is interrupted.
pub(crate) struct Children(Arc<Mutex<Current>>);

enum Current {
    Nobody,
    /// A child, which leads a group of its own: what it starts belongs to it.
    Group(Pid),
    /// Nothing more is started.
    Over,
}

impl Children {
    /// Ends the current process, and refuses all others, as soon as `stopped` returns.
    pub(crate) fn until(stopped: impl FnOnce() + Send + 'static) -> Self {
        let current = Arc::new(Mutex::new(Current::Nobody));
        let shared = current.clone();
        thread::spawn(move || {
            stopped();
            let mut current = lock(&shared);
            if let Current::Group(group) = *current {
                // It may have ended by itself.
                let _ = kill_process_group(group, Signal::KILL);
            }
            *current = Current::Over;
        });
        Self(current)
    }

    /// Whether nothing more is started.
    pub(crate) fn are_over(&self) -> bool {
        matches!(*lock(&self.0), Current::Over)
    }

    /// Starts `command` as the leader of a group.
    ///
    /// # Errors
    /// Those of the system, and `Interrupted` once the session is over.
    pub(crate) fn start(&self, command: &mut Command) -> io::Result<Child> {
        // Held until the group is known: a signal in between would miss it.
        let mut current = lock(&self.0);
        if matches!(*current, Current::Over) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
        }
        let child = command.process_group(0).spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        *current = pid.map_or(Current::Nobody, Current::Group);
        Ok(child)
    }

    /// Waits for the end of `child`, and what it used.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn wait(&self, child: Child) -> io::Result<ResUse> {
        // The number stays the child's until it is reaped, so that nobody else's group can be killed.
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|e| e == Errno::INTR) {}
        }
        let mut current = lock(&self.0);
        if let Current::Group(_) = *current {
            *current = Current::Nobody;
        }
        drop(current);
        child.wait4()
    }
}

/// Locks `current`, also after a thread panicked with it: nothing here leaves it half-changed.
fn lock(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}
