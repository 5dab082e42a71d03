//! The desk between the batch's threads, the policy and the connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::{Event, Message, ServerError, StatusCode, Subscriber};
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use cutout_message::{Answer, FailureKind, Signal, WorkerHost};
use futures_util::StreamExt;
use tokio::sync::Notify;

use super::dealer::{Dealer, Order};
use super::nats::{Link, Reply};
use super::outcome::{End, News, Outcome};
use super::turns::Turns;
use crate::sync::lock;

/// The desk. Threads bring images and wait; one task follows the connection and the policy.
pub(super) struct Desk {
    open: Mutex<Open>,
    /// Wakes the task.
    changed: Notify,
    pub(super) turns: Turns,
    notices: (Sender<News>, Receiver<News>),
}

struct Open {
    dealer: Dealer,
    waiting: HashMap<u64, Waiting>,
    /// Why the batch cannot go on.
    end: Option<End>,
    /// Whether it was said that workers refuse offers.
    has_old_workers: bool,
}

/// An image whose thread waits.
struct Waiting {
    request: Bytes,
    /// The server's limit that the request was made for.
    max_payload: usize,
    outcome: Sender<Outcome>,
}

impl Desk {
    pub(super) fn new(timeout: Duration, most: usize) -> Self {
        let dealer = Dealer::new(timeout, most, Instant::now());
        Self {
            turns: Turns::new(dealer.window()),
            open: Mutex::new(Open {
                dealer,
                waiting: HashMap::new(),
                end: None,
                has_old_workers: false,
            }),
            changed: Notify::new(),
            notices: crossbeam_channel::unbounded(),
        }
    }

    /// Brings an image, as a request for a server that takes `max_payload` bytes in a message. Its outcome comes once.
    pub(super) fn bring(&self, request: Bytes, max_payload: usize) -> Receiver<Outcome> {
        let (outcome, comes) = crossbeam_channel::bounded(1);
        let mut open = lock(&self.open);
        if let Some(end) = &open.end {
            // The other end is here.
            let _ = outcome.send(Outcome::End(end.clone()));
            return comes;
        }
        let number = open.dealer.add(Instant::now());
        let waiting = Waiting {
            request,
            max_payload,
            outcome,
        };
        open.waiting.insert(number, waiting);
        drop(open);
        self.changed.notify_one();
        comes
    }

    /// Messages to people; each is received once.
    pub(super) fn notices(&self) -> &Receiver<News> {
        &self.notices.1
    }

    /// Hands nothing out any more.
    pub(super) fn stop(&self) {
        lock(&self.open).dealer.stop();
        self.changed.notify_one();
    }

    /// Images that were handed out twice and answered by another worker first.
    pub(super) fn copies(&self) -> u64 {
        lock(&self.open).dealer.copies()
    }

    /// Takes note of what happens to the connection.
    pub(super) fn hear(&self, event: &Event) {
        let now = Instant::now();
        let mut open = lock(&self.open);
        match event {
            Event::Disconnected => open.dealer.offline(now),
            Event::Connected => open.dealer.online(now),
            Event::ServerError(ServerError::Other(text))
                if text.starts_with("Permissions Violation") =>
            {
                open.end(End::Forbidden(text.clone()));
            }
            _ => return,
        }
        drop(open);
        self.changed.notify_one();
    }

