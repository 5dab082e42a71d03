//! The hosts of a fleet, as far as they are heard of, and how many pictures may be in work for them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Pictures in work for each slot of a host. The server deals them out at random, so that one host has a queue while another
/// has nothing to do: of N slots and W pictures, W / (W + N - 1) are busy (all distributions of W over N queues are
/// equally likely where service times are exponential; Gordon & Newell 1967). Three gave two hosts .86, five give .91; more
/// would wait longer, and be sent again when their host dies.
const PER_SLOT: usize = 5;

/// Pictures in work as long as no host has been heard of: enough to be heard by one.
const AT_FIRST: usize = 4;

/// Who is there.
#[derive(Debug)]
pub(super) struct Hosts {
    /// In work at most, however many hosts there are.
    most: usize,
    /// A host that is not heard of for so long is forgotten.
    silence: Duration,
    known: BTreeMap<String, Host>,
    /// Pictures for which somebody is asked.
    asked: usize,
    /// Those of them that are taken and not answered yet.
    taken: usize,
    /// Since when nobody can be reached, if so.
    alone_since: Option<Instant>,
}

#[derive(Debug)]
struct Host {
    slots: u32,
    heard: Instant,
}

impl Hosts {
    pub(super) fn new(most: usize, silence: Duration) -> Self {
        Self {
            most,
            silence,
            known: BTreeMap::new(),
            asked: 0,
            taken: 0,
            alone_since: None,
        }
    }

    /// Somebody is asked for one more picture. Silence up to the first one says nothing.
    pub(super) fn ask(&mut self, now: Instant) {
        if self.asked == 0 {
            for host in self.known.values_mut() {
                host.heard = now;
            }
        }
        self.asked += 1;
    }

    /// Nobody is asked for one of them any more.
    pub(super) fn asked(&mut self) {
        self.asked -= 1;
    }

    /// One of them is in a host's hands.
    pub(super) fn take(&mut self) {
        self.taken += 1;
    }

    /// One of them is not any more, or nobody counts on it.
    pub(super) fn leave(&mut self) {
        self.taken -= 1;
    }

    /// The host `name` took or answered a picture; of `slots` if it said so. Whether it is a new one.
    pub(super) fn heard(&mut self, name: &str, slots: Option<u32>, now: Instant) -> bool {
        self.alone_since = None;
        if let Some(host) = self.known.get_mut(name) {
            host.heard = now;
            host.slots = slots.unwrap_or(host.slots);
            return false;
        }
        let host = Host {
            slots: slots.unwrap_or(1),
            heard: now,
        };
        self.known.insert(name.to_owned(), host);
        true
    }

    /// Forgets hosts that have been silent for too long: their names.
    pub(super) fn forget(&mut self, now: Instant) -> Vec<String> {
        let silent = |host: &Host| now.saturating_duration_since(host.heard) >= self.silence;
        let silent = self.known.extract_if(.., |_, host| silent(host));
        silent.map(|(name, _)| name).collect()
    }

    /// How many pictures may be in work. Hosts that do not say their names look like one; as many pictures as are taken at
    /// once, so many slots there are at least.
    pub(super) fn window(&self) -> usize {
        let slots: u64 = self.known.values().map(|host| u64::from(host.slots)).sum();
        let slots = usize::try_from(slots).unwrap_or(usize::MAX).max(self.taken);
        let wanted = slots.saturating_mul(PER_SLOT).max(AT_FIRST);
        wanted.min(self.most)
    }

    /// Nobody can be reached; whether that is new.
    pub(super) fn alone(&mut self, now: Instant) -> bool {
        let is_new = self.alone_since.is_none();
        self.alone_since.get_or_insert(now);
        is_new
    }

    /// Since when nobody can be reached.
    pub(super) fn alone_since(&self) -> Option<Instant> {
        self.alone_since
    }

