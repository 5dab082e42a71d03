//! A request's body, taken whole before a worker is asked for.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Version, header};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

use super::budget::Flight;
use super::refusal::Refusal;
pub(super) use answer::Answer;

/// Least bytes of a body in [`STALL`], but at its end.
const LEAST: usize = 16 << 10;

/// Time for them.
const STALL: Duration = Duration::from_secs(10);

/// Reads bodies within limits.
pub(super) struct Bodies {
    /// Bytes of one body.
    limit: usize,
    /// Time for one body.
    time: Duration,
    /// Time for [`LEAST`] bytes.
    stall: Duration,
}

/// A body as it comes in.
struct Arrival<B> {
    body: B,
    begun: Instant,
    deadline: Instant,
    stall: Duration,
    /// When more of it has to be here, and how many bytes of that are.
    next: Instant,
    come: usize,
}

/// A whole body, which counts for its request for as long as this lives.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) flight: Arc<Flight>,
}

impl Bodies {
    /// Bodies up to `limit` bytes, each within `time`.
    pub(super) fn new(limit: usize, time: Duration) -> Self {
        let stall = STALL;
        Self { limit, time, stall }
    }

    /// Whether the body that `headers` announce is too long.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn announced(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > self.limit as u64) {
            return Err(Refusal::too_long(self.limit));
        }
        Ok(())
    }

    /// Reads `body` to its end; it counts for `flight`.
    ///
    /// # Errors
    /// The refusal of one that is too long, too slow, broken off, or for which there is no room.
    pub(super) async fn read<B>(&self, body: &mut B, flight: &Arc<Flight>) -> Result<Held, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let announced = body.size_hint().exact();
        let announced = announced.and_then(|length| usize::try_from(length).ok());
        let most = announced.unwrap_or(self.limit).min(self.limit);
        let mut arrival = self.arrival(body);
        let mut bytes = Vec::new();
        while let Some(data) = arrival.data().await? {
            let length = bytes.len() + data.len();
            if length > self.limit {
                return Err(Refusal::too_long(self.limit));
            }
            if length > bytes.capacity() {
                // What the memory will be, and not how much of it is used.
                let room = (bytes.capacity() * 2).max(LEAST).min(most).max(length);
                (flight.hold_body(room)).map_err(|_| Refusal::bodies_full())?;
                let more = bytes.try_reserve_exact(room - bytes.len());
                more.map_err(|_| Refusal::bodies_full())?;
            }
            bytes.extend_from_slice(&data);
            if arrival.come == 0 {
                flight.progress();
            }
        }
        Ok(Held {
            bytes: bytes.into(),
            flight: flight.clone(),
        })
    }

    /// Takes the rest of a refused body and forgets it, since closing a socket with unread bytes can cost the client
    /// the refusal itself. A client that waits for `100 Continue` sends nothing unless its body is asked for, and HTTP/2
    /// has a way to say that no more of one is.
    pub(super) fn forget<B>(&self, body: B, head: &Parts)
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
    {
        let asked = head.version < Version::HTTP_2 && !head.headers.contains_key(header::EXPECT);
        if asked && !body.is_end_stream() {
            tokio::spawn(self.arrival(body).drain(self.limit));
        }
    }

    fn arrival<B>(&self, body: B) -> Arrival<B> {
        let begun = Instant::now();
        Arrival {
            body,
            begun,
            deadline: begun + self.time,
            stall: self.stall,
            next: begun + self.stall,
            come: 0,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Arrival<B> {
    /// The next bytes; `None` at the body's end.
    ///
    /// # Errors
    /// The refusal of a body that is too slow or is broken off.
    async fn data(&mut self) -> Result<Option<Bytes>, Refusal> {
        let deadline = self.deadline.min(self.next);
        loop {
            match timeout_at(deadline, self.body.frame()).await {
                Err(_) => {
                    let seconds = (deadline - self.begun).as_secs_f64();
                    return Err(Refusal::slow((seconds * 10.0).round() / 10.0));
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Refusal::incomplete()),
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => {
                        self.count(data.len());
                        return Ok(Some(data));
                    }
                    _ => {}
                },
            }
        }
    }

    /// Whoever has sent the least has time for as much again.
    fn count(&mut self, length: usize) {
        self.come += length;
        if self.come >= LEAST {
            self.come = 0;
            self.next = Instant::now() + self.stall;
        }
    }

    /// Takes the body until it ends, is slow, or has had `left` bytes.
    async fn drain(mut self, mut left: usize) {
        while let Ok(Some(data)) = self.data().await
            && let Some(less) = left.checked_sub(data.len())
        {
            left = less;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use tokio::time::{Sleep, sleep};

    use super::*;
    use crate::serve::budget::{Budget, Limits, Place};

    const LIMIT: usize = 100_000;

    /// These frames, and then nothing for ever; or one byte after the other, with a pause before each.
    enum Slow {
        Stalled(VecDeque<usize>),
        Trickle(Pin<Box<Sleep>>),
    }

    impl Body for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let length = match &mut *self {
                Self::Stalled(frames) => frames.pop_front(),
                Self::Trickle(pause) => {
                    ready!(pause.as_mut().poll(context));
                    pause.as_mut().reset(Instant::now() + PAUSE);
                    Some(1)
                }
            };
            match length {
                Some(length) => Poll::Ready(Some(Ok(Frame::data(vec![0; length].into())))),
                None => Poll::Pending,
            }
        }
    }

    const PAUSE: Duration = Duration::from_millis(1);

    fn stalled<const N: usize>(frames: [usize; N]) -> Slow {
        Slow::Stalled(frames.into())
    }

    fn bodies() -> Bodies {
        Bodies {
            stall: Duration::from_millis(20),
            ..Bodies::new(LIMIT, Duration::from_secs(60))
        }
    }

    fn place() -> (Arc<Budget>, Place) {
        let budget = Budget::new(Limits {
            connections: 1,
            requests: 1,
            bytes: 2 * LIMIT,
            patience: Duration::ZERO,
        });
        let place = budget.admit().unwrap();
        (budget, place)
    }

    #[tokio::test]
    async fn a_body_that_stalls_or_trickles_is_refused_and_frees_its_room() {
        let (budget, place) = place();
        for mut body in [
            stalled([60_000, 0, 0]),
            Slow::Trickle(Box::pin(sleep(PAUSE))),
        ] {
            let bodies = bodies();
            let begun = Instant::now();
            let flight = Arc::new(place.client().begin(0).unwrap());
            let refusal = bodies.read(&mut body, &flight).await.err();
            let response = refusal.unwrap().response("/v1/remove");
            assert_eq!(response.status(), 408);
            assert!(begun.elapsed() < bodies.time, "long before the deadline");
            assert!(budget.used().bytes > 0);
            drop(flight);
            assert_eq!(budget.used().bytes, 0);
        }
    }

    #[tokio::test]
    async fn a_body_counts_as_much_as_the_memory_that_it_takes() {
        let (budget, place) = place();
        for (frames, expected) in [
            (vec![10, 10], LEAST),
            (vec![LEAST, 1], 2 * LEAST),
            (vec![60_000, 30_000, 9_000], LIMIT),
        ] {
            let length = frames.iter().sum::<usize>();
            let frames = frames.into_iter();
            let frames =
                frames.map(|length| Ok::<_, Infallible>(Frame::data(vec![7; length].into())));
            let mut body = StreamBody::new(futures_util::stream::iter(frames));
            let flight = Arc::new(place.client().begin(0).unwrap());
            let held = bodies().read(&mut body, &flight).await.unwrap();
            drop(flight);
            assert_eq!(held.bytes, vec![7; length]);
            assert_eq!(budget.used().bytes, expected, "{length}");
        }
        assert_eq!(budget.used().bytes, 0);
    }

    #[tokio::test]
    async fn the_rest_of_a_refused_body_is_taken_up_to_the_limit() {
        let bodies = bodies();
        // Comes back from the stall, and from a body without an end.
        bodies.arrival(stalled([900])).drain(LIMIT).await;
        let mut endless = Slow::Stalled([60_000; 50].into());
        bodies.arrival(&mut endless).drain(LIMIT).await;
        let Slow::Stalled(left) = endless else {
            panic!("it is another body");
        };
        assert_eq!(left.len(), 48);
    }
}
