//! A request's body, taken whole before a worker is asked for.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::refusal::Refusal;

/// A refused body is still taken for so long, since closing a socket with unread bytes can cost the client the
/// refusal itself.
const LINGER: Duration = Duration::from_secs(2);

/// Reads bodies within limits.
pub(super) struct Bodies {
    /// Bytes of one body.
    limit: usize,
    /// Bytes of all bodies that are held.
    room: Arc<Semaphore>,
    /// Time for one body.
    time: Duration,
}

/// A whole body, and the room that it takes up for as long as this lives.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Bodies up to `limit` bytes each and `held` together, each within `time`.
    pub(super) fn new(limit: usize, held: usize, time: Duration) -> Self {
        let room = held.max(limit).min(Semaphore::MAX_PERMITS);
        Self {
            limit,
            room: Arc::new(Semaphore::new(room)),
            time,
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
    pub(super) async fn read(&self, body: &mut Incoming) -> Result<Held, Refusal> {
        let deadline = Instant::now() + self.time;
        let mut bytes = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        loop {
            let frame = match timeout_at(deadline, body.frame()).await {
                Err(_) => return Err(Refusal::slow(self.time.as_secs_f64())),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Refusal::incomplete()),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
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
}

/// Takes the rest of a refused body and forgets it. A client that waits for `100 Continue` sends nothing unless its
/// body is asked for.
pub(super) fn forget(mut body: Incoming, headers: &HeaderMap) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    tokio::spawn(timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
}
