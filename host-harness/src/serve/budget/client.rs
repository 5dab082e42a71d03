//! What a connection and its requests take from the budget, given back when they are dropped.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use super::account::{Account, RequestAccount};
use super::{Budget, Full};
use crate::sync::lock;

/// A connection's place, given back when it is dropped.
pub(in crate::serve) struct Admission {
    pub(super) client: Client,
    pub(super) closing: Arc<Notify>,
}

/// Whoever is at the other end of a connection.
#[derive(Clone)]
pub(in crate::serve) struct Client {
    pub(super) budget: Arc<Budget>,
    pub(super) id: u64,
}

/// A request on its way; what it holds is given back when it is dropped.
pub(in crate::serve) struct Flight {
    pub(super) client: Client,
    pub(super) id: u64,
    /// Bytes of its head.
    head: usize,
}

impl Admission {
    pub(in crate::serve) fn client(&self) -> &Client {
        &self.client
    }

    /// Done when the connection has to be closed at once.
    pub(in crate::serve) async fn closed(&self) {
        self.closing.notified().await;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = lock(&self.client.budget.state);
        let Some(account) = state.accounts.get_mut(&self.client.id) else {
            return;
        };
        account.open = false;
        if account.flights.is_empty() {
            state.accounts.remove(&self.client.id);
        }
        state.used.connections -= 1;
    }
}

impl Client {
    /// Counts a request whose head takes up `head` bytes. Where there is no room for one more, the client goes whose request has kept the
    /// server waiting for longest.
    ///
    /// # Errors
    /// When none of them may go.
    pub(in crate::serve) fn begin(&self, head: usize) -> Result<Flight, Full> {
        let mut state = lock(&self.budget.state);
        let most = self.budget.limits;
        let own = Some(self.id);
        self.budget
            .make_room(&mut state, own, Account::stall, |used| {
                used.requests < most.requests && used.bytes.saturating_add(head) <= most.bytes
            })?;
        state.next += 1;
        let id = state.next;
        let account = state.accounts.get_mut(&self.id).ok_or(Full)?;
        account.last = Instant::now();
        account.flights.push(RequestAccount {
            id,
            bytes: head,
            last: account.last,
            ours: false,
        });
        state.used.requests += 1;
        state.used.bytes += head;
        let client = self.clone();
        Ok(Flight { client, id, head })
    }

    /// When the last request ended; `None` while one is on its way.
    pub(in crate::serve) fn idle_since(&self) -> Option<Instant> {
        let state = lock(&self.budget.state);
        let account = state.accounts.get(&self.id)?;
        account.flights.is_empty().then_some(account.last)
    }
}

impl Flight {
    /// Counts `bytes` for the body, which comes in. A quarter of all room is kept for answers, since one that has been made must not be
    /// refused for bodies that wait. A client has a share: twice what is left to all others, so that whoever takes as much as
    /// it gets leaves a third of what it found.
    ///
    /// # Errors
    /// When that is too much, and nobody can make room.
    pub(in crate::serve) fn hold_body(&self, bytes: usize) -> Result<(), Full> {
        let most = self.client.budget.limits.bytes / 4 * 3;
        self.hold(bytes, |used, own| own <= most.saturating_sub(used) * 2)
    }

    /// Counts `bytes` for the answer, in place of the body. One that is longer than half of all room is counted as that.
    ///
    /// # Errors
    /// When that is too much, and nobody can make room.
    pub(in crate::serve) fn hold_answer(&self, bytes: usize) -> Result<(), Full> {
        let most = self.client.budget.limits.bytes;
        self.hold(bytes.min(most / 2), |used, _| used <= most)
    }

    /// `fits` is asked with the bytes that would be used by all, and by the client.
    fn hold(&self, bytes: usize, fits: impl Fn(usize, usize) -> bool) -> Result<(), Full> {
        let Client { budget, id } = &self.client;
        let mut state = lock(&budget.state);
        let account = state.accounts.get(id).ok_or(Full)?;
        let entry = account.flights.iter().find(|entry| entry.id == self.id);
        let before = entry.ok_or(Full)?.bytes;
        let bytes = self.head.saturating_add(bytes);
        let own = (account.bytes() - before).saturating_add(bytes);
        if bytes > before {
            budget.make_room(&mut state, Some(*id), Account::stall, |used| {
                fits((used.bytes - before).saturating_add(bytes), own)
            })?;
        }
        let entry = state.entry(self).ok_or(Full)?;
        entry.bytes = bytes;
        state.used.bytes = state.used.bytes - before + bytes;
        Ok(())
    }

    /// The client has done its part: sent some more of a body, or taken some more of an answer.
    pub(in crate::serve) fn progress(&self) {
        if let Some(entry) = lock(&self.client.budget.state).entry(self) {
            entry.last = Instant::now();
        }
    }

    /// From now on the client waits for the server, or no longer.
    pub(in crate::serve) fn ours(&self, ours: bool) {
        if let Some(entry) = lock(&self.client.budget.state).entry(self) {
            entry.ours = ours;
            entry.last = Instant::now();
        }
    }

    /// Closes the connection.
    pub(in crate::serve) fn close(&self) {
        lock(&self.client.budget.state).close(self.client.id);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = lock(&self.client.budget.state);
        let Some(account) = state.accounts.get_mut(&self.client.id) else {
            return;
        };
        let place = account.flights.iter().position(|entry| entry.id == self.id);
        let Some(entry) = place.map(|place| account.flights.swap_remove(place)) else {
            return;
        };
        account.last = Instant::now();
        if !account.open && account.flights.is_empty() {
            state.accounts.remove(&self.client.id);
        }
        state.used.requests -= 1;
        state.used.bytes -= entry.bytes;
    }
}