    /// Whoever is there can be reached; whether that is new.
    pub(super) fn reachable(&mut self) -> bool {
        self.alone_since.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When, which host, and its slots.
    type Heard = (u64, &'static str, Option<u32>);

    #[test]
    fn the_window_follows_the_hosts_that_are_heard_of() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        // The window at that second, with 10 s of silence and 64 at most.
        let cases: &[(&[Heard], u64, usize)] = &[
            (&[], 0, 4),
            (&[(0, "a", Some(1))], 0, 5),
            (&[(0, "a", Some(2))], 0, 10),
            (&[(0, "a", Some(2)), (1, "b", Some(2))], 1, 20),
            // An answer says nothing of slots; a host may be started again with others.
            (&[(0, "a", Some(4)), (1, "a", None)], 1, 20),
            (&[(0, "a", Some(4)), (1, "a", Some(8))], 1, 40),
            (&[(0, "a", None), (0, "b", Some(3))], 0, 20),
            // Silence.
            (&[(0, "a", Some(4)), (5, "b", Some(4))], 9, 40),
            (&[(0, "a", Some(4)), (5, "b", Some(4))], 10, 20),
            (&[(0, "a", Some(4)), (5, "b", Some(4))], 15, 4),
            (&[(0, "a", Some(4)), (9, "a", None)], 15, 20),
            // Whatever a host says.
            (&[(0, "a", Some(u32::MAX)), (0, "b", Some(u32::MAX))], 0, 64),
            (&[(0, "a", Some(0))], 0, 4),
        ];
        for (heard, then, expected) in cases {
            let mut hosts = Hosts::new(64, Duration::from_secs(10));
            for (second, name, slots) in *heard {
                hosts.heard(name, *slots, at(*second));
            }
            hosts.forget(at(*then));
            assert_eq!(hosts.window(), *expected, "{heard:?} at {then}");
        }
        assert_eq!(Hosts::new(2, Duration::from_secs(10)).window(), 2);
    }

    #[test]
    fn the_window_grows_with_what_hosts_without_a_name_take() {
        let now = Instant::now();
        let mut hosts = Hosts::new(64, Duration::from_secs(10));
        for (slots, window) in [(4, 20), (6, 30), (12, 60), (30, 64)] {
            for _ in 0..slots {
                hosts.heard("without a name", Some(2), now);
                hosts.take();
            }
            assert_eq!(hosts.window(), window);
            for _ in 0..slots {
                hosts.leave();
            }
            assert_eq!(hosts.window(), 10);
        }
    }

    #[test]
    fn hosts_join_and_leave_once() {
        let now = Instant::now();
        let mut hosts = Hosts::new(64, Duration::from_secs(10));
        assert!(hosts.heard("a", Some(2), now));
        assert!(!hosts.heard("a", None, now));
        let later = now + Duration::from_secs(10);
        assert_eq!(hosts.forget(later), ["a"]);
        assert!(hosts.forget(later).is_empty());
        assert!(hosts.heard("a", Some(2), later));
    }

    #[test]
    fn being_alone_begins_once_and_ends_with_the_first_sign_of_anybody() {
        let now = Instant::now();
        let later = now + Duration::from_secs(7);
        let mut hosts = Hosts::new(64, Duration::from_secs(10));
        assert_eq!(hosts.alone_since(), None);
        assert!(hosts.alone(now) && !hosts.alone(later));
        assert_eq!(hosts.alone_since(), Some(now));
        hosts.heard("a", None, later);
        assert_eq!(hosts.alone_since(), None);
        assert!(hosts.alone(later));
        assert!(hosts.reachable() && !hosts.reachable());
        assert_eq!(hosts.alone_since(), None);
    }

    #[test]
    fn silence_counts_only_while_something_is_asked() {
        let now = Instant::now();
        let later = now + Duration::from_secs(100);
        let mut hosts = Hosts::new(64, Duration::from_secs(10));
        hosts.ask(now);
        hosts.heard("a", Some(4), now);
        hosts.asked();
        hosts.ask(later);
        // Not the first one.
        hosts.ask(later + Duration::from_secs(5));
        assert!(hosts.forget(later + Duration::from_secs(9)).is_empty());
        assert_eq!(hosts.forget(later + Duration::from_secs(10)), ["a"]);
    }
}
