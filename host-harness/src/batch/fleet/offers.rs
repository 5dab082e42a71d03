//! How many offers are published, and when.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Offers that wait for each free image and slot. The message server deals them to hosts at random, so that of W offers
/// for N hosts a host has none with a chance of (N - 1) / (W + N - 1) (all distributions are equally likely where service
/// times are exponential; Gordon & Newell 1967). An offer that nobody needs any more costs a fresh instance and a
/// round trip.
const PER_SLOT: usize = 8;

/// Offers as long as no host has been heard of.
const AT_FIRST: usize = 4;

/// Offers that wait for each slot at most, the ones that were sent again included.
const MOST_PER_SLOT: usize = 64;

/// How long an offer counts as waiting; later it was lost with its host.
const LIFE: Duration = Duration::from_secs(60);

/// The age at which an offer is not used any more, so that they do not pile up at a host that is slower than others; for
/// hosts whose images take long, twice the time in which their share of the offers is used up.
const STALE: Duration = Duration::from_secs(10);

/// The pause between two times of offering again to hosts that claim nothing, doubled up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The time without a claim after which a host may have joined that has got no offer.
const QUIET: Duration = Duration::from_secs(2);

/// The offers that are on their way or wait at a host, as far as can be known.
#[derive(Debug)]
pub(super) struct Offers {
    /// When each was published, by its number.
    waiting: BTreeMap<u64, Instant>,
    last: u64,
    pause: Duration,
    /// When offers may be published beyond those that should suffice.
    again_at: Option<Instant>,
    /// The latest claim or offer.
    latest: Option<Instant>,
}

/// The hosts and images that offers are for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// Images that a worker could get now.
    pub(super) free: usize,
    /// Slots of all hosts.
    pub(super) slots: usize,
    /// Slots that should have claimed an image already.
    pub(super) idle: usize,
    pub(super) hosts: usize,
}

