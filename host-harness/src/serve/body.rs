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
use super::rejection::Rejection;
pub(super) use answer::AnswerBody;

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
pub(super) struct HeldBody {
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
    /// The rejection.
    pub(super) fn announced(&self, headers: &HeaderMap) -> Result<(), Rejection> {
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > self.limit as u64) {
            return Err(Rejection::too_long(self.limit));
        }
        Ok(())
    }

    /// Reads `body` to its end; it counts for `flight`.
    ///
    /// # Errors
    /// The rejection of one that is too long, too slow, broken off, or for which there is no room.
    pub(super) async fn read<B>(
        &self,
        body: &mut B,
        flight: &Arc<Flight>,
    ) -> Result<HeldBody, Rejection>
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
                return Err(Rejection::too_long(self.limit));
            }
            if length > bytes.capacity() {
                // What the memory will be, and not how much of it is used.
                let room = (bytes.capacity() * 2).max(LEAST).min(most).max(length);
                (flight.hold_body(room)).map_err(|_| Rejection::bodies_full())?;
                let more = bytes.try_reserve_exact(room - bytes.len());
                more.map_err(|_| Rejection::bodies_full())?;
            }
            bytes.extend_from_slice(&data);
            if arrival.come == 0 {
                flight.progress();
            }
        }
        Ok(HeldBody {
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
    /// The rejection of a body that is too slow or is broken off.
    async fn data(&mut self) -> Result<Option<Bytes>, Rejection> {
        let deadline = self.deadline.min(self.next);
        loop {
            match timeout_at(deadline, self.body.frame()).await {
                Err(_) => {
                    let seconds = (deadline - self.begun).as_secs_f64();
                    return Err(Rejection::slow((seconds * 10.0).round() / 10.0));
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Rejection::incomplete()),
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
mod tests;
