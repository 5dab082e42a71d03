//! A fleet of workers behind a NATS server that cut out in place of engines of this process.

mod hosts;
mod nats;
mod tries;
mod turns;

use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::{Receiver, TryRecvError};
use cutout::{ErrorKind, Options};
use cutout_message::{Answer, FailureKind, Made, Request};

use super::maker::Failure;
use crate::{Error, Kind};
use hosts::Hosts;
use nats::{Nats, News, Place};
use tries::{Next, Tries};
use turns::Turns;

pub(super) use turns::Turn;

/// The connection to a fleet, and what is known of its hosts.
pub struct Fleet {
    nats: Nats,
    /// How long a picture may wait to be taken, and to be answered once it is.
    timeout: Duration,
    turns: Turns,
}

/// The longest time-out: any sum of a few is a time of the clock.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Hosts whose workers do not say their names.
const UNNAMED: &str = "a host without a name";

/// What is said to people meanwhile.
pub(super) type Tell<'a> = &'a dyn Fn(String);

impl Fleet {
    /// Connects to the NATS server at `url`, `nats://` or `tls://`, with `USER:PASSWORD@` or `TOKEN@`, or as `login` says
    /// in the same way without the `@`, if it asks for them. Workers listen to `subject`; a picture may wait for `timeout` to be taken, and for as long again to be
    /// answered; at most `most` are in work.
    ///
    /// # Errors
    /// Kind `usage` for what is no such URL or subject or for a time-out above a day, `io` when the server cannot be
    /// reached or refuses.
    pub fn connect(
        url: &str,
        login: Option<&str>,
        subject: &str,
        timeout: Duration,
        most: usize,
    ) -> Result<Self, Error> {
        if timeout > LONGEST {
            let text = "--timeout with --nats takes at most 86400 seconds, which are a day";
            return Err(Error::new(Kind::Usage, text));
        }
        Ok(Self {
            nats: Nats::connect(url, login, subject, timeout)?,
            timeout,
            turns: Turns::new(Hosts::new(most, timeout)),
        })
    }

