//! The policy of a fleet's batch: which image a free worker gets, when it is handed out again, and when it fails.
//!
//! Images wait here and not at the hosts: a host is sent small offers, and a worker that comes to one claims an image.
//! So a host holds as many images as it works on, a fast host claims more of them than a slow one, and no image waits
//! behind another. All times are the caller's, and nothing here blocks.

mod choice;
mod image;
mod link;
mod losses;
mod order;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::hosts::{Hosts, Sign};
use super::offers::Offers;
use image::{Image, Try};
use link::LinkState;

pub(super) use order::{Deal, Missing, Notice, Order};

/// How often an image is handed out: a host may die with it, and so may the next one, but the image that outlives three is
/// to blame itself.
pub(super) const MOST_TRIES: usize = 3;

/// Images in memory for each slot: the one in work, and one that is read or written meanwhile.
const PER_SLOT: usize = 2;

/// Images in memory beyond those of the slots; as many again as long as no host has been heard of.
const SPARE: usize = 2;

/// The name of hosts whose workers do not know it.
const UNNAMED: &str = "a host without a name";

/// The policy's state.
#[derive(Debug)]
pub(super) struct Dealer {
    timeout: Duration,
    /// Images in memory at most.
    most: usize,
    images: BTreeMap<u64, Image>,
    tries: BTreeMap<u64, Try>,
    hosts: Hosts,
    offers: Offers,
    link: LinkState,
    /// The latest sign of life of any worker, or when the first image came.
    heard: Instant,
    /// The sign of life before the latest one.
    heard_before: Instant,
    /// When a try was lost last: while a worker seemed at work, nobody was asked.
    asked: Instant,
    /// The last number of an image or a try.
    last: u64,
    copies: u64,
    is_stopping: bool,
    orders: Vec<Order>,
}

impl Dealer {
    /// No images yet; at most `most` will be in memory. `timeout` is how long the batch goes on without any sign of a
    /// worker, and the shortest time after which an image that was taken counts as lost.
    pub(super) fn new(timeout: Duration, most: usize, now: Instant) -> Self {
        Self {
            timeout,
            most,
            images: BTreeMap::new(),
            tries: BTreeMap::new(),
            hosts: Hosts::default(),
            offers: Offers::new(),
            link: LinkState::Up,
            heard: now,
            heard_before: now,
            asked: now,
            last: 0,
            copies: 0,
            is_stopping: false,
            orders: Vec::new(),
        }
    }

    /// How many images may be in memory.
    pub(super) fn window(&self) -> usize {
        let slots = self.hosts.slots();
        let wanted = slots.saturating_mul(PER_SLOT).saturating_add(SPARE);
        wanted.max(2 * SPARE).min(self.most)
    }

    /// Tries of images that were answered elsewhere first, so that a worker has processed them for nobody or still does;
    /// those at a host that has ended count until it counts as gone.
    pub(super) fn copies(&self) -> u64 {
        let out = self.out();
        let at_work = out.filter(|(_, one)| !self.images.contains_key(&one.image));
        self.copies + at_work.count() as u64
    }

    /// One more image is there to be handed out; its number.
    pub(super) fn add(&mut self, now: Instant) -> u64 {
        if self.images.is_empty() {
            // Silence up to here says nothing.
            self.heard = now;
            match &mut self.link {
                LinkState::Up => {}
                LinkState::NoWorkers(since) | LinkState::Offline(since) => *since = now,
            }
        }
        self.last += 1;
        self.images.insert(self.last, Image::default());
        self.last
    }

    /// The image is not to be handed out any more.
    pub(super) fn forget(&mut self, image: u64) {
        self.images.remove(&image);
    }

    /// A worker at `host` has come to `offer`. Whether it may get an image, which [`deal`](Self::deal) chooses.
    pub(super) fn claim(
        &mut self,
        offer: u64,
        host: Option<&str>,
        slots: Option<u32>,
        now: Instant,
    ) -> bool {
        self.heard_of(host, slots, now);
        // A worker that claims is in no slot of another: when all were in use, one has ended without an answer.
        if let Some(name) = host
            && self.hosts.is_full(name)
            && let Some(number) = self.oldest_at(host)
            && now >= self.tries[&number].since + self.hosts.usual(host)
        {
            self.lose(number, now);
        }
        self.offers.claimed(offer, self.hosts.usual(host), now)
    }

    /// The image for a worker at `host` that has claimed one, if there is any for it.
    pub(super) fn deal(&mut self, host: Option<&str>, now: Instant) -> Option<Deal> {
        let image = self.pick(host, now)?;
        if self.hosts.was_idle(host, now) {
            self.offers.helped();
        }
        self.last += 1;
        let number = self.last;
        self.hosts.begin(host);
        self.images.get_mut(&image)?.tries.push(number);
        let host = host.map(str::to_owned);
        let one = Try::new(image, host, now, self.heard_before);
        self.tries.insert(number, one);
        Some(Deal { image, number })
    }

