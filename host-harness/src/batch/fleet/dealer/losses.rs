//! Tries and hosts that are given up, and the end of a batch that nobody works on.

use std::time::{Duration, Instant};

use super::image::{Image, Try, TryState};
use super::{Dealer, LinkState, MOST_TRIES, Notice, Order, shown};

impl Dealer {
    /// When a try counts as lost: later each time that the image was lost before, since it may be one that takes long.
    pub(super) fn overdue_at(&self, one: &Try) -> Instant {
        let explained = self.hosts.explained(one.host.as_deref());
        let limit = if self.is_stopping {
            explained
        } else {
            explained.max(self.timeout)
        };
        let image = self.images.get(&one.image);
        let losses = image.map_or(0, |image| image.takers.len());
        one.since + limit.saturating_mul(1 << losses.min(MOST_TRIES))
    }

    /// Gives up the tries that took too long, and the hosts that have been silent since.
    pub(super) fn lose_overdue(&mut self, now: Instant) {
        let overdue = self.out().filter(|(_, one)| now >= self.overdue_at(one));
        let overdue: Vec<u64> = overdue.map(|(number, _)| number).collect();
        for number in overdue {
            // An earlier loss may have given this one more time, or have taken its host with it.
            let one = self.tries.get(&number).filter(|one| one.is_out());
            let Some(one) = one.filter(|one| now >= self.overdue_at(one)) else {
                continue;
            };
            let (host, since, is_excused) = (one.host.clone(), one.since, one.is_excused());
            self.lose(number, now);
            let heard = self.hosts.last_heard(host.as_deref());
            if let (Some(name), Some(heard)) = (host, heard)
                && heard <= since
                && !is_excused
            {
                self.give_up_host(&name, now.saturating_duration_since(heard), now);
            }
        }
    }

    pub(super) fn give_up_host(&mut self, name: &str, silent: Duration, now: Instant) {
        while let Some(number) = self.oldest_at(Some(name)) {
            self.lose(number, now);
        }
        self.hosts.give_up(name);
        let host = shown(Some(name));
        self.tell(Notice::Gone { host, silent });
    }

    /// Nobody counts on the try `number` any more; should its answer come all the same, it is taken.
    pub(super) fn lose(&mut self, number: u64, now: Instant) {
        let Some(one) = self.tries.get_mut(&number) else {
            return;
        };
        let is_excused = one.is_excused();
        one.state = TryState::Lost;
        self.asked = now;
        let (image, host, is_taken) = (one.image, one.host.clone(), one.is_taken);
        self.hosts.end(host.as_deref(), now);
        let Some(waiting) = self.images.get_mut(&image) else {
            // A copy of what was answered elsewhere.
            self.tries.remove(&number);
            return;
        };
        if is_taken && !is_excused {
            waiting.takers.push(shown(host.as_deref()));
        }
        let waiting = &self.images[&image];
        if waiting.takers.len() >= MOST_TRIES && self.out_of(waiting).next().is_none() {
            let takers = waiting.takers.clone();
            self.forget(image);
            self.orders.push(Order::Fail { image, takers });
        }
    }

    pub(super) fn leave_what_nobody_has(&mut self) {
        if !self.is_stopping {
            return;
        }
        let is_up = self.link == LinkState::Up;
        let images = self.images.iter();
        let idle = images.filter(|(_, image)| !is_up || self.out_of(image).next().is_none());
        let idle: Vec<u64> = idle.map(|(number, _)| *number).collect();
        for image in idle {
            self.forget(image);
            self.orders.push(Order::Leave(image));
        }
    }

    /// When the batch ends if no worker is heard of until then.
    pub(super) fn silent_at(&self) -> Option<Instant> {
        let is_out = |image: &Image| self.out_of(image).next().is_some();
        let since = match self.link {
            _ if self.images.is_empty() => return None,
            LinkState::Offline(since) => since,
            // Somebody is at work, and has time until that counts as lost.
            _ if self.images.values().any(is_out) => return None,
            LinkState::NoWorkers(since) => since,
            LinkState::Up => self.heard.max(self.asked),
        };
        Some(since + self.timeout)
    }
}
