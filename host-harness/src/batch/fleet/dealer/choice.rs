//! The choice of an image for a worker that has claimed one, and the offers that lead to claims.

use std::time::Instant;

use super::image::{Image, Try};
use super::{Dealer, LinkState, MOST_TRIES};
use crate::batch::fleet::offers::Demand;

/// How many workers may be at work on an image at the same time.
const MOST_AT_ONCE: usize = 2;

/// An image is handed to the host that has it already only after this many of the host's longest times.
const SAME_HOST: u32 = 4;

impl Dealer {
    /// The first image that nobody works on, or else the one that has been in work for longest and should be done by now.
    pub(super) fn pick(&self, host: Option<&str>, now: Instant) -> Option<u64> {
        if self.is_stopping || matches!(self.link, LinkState::Offline(_)) {
            return None;
        }
        let mut images = self.images.iter();
        if let Some((number, _)) = images.find(|(_, image)| self.out_of(image).next().is_none()) {
            return Some(*number);
        }
        let due = self.images.iter().filter(|(_, image)| {
            let due = self.due_for(image, host);
            due.is_some_and(|at| now >= at)
        });
        let since = |image: &Image| self.out_of(image).map(|one| one.since).min();
        due.min_by_key(|(_, image)| since(image))
            .map(|(number, _)| *number)
    }

    /// When an image in work may be handed to `host` as well; `None` if never.
    ///
    /// A backup as in MapReduce (Dean & Ghemawat 2004), once it takes longer than nearly all others (Dean & Barroso 2013), so
    /// that few are made in vain.
    pub(super) fn due_for(&self, image: &Image, host: Option<&str>) -> Option<Instant> {
        let at_once = self.out_of(image).count();
        if at_once >= MOST_AT_ONCE || image.takers.len() + at_once >= MOST_TRIES {
            return None;
        }
        let newest = self.out_of(image).max_by_key(|one| one.since)?;
        let has_it = host.is_some() && self.out_of(image).any(|one| one.host.as_deref() == host);
        let longest = self.hosts.longest(newest.host.as_deref());
        let factor = if has_it { SAME_HOST } else { 1 };
        Some(newest.since + longest.saturating_mul(factor))
    }

    /// When an image in work may be handed to any host with a free slot as well; `None` if to none.
    pub(super) fn due(&self, image: &Image) -> Option<Instant> {
        let hosts = self.hosts.with_free_slots();
        hosts.filter_map(|host| self.due_for(image, host)).min()
    }

    /// When a try takes longer than can be expected.
    pub(super) fn late_at(&self, one: &Try) -> Instant {
        one.since + self.hosts.late(one.host.as_deref())
    }

    /// Whether a worker may have ended with its image.
    pub(super) fn has_late(&self, now: Instant) -> bool {
        self.out().any(|(_, one)| now >= self.late_at(one))
    }

    /// Images that a worker could get now.
    pub(super) fn free(&self, now: Instant) -> usize {
        let unused = |image: &&Image| self.out_of(image).next().is_none();
        match self.images.values().filter(unused).count() {
            0 => {
                let due = self.images.values().filter_map(|image| self.due(image));
                due.filter(|at| now >= *at).count()
            }
            unused => unused,
        }
    }

    pub(super) fn offers_wanted(&mut self, now: Instant) -> Vec<u64> {
        let is_offline = matches!(self.link, LinkState::Offline(_));
        if self.is_stopping || self.images.is_empty() || is_offline {
            return Vec::new();
        }
        let free = self.free(now);
        // A host that claims although all its slots are in use tells that a worker has ended.
        let is_question = if free == 0 {
            self.has_late(now)
        } else {
            matches!(self.link, LinkState::NoWorkers(_))
        };
        if is_question {
            return self.offers.question(now);
        }
        if free == 0 {
            return Vec::new();
        }
        let slots = self.hosts.slots().min(self.most);
        // Where nobody works, offers may have been lost with their hosts.
        let idle = match self.hosts.idle(now) {
            0 if self.out().next().is_none() => 1,
            idle => idle,
        };
        let demand = Demand {
            free,
            slots,
            idle,
            hosts: self.hosts.count(),
        };
        self.offers.wanted(demand, now)
    }
}
