//! A simulated fleet: hosts with queues that a message server deals to at random, on a clock that jumps from event to
//! event.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;

/// A host of the simulation.
#[derive(Clone, Copy)]
pub(super) struct SimHost {
    pub(super) name: Option<&'static str>,
    pub(super) slots: usize,
    /// Seconds for one image.
    pub(super) service: f64,
    /// When it starts, in seconds.
    pub(super) joins: f64,
    /// When it is killed, in seconds.
    pub(super) killed: f64,
}

/// The figures of a simulated batch.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) answered: usize,
    /// Each failed image and how many have taken it.
    pub(super) failed: Vec<(u64, usize)>,
    pub(super) gone: Vec<String>,
    /// Seconds from the start to the last outcome.
    pub(super) time: f64,
    /// Results that hosts worked off, the ones that nobody wanted included.
    pub(super) worked_off: usize,
    pub(super) copies: u64,
    pub(super) offers: usize,
    /// Claims of offers that were too old to be used.
    pub(super) in_vain: usize,
    /// The longest time in seconds in which a host had a free slot beside an unanswered image once all had been read.
    pub(super) idle_at_end: f64,
}

pub(super) struct Sim {
    pub(super) images: u64,
    /// In seconds.
    pub(super) timeout: f64,
    pub(super) hosts: Vec<SimHost>,
    /// Images that end their worker, by their number from 1, and after how many seconds.
    pub(super) poison: BTreeMap<u64, f64>,
    /// An image that takes other than all others, and its seconds.
    pub(super) long: Option<(u64, f64)>,
    /// How far service times are from their host's at most, as a share of it.
    pub(super) spread: f64,
    /// Images in memory at most.
    pub(super) most: usize,
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Join(usize),
    Kill(usize),
    /// A worker of the host has made the result of a try.
    Done(usize, u64),
    /// A worker of the host has ended with an image.
    Trap(usize),
    Wake,
}

struct Running<'a> {
    sim: &'a Sim,
    dealer: Dealer,
    start: Instant,
    now: f64,
    /// By nanosecond and order.
    events: BTreeSet<(u64, u64, Event)>,
    sequence: u64,
    random: u64,
    alive: Vec<bool>,
    /// The offers that wait at each host.
    queues: Vec<VecDeque<u64>>,
    busy: Vec<usize>,
    /// The number that the policy gave to each image, in order.
    images: Vec<u64>,
    to_come: u64,
    waiting: BTreeSet<u64>,
    idle_since: Option<f64>,
    ran: Ran,
}

/// One round trip between host and client, in seconds.
const TRIP: f64 = 0.002;

impl Sim {
    pub(super) fn run(&self) -> Ran {
        let start = Instant::now();
        let hosts = self.hosts.len();
        let mut running = Running {
            sim: self,
            dealer: Dealer::new(seconds(self.timeout), self.most, start),
            start,
            now: 0.0,
            events: BTreeSet::new(),
            sequence: 0,
            random: self.seed,
            alive: vec![false; hosts],
            queues: vec![VecDeque::new(); hosts],
            busy: vec![0; hosts],
            images: Vec::new(),
            to_come: self.images,
            waiting: BTreeSet::new(),
            idle_since: None,
            ran: Ran::default(),
        };
        for (index, host) in self.hosts.iter().enumerate() {
            running.at(host.joins, Event::Join(index));
            running.at(host.killed, Event::Kill(index));
        }
        running.run()
    }
}

