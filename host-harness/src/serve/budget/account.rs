//! One client's part of the budget, and how long it has kept the server waiting.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

/// What is held for one connection, which stays for as long as anything is.
pub(super) struct Account {
    pub(super) open: bool,
    /// When its last request began or ended, or when it came.
    pub(super) last: Instant,
    pub(super) closing: Arc<Notify>,
    pub(super) flights: Vec<RequestAccount>,
}

/// What is held for one request.
pub(super) struct RequestAccount {
    pub(super) id: u64,
    pub(super) bytes: usize,
    /// When the client last did its part.
    pub(super) last: Instant,
    /// Whether it waits for the server, and not the server for it.
    pub(super) ours: bool,
}

/// How the server waits for a client; the least is that of the client which goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wait {
    /// Whether for its part in a request, or for a request.
    stalled: bool,
    pub(super) since: Instant,
}

impl Account {
    pub(super) fn bytes(&self) -> usize {
        self.flights.iter().map(|entry| entry.bytes).sum()
    }

    /// How the server waits for the client; `None` while the client only waits for the server.
    pub(super) fn wait(&self) -> Option<Wait> {
        match self.flights.is_empty() {
            true => Some(Wait {
                stalled: false,
                since: self.last,
            }),
            false => self.stall(),
        }
    }

    /// The same for a request alone: `None` without one, too.
    pub(super) fn stall(&self) -> Option<Wait> {
        let theirs = self.flights.iter().filter(|entry| !entry.ours);
        let since = theirs.map(|entry| entry.last).min()?;
        let stalled = true;
        Some(Wait { stalled, since })
    }
}
