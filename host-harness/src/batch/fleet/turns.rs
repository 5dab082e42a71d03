//! Whose turn it is: as many pictures are in memory as the fleet's hosts have a use for.

use std::sync::Mutex;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::hosts::Hosts;
use crate::batch::manifest::lock;

/// The hosts, and turns in step with their window.
pub(super) struct Turns {
    state: Mutex<State>,
    give: Sender<()>,
    take: Receiver<()>,
}

struct State {
    hosts: Hosts,
    /// Turns that are held or can be had.
    issued: usize,
}

/// The right to have one picture in work, until it is dropped.
pub(in crate::batch) struct Turn<'a>(&'a Turns);

/// One picture for which somebody is asked, until it is dropped.
pub(super) struct Asked<'a> {
    turns: &'a Turns,
    is_taken: bool,
}

impl Turns {
    pub(super) fn new(hosts: Hosts) -> Self {
        let (give, take) = crossbeam_channel::unbounded();
        let turns = Self {
            state: Mutex::new(State { hosts, issued: 0 }),
            give,
            take,
        };
        turns.with(|_| ());
        turns
    }

    /// Waits for a turn; `None` when the batch is to stop.
    pub(super) fn wait(&self, stop: &Receiver<()>) -> Option<Turn<'_>> {
        crossbeam_channel::select! {
            recv(stop) -> _ => return None,
            recv(self.take) -> _ => {}
        }
        Some(Turn(self))
    }

    /// Somebody is asked for one more picture.
    pub(super) fn ask(&self) -> Asked<'_> {
        self.with(|hosts| hosts.ask(Instant::now()));
        Asked {
            turns: self,
            is_taken: false,
        }
    }

    /// Tells the hosts something, or asks them; what that does to their window is followed at once.
    pub(super) fn with<T>(&self, what: impl FnOnce(&mut Hosts) -> T) -> T {
        let mut state = lock(&self.state);
        let answer = what(&mut state.hosts);
        while state.issued < state.hosts.window() {
            state.issued += 1;
            // The other end is here.
            let _ = self.give.send(());
        }
        answer
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if state.issued > state.hosts.window() {
            state.issued -= 1;
        } else {
            let _ = self.0.give.send(());
        }
    }
}

impl Asked<'_> {
    /// Whether a host has the picture in hands.
    pub(super) fn set_taken(&mut self, is_taken: bool) {
        if is_taken != self.is_taken {
            self.is_taken = is_taken;
            let change = if is_taken { Hosts::take } else { Hosts::leave };
            self.turns.with(change);
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.set_taken(false);
        self.turns.with(Hosts::asked);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn there_are_as_many_turns_as_the_window_is_wide() {
        let silence = Duration::from_secs(10);
        let turns = Turns::new(Hosts::new(64, silence));
        let never = crossbeam_channel::never();
        let mut held: Vec<_> = (0..4).filter_map(|_| turns.wait(&never)).collect();
        assert!(turns.take.is_empty());
        // Two slots: six more.
        let now = Instant::now();
        turns.with(|hosts| hosts.heard("h1", Some(2), now));
        held.extend((0..6).filter_map(|_| turns.wait(&never)));
        assert!(turns.take.is_empty());
        // What one gives back, another can have.
        held.pop();
        held.extend(turns.wait(&never));
        assert!(turns.take.is_empty() && held.len() == 10);
        // The host is gone: what is given back stays away until four are left.
        turns.with(|hosts| hosts.forget(now + silence));
        held.truncate(4);
        assert!(turns.take.is_empty());
        held.clear();
        assert_eq!(turns.take.len(), 4);
    }

    #[test]
    fn nobody_waits_for_a_turn_when_the_batch_stops() {
        let turns = Turns::new(Hosts::new(1, Duration::from_secs(10)));
        let never = crossbeam_channel::never();
        let _held = turns.wait(&never);
        let (open, closed) = crossbeam_channel::bounded::<()>(0);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.wait(&closed).is_none());
            drop(open);
            assert!(waiting.join().expect("it ends"));
        });
    }
}
