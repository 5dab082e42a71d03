//! One budget for all that clients make the server hold: connections, requests on their way, and the bytes of their heads,
//! bodies and answers.
//!
//! Where something runs short, the client that has kept the server waiting for longest makes room: its connection is
//! closed. One that only waits for the server keeps nobody waiting, so it stays.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::request::Parts;
use tokio::sync::Notify;

use crate::sync::lock;

/// Bytes that a request takes up besides its head: tasks, and what HTTP/2 knows of its stream.
const REQUEST: usize = 4 << 10;

/// Bytes that a field of a head takes up besides its name and value.
const FIELD: usize = 128;

/// What there is for all clients together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
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
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
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

/// What is held for one connection, which stays for as long as anything is.
struct Account {
    open: bool,
    /// When its last request began or ended, or when it came.
    last: Instant,
    closing: Arc<Notify>,
    flights: Vec<Entry>,
}

/// What is held for one request.
struct Entry {
    id: u64,
    bytes: usize,
    /// When the client last did its part.
    last: Instant,
    /// Whether it waits for the server, and not the server for it.
    ours: bool,
}

/// How the server waits for a client; the least is that of the client which goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    /// Whether for its part in a request, or for a request.
    stalled: bool,
    since: Instant,
}

/// A connection's place, given back when it is dropped.
pub(super) struct Place {
    client: Client,
    closing: Arc<Notify>,
}

/// Whoever is at the other end of a connection.
#[derive(Clone)]
pub(super) struct Client {
    budget: Arc<Budget>,
    id: u64,
}

/// A request on its way; what it holds is given back when it is dropped.
pub(super) struct Flight {
    client: Client,
    id: u64,
    /// Bytes of its head.
    head: usize,
}

/// There is no room, nor anybody who could make some.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Budget {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { limits, state })
    }

    pub(super) fn limits(&self) -> Limits {
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
    pub(super) fn admit(self: &Arc<Self>) -> Result<Place, Full> {
        let mut state = lock(&self.state);
        let Limits { connections, .. } = self.limits;
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
        Ok(Place { client, closing })
    }

    /// Closes connections until what is used `fits`: the one with the least `wait` first; never `own`, nor those without.
    fn make_room(
        &self,
        state: &mut State,
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

impl Place {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Done when the connection has to be closed at once.
    pub(super) async fn closed(&self) {
        self.closing.notified().await;
    }
}

impl Drop for Place {
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
    pub(super) fn begin(&self, head: usize) -> Result<Flight, Full> {
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
        account.flights.push(Entry {
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
    pub(super) fn idle_since(&self) -> Option<Instant> {
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
    pub(super) fn hold_body(&self, bytes: usize) -> Result<(), Full> {
        let most = self.client.budget.limits.bytes / 4 * 3;
        self.hold(bytes, |used, own| own <= most.saturating_sub(used) * 2)
    }

    /// Counts `bytes` for the answer, in place of the body. One that is longer than half of all room is counted as that.
    ///
    /// # Errors
    /// When that is too much, and nobody can make room.
    pub(super) fn hold_answer(&self, bytes: usize) -> Result<(), Full> {
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
    pub(super) fn progress(&self) {
        if let Some(entry) = lock(&self.client.budget.state).entry(self) {
            entry.last = Instant::now();
        }
    }

    /// From now on the client waits for the server, or no longer.
    pub(super) fn ours(&self, ours: bool) {
        if let Some(entry) = lock(&self.client.budget.state).entry(self) {
            entry.ours = ours;
            entry.last = Instant::now();
        }
    }

    /// Closes the connection.
    pub(super) fn close(&self) {
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

impl State {
    /// Has a connection closed. What it holds counts as given back: it is so in a moment.
    fn close(&mut self, id: u64) {
        if let Some(account) = self.accounts.remove(&id) {
            account.closing.notify_one();
            self.used.give_back(&account);
        }
    }

    fn entry(&mut self, flight: &Flight) -> Option<&mut Entry> {
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

impl Account {
    fn bytes(&self) -> usize {
        self.flights.iter().map(|entry| entry.bytes).sum()
    }

    /// How the server waits for the client; `None` while the client only waits for the server.
    fn wait(&self) -> Option<Wait> {
        match self.flights.is_empty() {
            true => Some(Wait {
                stalled: false,
                since: self.last,
            }),
            false => self.stall(),
        }
    }

    /// The same for a request alone: `None` without one, too.
    fn stall(&self) -> Option<Wait> {
        let theirs = self.flights.iter().filter(|entry| !entry.ours);
        let since = theirs.map(|entry| entry.last).min()?;
        let stalled = true;
        Some(Wait { stalled, since })
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