    /// The worker has got the image of the try `number`.
    pub(super) fn taken(&mut self, number: u64, now: Instant) {
        self.heard = now;
        if let Some(one) = self.tries.get_mut(&number) {
            one.is_taken = true;
        }
    }

    /// The try `number` was answered by `host`. The image, if this is its first answer.
    pub(super) fn answered(
        &mut self,
        number: u64,
        host: Option<&str>,
        now: Instant,
    ) -> Option<u64> {
        let Some(one) = self.tries.remove(&number) else {
            self.heard_of(host, None, now);
            return None;
        };
        // An answer that cannot be read names no host.
        let host = one.host.as_deref();
        self.heard_of(host, None, now);
        if one.is_out() {
            self.hosts.end(host, now);
        } else {
            self.hosts.has_one_more(host);
        }
        let time = now.saturating_duration_since(one.since);
        self.hosts.measured(host, time);
        let is_first = self.images.remove(&one.image).is_some();
        self.copies += u64::from(!is_first);
        is_first.then_some(one.image)
    }

    /// The worker was gone before the try `number` reached it, or may get no answers: its claim was no sign of life.
    pub(super) fn undelivered(&mut self, number: u64, now: Instant) {
        if let Some(one) = self.tries.remove(&number) {
            if one.is_out() {
                self.hosts.end(one.host.as_deref(), now);
            }
            if self.heard == one.since {
                self.heard = one.heard_before;
            }
            if let Some(image) = self.images.get_mut(&one.image) {
                image.tries.retain(|other| *other != number);
            }
        }
    }

    /// The batch stops: what is in work is finished, nothing is handed out any more.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// The orders that follow from what has happened up to `now`.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Order> {
        self.lose_overdue(now);
        self.leave_what_nobody_has();
        if self.silent_at().is_some_and(|at| now >= at) {
            let missing = match self.link {
                LinkState::Offline(_) => Missing::Connection,
                LinkState::NoWorkers(_) => Missing::Workers,
                LinkState::Up => Missing::Answers,
            };
            self.orders.push(Order::End(missing));
        }
        let offers = self.offers_wanted(now);
        if !offers.is_empty() {
            self.orders.push(Order::Offer(offers));
        }
        std::mem::take(&mut self.orders)
    }

    /// When [`tick`](Self::tick), which was called at `now`, has something to do even if nothing happens.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let overdue = self.out().map(|(_, one)| self.overdue_at(one));
        let mut times: Vec<Instant> = overdue.collect();
        times.extend(self.silent_at());
        if !self.is_stopping && (self.free(now) > 0 || self.has_late(now)) {
            times.extend(self.offers.next(now));
            times.extend(self.hosts.next_idle(now));
        } else if !self.is_stopping {
            times.extend(self.images.values().filter_map(|image| self.due(image)));
            times.extend(self.out().map(|(_, one)| self.late_at(one)));
        }
        times.into_iter().min()
    }

    fn heard_of(&mut self, host: Option<&str>, slots: Option<u32>, now: Instant) {
        self.heard_before = self.heard;
        self.heard = now;
        if let LinkState::NoWorkers(_) = self.link {
            self.link = LinkState::Up;
        }
        let name = shown(host);
        let notice = match self.hosts.heard(host, slots, now) {
            Sign::Known => return,
            Sign::New => Notice::Joined { host: name, slots },
            Sign::Back => Notice::Back { host: name },
        };
        self.tell(notice);
    }

    /// The tries that somebody works on as far as is known, copies included.
    fn out(&self) -> impl Iterator<Item = (u64, &Try)> {
        let tries = self.tries.iter().map(|(number, one)| (*number, one));
        tries.filter(|(_, one)| one.is_out())
    }

    /// The image's tries that somebody works on.
    fn out_of<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = &'a Try> {
        let tries = image.tries.iter();
        let tries = tries.filter_map(|number| self.tries.get(number));
        tries.filter(|one| one.is_out())
    }

    fn oldest_at(&self, host: Option<&str>) -> Option<u64> {
        let here = self.out().filter(|(_, one)| one.host.as_deref() == host);
        here.min_by_key(|(_, one)| one.since)
            .map(|(number, _)| number)
    }

    fn tell(&mut self, notice: Notice) {
        self.orders.push(Order::Tell(notice));
    }
}

/// The host's name for people.
fn shown(host: Option<&str>) -> String {
    host.map_or(UNNAMED.to_owned(), |host| format!("host {host}"))
}
