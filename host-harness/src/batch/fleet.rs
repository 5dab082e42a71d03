//! A fleet of workers behind a NATS server that process images in place of engines of this process.

mod dealer;
mod desk;
mod hosts;
mod nats;
mod offers;
mod outcome;
mod times;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use cutout::{ErrorKind, Options};
use cutout_message::{FailureKind, Made, Request};

use super::no_result::NoResult;
use crate::{Error, Kind};
use dealer::{MOST_TRIES, Missing, Notice};
use desk::Desk;
use nats::Nats;
use outcome::{End, News, Outcome};

pub(super) use turns::Turn;

/// The connection to a fleet, and the images that it is at work on.
pub struct Fleet {
    nats: Nats,
    timeout: Duration,
    desk: Arc<Desk>,
}

/// The longest time-out: a few of them added to a time of the clock do not overflow it.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A function that shows people a message.
pub(super) type Tell<'a> = &'a dyn Fn(String);

impl Fleet {
    /// Connects to the NATS server at `url`, `nats://` or `tls://`, with `USER:PASSWORD@` or `TOKEN@`, or as `login` says
    /// in the same way without the `@`, if it asks for them. Workers listen to `subject`. The batch ends when nothing is
    /// heard of any worker for `timeout`; an image that was taken counts as lost after that time at the earliest. At most
    /// `most` images are in memory.
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
        let desk = Arc::new(Desk::new(timeout, most));
        let hearing = desk.clone();
        let on_event = move |event: &_| hearing.hear(event);
        let (nats, messages) = Nats::connect(url, login, subject, timeout, on_event)?;
        let run = desk.clone().run(nats.link.clone(), messages);
        nats.runtime.spawn(run);
        Ok(Self {
            nats,
            timeout,
            desk,
        })
    }

    /// Waits until one more image may be in memory; `None` when the batch is to stop.
    pub(super) fn turn(&self, stop: &Receiver<()>) -> Option<Turn<'_>> {
        self.desk.turns.wait(stop)
    }

    /// Images that were handed to more than one worker and answered by another first.
    pub(super) fn copies(&self) -> u64 {
        self.desk.copies()
    }

    /// Has `image` processed by the first worker that is free.
    ///
    /// # Errors
    /// The worker's own kinds; `too-many-bytes` when the server takes no such message, `trap` when it was taken three
    /// times and never answered; fatal when nothing is heard of any worker for the time-out.
    pub(super) fn remove(
        &self,
        image: &[u8],
        options: &Options,
        stop: &Receiver<()>,
        tell: Tell<'_>,
    ) -> Result<Made, NoResult> {
        loop {
            let max_payload = self.nats.link.max_payload();
            let request = self.request(image, options, max_payload)?;
            let outcome = self.desk.bring(request.into(), max_payload);
            match self.wait(&outcome, stop, tell) {
                Outcome::Made(made) => return Ok(*made),
                Outcome::Failed(failure) => {
                    return Err(NoResult::Failed {
                        error: Error::new(failure.kind.into(), failure.text),
                        host: failure.host,
                    });
                }
                Outcome::Unreadable(reason) => {
                    let text = format!("a worker's answer cannot be read: {reason}");
                    return Err(Error::new(Kind::BadMessage, text).into());
                }
                Outcome::Lost(takers) => return Err(lost(&takers).into()),
                Outcome::OtherServer => {}
                Outcome::Left => return Err(NoResult::Left),
                Outcome::End(end) => return Err(NoResult::Fatal(self.ended(&end))),
            }
        }
    }

    fn request(
        &self,
        image: &[u8],
        options: &Options,
        max_payload: usize,
    ) -> Result<Vec<u8>, Error> {
        let request = Request {
            picture: image,
            options: options.clone(),
            max_answer: Some(max_payload as u64),
        };
        let bytes = request.encode();
        if bytes.len() > max_payload {
            let text = format!(
                "with its options it has {} bytes, and the NATS server {} takes {max_payload} in one message; raise the \
                 server's max_payload, or make the image smaller",
                bytes.len(),
                self.nats.link.server()
            );
            return Err(Error::new(Kind::Core(ErrorKind::TooManyBytes), text));
        }
        Ok(bytes)
    }

    /// Waits for the outcome, and passes on to people what comes up meanwhile.
    fn wait(&self, outcome: &Receiver<Outcome>, stop: &Receiver<()>, tell: Tell<'_>) -> Outcome {
        let never = crossbeam_channel::never();
        let mut stop = stop;
        loop {
            crossbeam_channel::select! {
                // The desk keeps the other end until it has sent the outcome.
                recv(outcome) -> outcome => return outcome.unwrap_or(Outcome::Left),
                recv(self.desk.notices()) -> news => news.iter().for_each(|news| tell(self.shown(news))),
                recv(stop) -> _ => {
                    self.desk.stop();
                    stop = &never;
                }
            }
        }
    }

    fn shown(&self, news: &News) -> String {
        let timeout = self.timeout.as_secs_f64();
        match news {
            News::Policy(Notice::Joined { host, slots }) => {
                let slots = slots.map_or("unknown".to_owned(), |slots| slots.to_string());
                format!("{host} is there, slots: {slots}")
            }
            News::Policy(Notice::Back { host }) => format!("{host} is there again"),
            News::Policy(Notice::Gone { host, silent }) => format!(
                "{host} has not answered for {:.0} s and counts as gone; its images go to other hosts",
                silent.as_secs_f64()
            ),
            News::Policy(Notice::Missing(missing)) => {
                format!("{}; waiting for up to {timeout} s", self.absence(*missing))
            }
            News::Policy(Notice::ServerBack) => {
                format!("the NATS server {} is there again", self.nats.link.server())
            }
            News::OldWorker(host) => {
                let host = host.host.as_ref();
                let host = host.map_or("a host".to_owned(), |host| format!("host {host}"));
                format!(
                    "the worker on {host} does not know offers and gets no images; deploy the one that this version of \
                     `cutout bake --world worker` makes"
                )
            }
        }
    }

    fn absence(&self, missing: Missing) -> String {
        let (server, subject) = (self.nats.link.server(), self.nats.link.subject());
        match missing {
            Missing::Connection => format!("no connection to the NATS server {server}"),
            Missing::Workers => format!("no worker on {subject} at {server}"),
            Missing::Answers => format!("no worker on {subject} at {server} has answered"),
        }
    }

    fn ended(&self, end: &End) -> Error {
        let timeout = self.timeout.as_secs_f64();
        let (server, subject) = (self.nats.link.server(), self.nats.link.subject());
        match end {
            End::Silence(missing) => {
                let absence = self.absence(*missing);
                let text = format!(
                    "{absence} for {timeout} s; the same command goes on, what is done stays done"
                );
                Error::new(Kind::Timeout, text)
            }
            End::Forbidden(text) => {
                let text = format!(
                    "the NATS server {server} says: {text}; let this user publish to {subject} and _INBOX.>, and subscribe \
                     to _INBOX.>"
                );
                Error::new(Kind::Io, text)
            }
            End::Closed => {
                let text = format!("the connection to the NATS server {server} has ended");
                Error::new(Kind::Io, text)
            }
        }
    }
}

fn lost(takers: &[String]) -> Error {
    let text = format!(
        "it was taken {MOST_TRIES} times, by {}, and never answered: it may need more memory or time than workers have; \
         send a smaller one, or raise the workers' limits or --timeout",
        takers.join(", ")
    );
    Error::new(Kind::Trap, text)
}

impl From<FailureKind> for Kind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Core(kind) => kind.into(),
            FailureKind::BadMessage => Self::BadMessage,
            FailureKind::TooLarge => Self::TooLarge,
        }
    }
}