impl Running<'_> {
    fn at(&mut self, time: f64, event: Event) {
        if time.is_finite() {
            self.sequence += 1;
            let nanoseconds = (time * 1e9).ceil() as u64;
            self.events.insert((nanoseconds, self.sequence, event));
        }
    }

    fn instant(&self) -> Instant {
        self.start + seconds(self.now)
    }

    fn run(mut self) -> Ran {
        loop {
            self.settle();
            if self.to_come == 0 && self.waiting.is_empty() {
                break;
            }
            let event = self.events.pop_first();
            let (nanoseconds, _, event) = event.expect("the batch to go on");
            self.now = nanoseconds as f64 / 1e9;
            assert!(self.now < 1e5, "the batch does not end: {:?}", self.ran);
            self.happen(event);
        }
        self.ran.time = self.now;
        self.ran.copies = self.dealer.copies();
        self.ran
    }

    /// Lets the policy follow what has happened, until it orders no more for now.
    fn settle(&mut self) {
        loop {
            while self.to_come > 0 && self.waiting.len() < self.dealer.window() {
                self.to_come -= 1;
                let number = self.dealer.add(self.instant());
                self.images.push(number);
                self.waiting.insert(number);
            }
            let orders = self.dealer.tick(self.instant());
            let is_done = orders.is_empty();
            orders.into_iter().for_each(|order| self.follow(order));
            if !self.serve() && is_done {
                break;
            }
        }
        self.events.retain(|(_, _, event)| *event != Event::Wake);
        if let Some(at) = self.dealer.next(self.instant()) {
            let at = at.saturating_duration_since(self.start).as_secs_f64();
            self.at(at.max(self.now), Event::Wake);
        }
        self.note_idle();
    }

    fn note_idle(&mut self) {
        if let Some(since) = self.idle_since {
            self.ran.idle_at_end = self.ran.idle_at_end.max(self.now - since);
        }
        let has_free_slot =
            |index: usize| self.alive[index] && self.busy[index] < self.sim.hosts[index].slots;
        let is_idle = (0..self.alive.len()).any(has_free_slot);
        let is_idle = is_idle && self.to_come == 0 && !self.waiting.is_empty();
        self.idle_since = is_idle.then(|| self.idle_since.unwrap_or(self.now));
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Offer(numbers) => numbers.into_iter().for_each(|number| self.offer(number)),
            Order::Fail { image, takers } => {
                self.waiting.remove(&image);
                let failed = (self.number(image), takers.len());
                self.ran.failed.push(failed);
            }
            Order::Tell(Notice::Gone { host, .. }) => self.ran.gone.push(host),
            Order::Tell(_) => {}
            Order::Leave(_) | Order::End(_) => panic!("{order:?} at {}: {:?}", self.now, self.ran),
        }
    }

    /// The image's number from 1.
    fn number(&self, image: u64) -> u64 {
        let position = self.images.iter().position(|other| *other == image);
        position.expect("an image of this batch") as u64 + 1
    }

    /// The server deals an offer to a host at random.
    fn offer(&mut self, number: u64) {
        self.ran.offers += 1;
        let alive: Vec<usize> = (0..self.alive.len()).filter(|i| self.alive[*i]).collect();
        if alive.is_empty() {
            self.dealer.nobody(self.instant());
            return;
        }
        let host = alive[self.random() as usize % alive.len()];
        self.queues[host].push_back(number);
    }

    /// A linear congruential generator with the constants of Knuth's MMIX.
    fn random(&mut self) -> u32 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005);
        self.random = self.random.wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as u32
    }

    /// Seconds that the host takes for the image.
    fn service(&mut self, host: usize, image: u64) -> f64 {
        let number = self.number(image);
        if let Some((_, time)) = self.sim.long.filter(|(long, _)| *long == number) {
            return time;
        }
        let share = f64::from(self.random()) / f64::from(u32::MAX >> 1);
        self.sim.hosts[host].service * (1.0 + self.sim.spread * (2.0 * share - 1.0))
    }

    /// Free slots come to the offers in their host's queue. Whether any did.
    fn serve(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.alive.len() {
            let host = &self.sim.hosts[index];
            while self.alive[index] && self.busy[index] < host.slots {
                let Some(offer) = self.queues[index].pop_front() else {
                    break;
                };
                any = true;
                let now = self.instant();
                let slots = Some(host.slots as u32);
                let may = self.dealer.claim(offer, host.name, slots, now);
                self.ran.in_vain += usize::from(!may);
                if may && let Some(deal) = self.dealer.deal(host.name, now) {
                    self.dealer.taken(deal.number, now);
                    self.busy[index] += 1;
                    match self.sim.poison.get(&self.number(deal.image)) {
                        Some(after) => self.at(self.now + after, Event::Trap(index)),
                        None => {
                            let done = self.now + TRIP + self.service(index, deal.image);
                            self.at(done, Event::Done(index, deal.number));
                        }
                    }
                }
            }
        }
        any
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Join(index) => self.alive[index] = true,
            Event::Kill(index) => {
                self.alive[index] = false;
                self.queues[index].clear();
            }
            Event::Done(index, number) if self.alive[index] => {
                self.busy[index] -= 1;
                self.ran.worked_off += 1;
                let name = self.sim.hosts[index].name;
                if let Some(image) = self.dealer.answered(number, name, self.instant()) {
                    assert!(self.waiting.remove(&image));
                    self.ran.answered += 1;
                }
            }
            Event::Trap(index) if self.alive[index] => self.busy[index] -= 1,
            Event::Done(..) | Event::Trap(_) | Event::Wake => {}
        }
    }
}
