//! A request's body, taken whole before a worker is asked for.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::refusal::Refusal;
pub(super) use answer::{Answer, Answers};

/// Longest pause within a body.
const STALL: Duration = Duration::from_secs(10);

/// Reads bodies within limits.
pub(super) struct Bodies {
    /// Bytes of one body.
    limit: usize,
    /// Bytes of all bodies that are held.
    room: Arc<Semaphore>,
    /// Time for one body.
    time: Duration,
    /// Time without a byte.
    stall: Duration,
    pub(super) answers: Answers,
}

/// A body as it comes in.
struct Arrival<B> {
    body: B,
    begun: Instant,
    deadline: Instant,
    stall: Duration,
}

/// A whole body, and the room that it takes up for as long as this lives.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Bodies up to `limit` bytes each and `held` together, each within `time`; and answers of as many bytes.
    pub(super) fn new(limit: usize, held: usize, time: Duration) -> Self {
        let room = held.max(limit).min(Semaphore::MAX_PERMITS);
        Self {
            limit,
            room: Arc::new(Semaphore::new(room)),
            time,
            stall: STALL,
            answers: Answers::new(room),
        }
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

    /// Reads `body` to its end.
    ///
    /// # Errors
    /// The refusal of one that is too long, too slow, broken off, or for which there is no room.
    pub(super) async fn read<B>(&self, body: &mut B) -> Result<Held, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut arrival = self.arrival(body);
        let mut bytes = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(data) = arrival.data().await? {
            if bytes.len() + data.len() > self.limit {
                return Err(Refusal::too_long(self.limit));
            }
            let more = u32::try_from(data.len())
                .ok()
                .and_then(|length| self.room.clone().try_acquire_many_owned(length).ok())
                .ok_or_else(Refusal::bodies_full)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Held {
            bytes: bytes.freeze(),
            room,
        })
    }

    /// Takes the rest of a refused body and forgets it, since closing a socket with unread bytes can cost the client
    /// the refusal itself. A client that waits for `100 Continue` sends nothing unless its body is asked for.
    pub(super) fn forget<B>(&self, body: B, headers: &HeaderMap)
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
    {
        if !headers.contains_key(header::EXPECT) && !body.is_end_stream() {
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
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Arrival<B> {
    /// The next bytes; `None` at the body's end.
    ///
    /// # Errors
    /// The refusal of a body that is too slow, stalls or is broken off.
    async fn data(&mut self) -> Result<Option<Bytes>, Refusal> {
        let deadline = self.deadline.min(Instant::now() + self.stall);
        loop {
            match timeout_at(deadline, self.body.frame()).await {
                Err(_) => {
                    let seconds = (deadline - self.begun).as_secs_f64();
                    return Err(Refusal::slow((seconds * 10.0).round() / 10.0));
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Refusal::incomplete()),
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    // Empty ones cost a client nothing, and do not put the stall off.
                    Ok(data) if !data.is_empty() => return Ok(Some(data)),
                    _ => {}
                },
            }
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
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    const LIMIT: usize = 1000;

    /// These frames, and then nothing for ever.
    struct Stalled(VecDeque<usize>);

    impl Body for Stalled {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.pop_front() {
                Some(length) => Poll::Ready(Some(Ok(Frame::data(vec![0; length].into())))),
                None => Poll::Pending,
            }
        }
    }

    fn bodies() -> Bodies {
        Bodies {
            stall: Duration::from_millis(20),
            ..Bodies::new(LIMIT, LIMIT, Duration::from_secs(60))
        }
    }

    #[tokio::test]
    async fn a_body_that_stalls_is_refused_and_frees_its_room() {
        let bodies = bodies();
        let begun = Instant::now();
        let refusal = bodies.read(&mut Stalled([600, 0, 0].into())).await.err();
        let response = refusal.unwrap().response("/v1/remove");
        assert_eq!(response.status(), 408);
        assert!(begun.elapsed() < bodies.time, "long before the deadline");
        assert_eq!(bodies.room.available_permits(), LIMIT);
    }

    #[tokio::test]
    async fn the_rest_of_a_refused_body_is_taken_up_to_the_limit_and_counts_for_nothing() {
        let bodies = bodies();
        // Comes back from the stall, and from a body without an end.
        bodies.arrival(Stalled([900].into())).drain(LIMIT).await;
        let mut endless = Stalled([600; 50].into());
        bodies.arrival(&mut endless).drain(LIMIT).await;
        assert_eq!(endless.0.len(), 48);
        assert_eq!(bodies.room.available_permits(), LIMIT);
    }
}
