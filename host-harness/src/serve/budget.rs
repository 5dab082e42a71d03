//! One budget for all that clients make the server hold: connections, requests on their way, and the bytes of their heads,
//! bodies and answers.
//!
//! Where something runs short, the client that has kept the server waiting for longest makes room: its connection is
//! closed. One that only waits for the server keeps nobody waiting, so it stays.

mod account;
mod client;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::request::Parts;
use tokio::sync::Notify;

use crate::sync::lock;
use account::{Account, RequestAccount, Wait};

pub(super) use client::{Admission, Client, Flight};

/// Bytes that a request takes up besides its head: tasks, and what HTTP/2 knows of its stream.
const REQUEST: usize = 4 << 10;

/// Bytes that a field of a head takes up besides its name and value.
const FIELD: usize = 128;

/// What there is for all clients together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) connections: usize,
    /// Requests on their way: from a head that is read to an answer that is taken.
    pub(super) requests: usize,
    /// Bytes of heads, bodies and answers.
    pub(super) bytes: usize,
    /// How long a client may keep the server waiting while others are short of room.
    pub(super) patience: Duration,
}

/// The budget.
pub(super) struct Budget {
    limits: Capacity,
    state: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    accounts: HashMap<u64, Account>,
    next: u64,
    used: Used,
}

/// A moment of the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) connections: usize,
    pub(super) requests: usize,
    pub(super) bytes: usize,
    /// Connections that were closed so that others have room.
    pub(super) closed: u64,
}

/// There is no room, nor anybody who could make some.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Budget {
    pub(super) fn new(limits: Capacity) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { limits, state })
    }

    pub(super) fn limits(&self) -> Capacity {
        self.limits
    }

    pub(super) fn used(&self) -> Used {
        lock(&self.state).used
    }

    /// A place for a connection that has come. Where all are taken, the one goes that is idle for longest, or else the one
    /// whose request has kept the server waiting for longest.
    ///
    /// # Errors
    /// When none of them may go.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Admission, Full> {
        let mut state = lock(&self.state);
        let Capacity { connections, .. } = self.limits;
        self.make_room(&mut state, None, Account::wait, |used| {
            used.connections < connections
        })?;
        state.next += 1;
        let (id, closing) = (state.next, Arc::new(Notify::new()));
        let account = Account {
            open: true,
            last: Instant::now(),
            closing: closing.clone(),
            flights: Vec::new(),
        };
        state.accounts.insert(id, account);
        state.used.connections += 1;
        let budget = self.clone();
        let client = Client { budget, id };
        Ok(Admission { client, closing })
    }

    /// Closes connections until what is used `fits`: the one with the least `wait` first; never `own`, nor those without.
    fn make_room(
        &self,
        state: &mut Accounts,
        own: Option<u64>,
        wait: impl Fn(&Account) -> Option<Wait>,
        fits: impl Fn(&Used) -> bool,
    ) -> Result<(), Full> {
        if fits(&state.used) {
            return Ok(());
        }
        let now = Instant::now();
        let others = state.accounts.iter();
        let others = others.filter(|(id, account)| account.open && Some(**id) != own);
        let waits = others.filter_map(|(id, account)| Some((wait(account)?, *id)));
        let mut long: Vec<_> = waits
            .filter(|(wait, _)| now.saturating_duration_since(wait.since) >= self.limits.patience)
            .collect();
        long.sort_unstable();
        // Nobody is closed where all of them would not make room enough.
        let mut left = state.used;
        let enough = long.iter().position(|(_, id)| {
            if let Some(account) = state.accounts.get(id) {
                left.give_back(account);
            }
            fits(&left)
        });
        for (_, id) in &long[..=enough.ok_or(Full)?] {
            state.close(*id);
            state.used.closed += 1;
        }
        Ok(())
    }
}

impl Accounts {
    /// Has a connection closed. What it holds counts as given back: it is so in a moment.
    fn close(&mut self, id: u64) {
        if let Some(account) = self.accounts.remove(&id) {
            account.closing.notify_one();
            self.used.give_back(&account);
        }
    }

    fn entry(&mut self, flight: &Flight) -> Option<&mut RequestAccount> {
        let account = self.accounts.get_mut(&flight.client.id)?;
        account
            .flights
            .iter_mut()
            .find(|entry| entry.id == flight.id)
    }
}

impl Used {
    /// Takes out all that is held for a connection.
    fn give_back(&mut self, account: &Account) {
        self.connections -= usize::from(account.open);
        self.requests -= account.flights.len();
        self.bytes -= account.bytes();
    }
}

/// The bytes that a request takes up before its body comes.
pub(super) fn weight(head: &Parts) -> usize {
    let fields = head.headers.iter();
    let fields = fields.map(|(name, value)| FIELD + name.as_str().len() + value.len());
    let target = head.uri.path_and_query().map_or(0, |t| t.as_str().len());
    REQUEST + target + fields.sum::<usize>()
}

#[cfg(test)]
mod tests;