impl Offers {
    pub(super) fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            last: 0,
            pause: PAUSES.0,
            again_at: None,
            latest: None,
        }
    }

    /// The offer `number` was claimed by a host that takes `usual` for an image. Whether the offer is to be used.
    pub(super) fn claimed(&mut self, number: u64, usual: Duration, now: Instant) -> bool {
        self.latest = Some(now);
        let fresh = STALE.max(usual.saturating_mul(2 * PER_SLOT as u32));
        let published = self.waiting.remove(&number);
        published.is_some_and(|at| now < at + fresh)
    }

    /// A host that was idle has claimed an image: the next one that is idle is offered one as soon.
    pub(super) fn helped(&mut self) {
        self.pause = PAUSES.0;
    }

    /// All of them are lost.
    pub(super) fn lost(&mut self) {
        self.waiting.clear();
    }

    /// The numbers of the offers to publish now. Where nobody claims for a while, all may wait at hosts that are busy for
    /// long, and more may reach a host that has joined meanwhile.
    pub(super) fn wanted(&mut self, demand: Demand, now: Instant) -> Vec<u64> {
        self.waiting.retain(|_, at| now < *at + LIFE);
        let Demand {
            free,
            slots,
            idle,
            hosts,
        } = demand;
        let enough = PER_SLOT.saturating_mul(slots.min(free)).max(AT_FIRST);
        let most = MOST_PER_SLOT.saturating_mul(slots.max(1));
        let mut wanted = enough.saturating_sub(self.waiting.len());
        let is_time = self.again_at.is_none_or(|at| now >= at);
        let is_quiet = self.quiet_at().is_some_and(|at| now >= at);
        if wanted > 0 && is_time {
            self.again_at = Some(now + self.pause);
        } else if is_time && (idle > 0 || is_quiet) {
            // One for each host on average, so that most of the idle ones get one.
            let unknown = usize::from(is_quiet);
            let more = idle.max(1).min(free).saturating_mul(hosts + unknown);
            wanted = more
                .min(enough)
                .min(most.saturating_sub(self.waiting.len()));
            self.postpone(now);
        }
        self.publish(wanted, now)
    }

    /// One offer as a question whether anybody is there, if it is time for it.
    pub(super) fn question(&mut self, now: Instant) -> Vec<u64> {
        if self.again_at.is_some_and(|at| now < at) {
            return Vec::new();
        }
        self.postpone(now);
        self.publish(1, now)
    }

    /// The next time after `now` at which offers may be published though nothing happens.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let times = [self.again_at, self.quiet_at()].into_iter().flatten();
        times.filter(|at| *at > now).min()
    }

    /// Counts so many new offers as published.
    pub(super) fn publish(&mut self, count: usize, now: Instant) -> Vec<u64> {
        if count > 0 {
            self.latest = Some(now);
        }
        let first = self.last + 1;
        self.last += count as u64;
        let numbers: Vec<u64> = (first..=self.last).collect();
        self.waiting
            .extend(numbers.iter().map(|number| (*number, now)));
        numbers
    }

    fn quiet_at(&self) -> Option<Instant> {
        self.latest.map(|latest| latest + QUIET)
    }

    fn postpone(&mut self, now: Instant) {
        self.again_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(PAUSES.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_millis(500);

    fn demand(free: usize, slots: usize, idle: usize) -> Demand {
        Demand {
            free,
            slots,
            idle,
            hosts: 2,
        }
    }

    #[test]
    fn as_many_offers_wait_as_slots_and_free_images_ask_for() {
        let now = Instant::now();
        // Free images, slots, offers.
        for (free, slots, expected) in [(9, 0, 4), (1, 1, 8), (9, 2, 16), (1, 9, 8), (3, 9, 24)] {
            let demand = demand(free, slots, 0);
            let mut offers = Offers::new();
            let numbers = offers.wanted(demand, now);
            assert_eq!(numbers.len(), expected);
            assert_eq!(offers.wanted(demand, now), [0; 0]);
            assert!(offers.claimed(numbers[0], USUAL, now));
            assert_eq!(offers.wanted(demand, now).len(), 1);
            offers.lost();
            assert_eq!(offers.wanted(demand, now).len(), expected);
            assert_eq!(offers.wanted(demand, now + LIFE).len(), expected);
        }
    }

    #[test]
    fn an_offer_is_used_once_and_while_it_is_fresh() {
        let now = Instant::now();
        let claimed = |usual, after| {
            let mut offers = Offers::new();
            let numbers = offers.wanted(demand(1, 1, 0), now);
            let used = offers.claimed(numbers[0], usual, now + after);
            assert!(!offers.claimed(numbers[0], usual, now + after));
            used
        };
        let second = Duration::from_secs(1);
        assert!(claimed(USUAL, STALE - second));
        assert!(!claimed(USUAL, STALE));
        // Where an image takes three seconds, eight of them take 24.
        assert!(claimed(3 * second, 47 * second));
        assert!(!claimed(3 * second, 48 * second));
    }

    #[test]
    fn idle_slots_are_offered_more_after_pauses_that_grow_until_one_is_helped() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut offers = Offers::new();
        assert_eq!(offers.wanted(demand(9, 2, 0), at(0)).len(), 16);
        let asked = [0, 19, 20, 39, 40, 79, 80, 159, 160]
            .map(|time| offers.wanted(demand(9, 2, 1), at(time)).len());
        assert_eq!(asked, [0, 0, 2, 0, 2, 0, 2, 0, 2]);
        assert_eq!(offers.next(at(160)), Some(at(320)));
        offers.helped();
        assert_eq!(offers.wanted(demand(9, 2, 1), at(320)).len(), 2);
        assert_eq!(offers.next(at(320)), Some(at(340)));
    }

    #[test]
    fn offers_do_not_pile_up_however_long_a_slot_seems_idle() {
        let start = Instant::now();
        let mut offers = Offers::new();
        let published = (0..50).map(|time| {
            let now = start + Duration::from_secs(time);
            offers.wanted(demand(9, 2, usize::MAX), now).len()
        });
        assert_eq!(published.sum::<usize>(), 2 * MOST_PER_SLOT);
    }

    #[test]
    fn hosts_that_are_all_busy_are_offered_more_after_a_while() {
        let start = Instant::now();
        let mut offers = Offers::new();
        assert_eq!(offers.wanted(demand(9, 2, 0), start).len(), 16);
        assert_eq!(offers.next(start + PAUSES.0), Some(start + QUIET));
        assert_eq!(offers.wanted(demand(9, 2, 0), start + QUIET / 2), [0; 0]);
        assert_eq!(offers.wanted(demand(9, 2, 0), start + QUIET).len(), 3);
        assert_eq!(
            offers.wanted(demand(9, 2, 0), start + QUIET * 3 / 2),
            [0; 0]
        );
        assert_eq!(offers.wanted(demand(9, 2, 0), start + QUIET * 2).len(), 3);
    }

    #[test]
    fn nobody_is_asked_at_growing_intervals() {
        let start = Instant::now();
        let mut offers = Offers::new();
        let mut asked = Vec::new();
        for time in 0..3000 {
            if !offers
                .question(start + Duration::from_millis(time))
                .is_empty()
            {
                asked.push(time);
            }
        }
        assert_eq!(asked, [0, 20, 60, 140, 300, 620, 1260, 2260]);
    }
}
