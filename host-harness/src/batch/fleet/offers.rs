//! How many offers are published, and when.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Offers that wait for each free image and slot. The message server deals them to hosts at random, so that of W offers
/// for N hosts a host has none with a chance of (N - 1) / (W + N - 1) (all distributions are equally likely where service
/// times are exponential; Gordon & Newell 1967). An offer that nobody needs any more costs a fresh instance and a
/// round trip.
const PER_SLOT: usize = 8;

/// Offers as long as no host has been heard of.
const AT_FIRST: usize = 4;

/// How long an offer counts as waiting: wasmCloud's hosts drop a message after that by default.
const LIFE: Duration = Duration::from_secs(30);

/// The pause between two times of offering again to hosts that claim nothing, doubled up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The offers that are on their way or wait at a host, as far as can be known.
#[derive(Debug)]
pub(super) struct Offers {
    /// When each was published.
    waiting: VecDeque<Instant>,
    pause: Duration,
    /// When offers may be published beyond those that should suffice.
    again_at: Option<Instant>,
    /// The latest claim or offer.
    latest: Option<Instant>,
}

impl Offers {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            pause: PAUSES.0,
            again_at: None,
            latest: None,
        }
    }

    /// One of them was claimed.
    pub(super) fn claimed(&mut self, now: Instant) {
        self.waiting.pop_front();
        self.latest = Some(now);
        self.pause = PAUSES.0;
    }

    /// All of them are lost.
    pub(super) fn lost(&mut self) {
        self.waiting.clear();
    }

    /// How many to publish now, for `free` images and `slots` of all hosts, of which `idle` should have claimed one
    /// already. They count as published. All may wait at hosts that are busy for long: where nobody claims for a second,
    /// one more may reach a host that has joined meanwhile.
    pub(super) fn wanted(
        &mut self,
        free: usize,
        slots: usize,
        idle: usize,
        hosts: usize,
        now: Instant,
    ) -> usize {
        while self.waiting.front().is_some_and(|at| now >= *at + LIFE) {
            self.waiting.pop_front();
        }
        let enough = PER_SLOT.saturating_mul(slots.min(free)).max(AT_FIRST);
        let mut wanted = enough.saturating_sub(self.waiting.len());
        let idle = idle.max(usize::from(self.quiet_at().is_some_and(|at| now >= at)));
        let is_time = self.again_at.is_none_or(|at| now >= at);
        if wanted > 0 && is_time {
            self.again_at = Some(now + self.pause);
        } else if idle > 0 && is_time {
            // One for each host on average, so that most of the idle ones get one.
            wanted = idle.min(free).saturating_mul(hosts.max(1)).min(enough);
            self.postpone(now);
        }
        if wanted > 0 {
            self.latest = Some(now);
            self.waiting.extend(std::iter::repeat_n(now, wanted));
        }
        wanted
    }

    /// One offer as a question whether anybody is there, if it is time for it.
    pub(super) fn question(&mut self, now: Instant) -> usize {
        if self.again_at.is_some_and(|at| now < at) {
            return 0;
        }
        self.postpone(now);
        self.waiting.push_back(now);
        1
    }

    /// The next time after `now` at which offers may be published though nothing happens.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let times = [self.again_at, self.quiet_at()].into_iter().flatten();
        times.filter(|at| *at > now).min()
    }

    fn quiet_at(&self) -> Option<Instant> {
        self.latest.map(|latest| latest + PAUSES.1)
    }

    fn postpone(&mut self, now: Instant) {
        self.again_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(PAUSES.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_offers_wait_as_slots_and_free_images_ask_for() {
        let now = Instant::now();
        // Free images, slots, offers.
        for (free, slots, expected) in [(9, 0, 4), (1, 1, 8), (9, 2, 16), (1, 9, 8), (3, 9, 24)] {
            let mut offers = Offers::new();
            assert_eq!(offers.wanted(free, slots, 0, 1, now), expected);
            assert_eq!(offers.wanted(free, slots, 0, 1, now), 0);
            offers.claimed(now);
            assert_eq!(offers.wanted(free, slots, 0, 1, now), 1);
            offers.lost();
            assert_eq!(offers.wanted(free, slots, 0, 1, now), expected);
            assert_eq!(offers.wanted(free, slots, 0, 1, now + LIFE), expected);
        }
    }

    #[test]
    fn idle_slots_are_offered_more_after_pauses_that_grow_until_one_claims() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut offers = Offers::new();
        assert_eq!(offers.wanted(9, 2, 0, 2, at(0)), 16);
        let asked =
            [0, 19, 20, 39, 40, 79, 80, 159, 160].map(|time| offers.wanted(9, 2, 1, 2, at(time)));
        assert_eq!(asked, [0, 0, 2, 0, 2, 0, 2, 0, 2]);
        assert_eq!(offers.next(at(160)), Some(at(320)));
        offers.claimed(at(300));
        assert_eq!(offers.wanted(9, 2, 1, 2, at(320)), 2);
        assert_eq!(offers.next(at(320)), Some(at(340)));
        // Never more at once than the number that should suffice.
        assert_eq!(offers.wanted(9, 2, usize::MAX, 9, at(340)), 16);
    }

    #[test]
    fn hosts_that_are_all_busy_are_offered_more_after_a_second() {
        let start = Instant::now();
        let mut offers = Offers::new();
        assert_eq!(offers.wanted(9, 2, 0, 2, start), 16);
        let quiet = PAUSES.1;
        assert_eq!(offers.next(start + PAUSES.0), Some(start + quiet));
        assert_eq!(offers.wanted(9, 2, 0, 2, start + quiet / 2), 0);
        assert_eq!(offers.wanted(9, 2, 0, 2, start + quiet), 2);
        assert_eq!(offers.wanted(9, 2, 0, 2, start + quiet * 3 / 2), 0);
        assert_eq!(offers.wanted(9, 2, 0, 2, start + quiet * 2), 2);
    }

    #[test]
    fn nobody_is_asked_at_growing_intervals() {
        let start = Instant::now();
        let mut offers = Offers::new();
        let mut asked = Vec::new();
        for time in 0..3000 {
            if offers.question(start + Duration::from_millis(time)) == 1 {
                asked.push(time);
            }
        }
        assert_eq!(asked, [0, 20, 60, 140, 300, 620, 1260, 2260]);
    }
}