    /// As [`Turns::wait`].
    pub(super) fn turn(&self, stop: &Receiver<()>) -> Option<Turn<'_>> {
        self.turns.wait(stop)
    }

    /// Has `picture` cut out by whoever takes it, within the limits of time and tries.
    ///
    /// # Errors
    /// The worker's own kinds; `too-many-bytes` when the server takes no such message, `timeout` when nobody took it,
    /// `trap` when it was taken at every try and never answered.
    pub(super) fn remove(
        &self,
        picture: &[u8],
        options: &Options,
        stop: &Receiver<()>,
        tell: Tell<'_>,
    ) -> Result<Made, Failure> {
        let place = self.nats.place();
        let mut asked = self.turns.ask();
        let mut tries = Tries::new(self.timeout, place.online);
        loop {
            let now = Instant::now();
            asked.set_taken(tries.is_taken());
            self.look_around(now, tell)?;
            match tries.next(now) {
                Next::Send if stop.try_recv() != Err(TryRecvError::Empty) => {
                    return Err(Failure::Left);
                }
                Next::Send => {
                    // Anew, since another server may take other sizes.
                    place.send(self.request(picture, options)?)?;
                    tries.sent(now);
                }
                Next::Wait(until) => {
                    let alone_since = match until {
                        Some(_) => self.turns.with(|hosts| hosts.alone_since()),
                        None => Some(self.alone(tell)),
                    };
                    if let Some(news) = self.news(&place, until, alone_since, stop)?
                        && let Some(made) = self.take(news, &mut tries, tell)?
                    {
                        return Ok(*made);
                    }
                }
                Next::GiveUp => return Err(self.gave_up(tries.takers()).into()),
            }
        }
    }

    fn request(&self, picture: &[u8], options: &Options) -> Result<Bytes, Error> {
        let most = self.nats.max_payload();
        let request = Request {
            picture,
            options: options.clone(),
            max_answer: Some(most as u64),
        };
        let bytes = request.encode();
        if bytes.len() > most {
            let text = format!(
                "with its options it has {} bytes, and the NATS server {} takes {most} in one message; raise the \
                 server's max_payload, or make the picture smaller",
                bytes.len(),
                self.nats.server()
            );
            return Err(Error::new(Kind::Core(ErrorKind::TooManyBytes), text));
        }
        Ok(bytes.into())
    }

    /// Forgets hosts that have been silent, and ends it all when nobody can be reached for too long.
    fn look_around(&self, now: Instant, tell: Tell<'_>) -> Result<(), Failure> {
        for host in self.turns.with(|hosts| hosts.forget(now)) {
            let timeout = self.timeout.as_secs_f64();
            tell(format!("nothing is heard of {host} for {timeout} s"));
        }
        let limit = self.limit();
        match self.turns.with(|hosts| hosts.alone_since()) {
            Some(since) if now >= since + limit => {
                let way_out = "the same command goes on, what is done stays done";
                let text = format!(
                    "{} for {} s; {way_out}",
                    self.missing(),
                    limit.as_secs_f64()
                );
                Err(Failure::Fatal(Error::new(Kind::Timeout, text)))
            }
            _ => Ok(()),
        }
    }

    /// How long nobody may be there: as long as one picture may take at worst.
    fn limit(&self) -> Duration {
        self.timeout * tries::MOST
    }

    /// Waits for what comes for the picture; `None` when nothing does in time. A stop is heeded only while nobody can
    /// be at work on it.
    fn news(
        &self,
        place: &Place<'_>,
        until: Option<Instant>,
        alone_since: Option<Instant>,
        stop: &Receiver<()>,
    ) -> Result<Option<News>, Failure> {
        let end = alone_since.map(|since| since + self.limit());
        let never = crossbeam_channel::never();
        let stop = if end.is_some() { stop } else { &never };
        let timer = match until.into_iter().chain(end).min() {
            Some(until) => crossbeam_channel::at(until),
            None => crossbeam_channel::never(),
        };
        crossbeam_channel::select! {
            recv(stop) -> _ => Err(Failure::Left),
            recv(place.news) -> news => Ok(news.ok()),
            recv(timer) -> _ => Ok(None),
        }
    }

    /// Follows `news`; what was made, if that is it.
    fn take(
        &self,
        news: News,
        tries: &mut Tries,
        tell: Tell<'_>,
    ) -> Result<Option<Box<Made>>, Failure> {
        match news {
            News::Answer(bytes) => return self.answer(&bytes, tries, tell),
            News::Nobody => {
                tries.nobody(Instant::now());
                self.alone(tell);
            }
            News::Offline => tries.offline(),
            // Waiting begins anew, so that it ends with the others'.
            News::Alone => {}
            News::Online => {
                tries.online();
                if self.turns.with(Hosts::reachable) {
                    tell(format!(
                        "the NATS server {} is there again",
                        self.nats.server()
                    ));
                }
            }
            News::Forbidden(text) => {
                let (server, subject) = (self.nats.server(), self.nats.subject());
                let text = format!(
                    "the NATS server {server} says: {text}; let this user publish to {subject} and subscribe to _INBOX.>"
                );
                return Err(Failure::Fatal(Error::new(Kind::Io, text)));
            }
        }
        Ok(None)
    }

    fn answer(
        &self,
        bytes: &[u8],
        tries: &mut Tries,
        tell: Tell<'_>,
    ) -> Result<Option<Box<Made>>, Failure> {
        let now = Instant::now();
        let answer = Answer::decode(bytes).map_err(|bad| {
            let text = format!("a worker's answer cannot be read: {bad}");
            Error::new(Kind::BadMessage, text)
        })?;
        let (host, slots) = match &answer {
            Answer::Taken(taken) => (&taken.host, taken.slots),
            Answer::Made(made) => (&made.host, None),
            Answer::Failed(failure) => (&failure.host, None),
        };
        let name = host
            .as_ref()
            .map_or(UNNAMED.to_owned(), |host| format!("host {host}"));
        if self.turns.with(|hosts| hosts.heard(&name, slots, now)) {
            let slots = slots.map_or("unknown".to_owned(), |slots| slots.to_string());
            tell(format!("{name} is there, slots: {slots}"));
        }
        match answer {
            Answer::Taken(_) => {
                tries.taken(name, now);
                Ok(None)
            }
            Answer::Made(made) => Ok(Some(made)),
            Answer::Failed(failure) => Err(Failure::Own {
                error: Error::new(failure.kind.into(), failure.text),
                host: failure.host,
            }),
        }
    }

    /// Notes that nobody can be reached, and says so when that is new; since when it is so.
    fn alone(&self, tell: Tell<'_>) -> Instant {
        let now = Instant::now();
        let (is_new, since) = self.turns.with(|hosts| {
            let is_new = hosts.alone(now);
            (is_new, hosts.alone_since().unwrap_or(now))
        });
        if is_new {
            let yet = if self.nats.is_online() { " yet" } else { "" };
            let limit = self.limit().as_secs_f64();
            tell(format!(
                "{}{yet}; waiting for up to {limit} s",
                self.missing()
            ));
            self.nats.wake();
        }
        since
    }

    fn missing(&self) -> String {
        let (server, subject) = (self.nats.server(), self.nats.subject());
        if self.nats.is_online() {
            format!("no worker on {subject} at {server}")
        } else {
            format!("no connection to the NATS server {server}")
        }
    }

    fn gave_up(&self, takers: &[String]) -> Error {
        let (timeout, most) = (self.timeout.as_secs_f64(), tries::MOST);
        let names = takers.join(", ");
        if takers.is_empty() {
            let text = format!(
                "no worker took it within {timeout} s, {most} times; raise --timeout, or start more workers"
            );
            return Error::new(Kind::Timeout, text);
        }
        if takers.len() < most as usize {
            let text = format!(
                "of {most} times that it was sent, it was taken by {names} and not answered within {timeout} s, and \
                 else not taken in that time; raise --timeout, or start more workers"
            );
            return Error::new(Kind::Timeout, text);
        }
        let text = format!(
            "it was taken by {names} and not answered within {timeout} s: it may need more memory or time than workers \
             have; raise --timeout or send a smaller one"
        );
        Error::new(Kind::Trap, text)
    }
}

impl From<FailureKind> for Kind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Core(kind) => Self::Core(kind),
            FailureKind::BadMessage => Self::BadMessage,
            FailureKind::TooLarge => Self::TooLarge,
        }
    }
}