    /// Follows messages, times and changes until the client ends.
    pub(super) async fn run(self: Arc<Self>, link: Link, mut messages: Subscriber) {
        loop {
            let (orders, wake) = self.orders();
            self.follow(&link, orders).await;
            let timer = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.message(&link, message).await,
                    None => {
                        lock(&self.open).end(End::Closed);
                        return;
                    }
                },
                () = self.changed.notified() => {}
                () = timer => {}
            }
        }
    }

    /// The policy's orders of now, and when it has more though nothing happens. The window follows it.
    fn orders(&self) -> (Vec<Order>, Option<Instant>) {
        let mut open = lock(&self.open);
        let now = Instant::now();
        let orders = open.dealer.tick(now);
        self.turns.set_window(open.dealer.window());
        (orders, open.dealer.next(now))
    }

    async fn follow(&self, link: &Link, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Offer(numbers) => {
                    let offer = Bytes::from(Signal::Offer.encode());
                    for number in numbers {
                        link.offer(number, offer.clone()).await;
                    }
                }
                Order::Fail { image, takers } => self.finish(image, Outcome::Lost(takers)),
                Order::Leave(image) => self.finish(image, Outcome::Left),
                Order::Tell(notice) => self.tell(News::Policy(notice)),
                Order::End(missing) => lock(&self.open).end(End::Silence(missing)),
            }
        }
    }

    async fn message(&self, link: &Link, message: Message) {
        let is_for_nobody = message.status == Some(StatusCode::NO_RESPONDERS);
        let now = Instant::now();
        match Reply::of(&message.subject) {
            Some(Reply::Claim(_)) if is_for_nobody => lock(&self.open).dealer.nobody(now),
            Some(Reply::Claim(offer)) => self.claim(link, offer, message).await,
            Some(Reply::Try(number)) if is_for_nobody => {
                lock(&self.open).dealer.undelivered(number, now);
            }
            Some(Reply::Try(number)) => self.answer(number, &message.payload),
            None => {}
        }
    }

    /// Answers a claim with an image or with the word that there is none.
    async fn claim(&self, link: &Link, offer: u64, message: Message) {
        match (Answer::decode(&message.payload), message.reply) {
            (Ok(Answer::Claim(host)), Some(to)) => {
                let (number, answer) = match self.deal(offer, &host, link.max_payload()) {
                    Some((number, request)) => (Some(number), request),
                    None => (None, Signal::Nothing.encode().into()),
                };
                let sent = link.answer(to.to_string(), number, answer).await;
                if let (Err(_), Some(number)) = (sent, number) {
                    // The server takes smaller messages than when the image was dealt.
                    lock(&self.open).dealer.undelivered(number, Instant::now());
                }
            }
            (Ok(Answer::Failed(failure)), _) if failure.kind == FailureKind::BadMessage => {
                let mut open = lock(&self.open);
                if !std::mem::replace(&mut open.has_old_workers, true) {
                    let (host, slots) = (failure.host, None);
                    self.tell(News::OldWorker(WorkerHost { host, slots }));
                }
            }
            // `taken` of such a worker, or nothing of this protocol.
            _ => {}
        }
    }

    /// The try and the request for a worker at `host`, if there is an image for it.
    fn deal(&self, offer: u64, host: &WorkerHost, max_payload: usize) -> Option<(u64, Bytes)> {
        let now = Instant::now();
        let name = host.host.as_deref();
        let mut open = lock(&self.open);
        if !open.dealer.claim(offer, name, host.slots, now) {
            return None;
        }
        while let Some(deal) = open.dealer.deal(name, now) {
            match open.waiting.get(&deal.image) {
                Some(waiting) if waiting.max_payload == max_payload => {
                    return Some((deal.number, waiting.request.clone()));
                }
                _ => {
                    open.dealer.undelivered(deal.number, now);
                    open.dealer.forget(deal.image);
                    open.finish(deal.image, Outcome::OtherServer);
                }
            }
        }
        None
    }

    fn answer(&self, number: u64, payload: &[u8]) {
        let (host, outcome) = match Answer::decode(payload) {
            Ok(Answer::Made(made)) => (made.host.clone(), Outcome::Made(made)),
            Ok(Answer::Failed(failure)) => (failure.host.clone(), Outcome::Failed(failure)),
            Ok(Answer::Taken(_)) => {
                return lock(&self.open).dealer.taken(number, Instant::now());
            }
            // Not a message of a worker that has got an image.
            Ok(Answer::Claim(_)) => return,
            Err(bad) => (None, Outcome::Unreadable(bad.to_string())),
        };
        let mut open = lock(&self.open);
        let answered = open
            .dealer
            .answered(number, host.as_deref(), Instant::now());
        if let Some(image) = answered {
            open.finish(image, outcome);
        }
    }

    fn finish(&self, image: u64, outcome: Outcome) {
        lock(&self.open).finish(image, outcome);
    }

    fn tell(&self, news: News) {
        // The other end is in `self`.
        let _ = self.notices.0.send(news);
    }
}

impl Open {
    fn finish(&mut self, image: u64, outcome: Outcome) {
        if let Some(waiting) = self.waiting.remove(&image) {
            // A thread that is gone asks for nothing.
            let _ = waiting.outcome.send(outcome);
        }
    }

    fn end(&mut self, end: End) {
        for (image, waiting) in self.waiting.drain() {
            self.dealer.forget(image);
            let _ = waiting.outcome.send(Outcome::End(end.clone()));
        }
        self.end.get_or_insert(end);
    }
}
