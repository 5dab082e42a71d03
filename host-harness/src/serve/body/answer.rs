//! An answer's body: counted until the client has taken it, and handed out in slices.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::serve::budget::Flight;

/// Time for an answer to be taken.
const TIME: Duration = Duration::from_secs(60);

/// Bytes handed out at once, which is one frame of HTTP/2.
const SLICE: usize = 16 << 10;

/// The body of a response.
pub(in crate::serve) struct AnswerBody {
    /// What is left of it. All parts, those that hyper has taken too, share one [`Counted`].
    bytes: Bytes,
    flight: Option<Arc<Flight>>,
}

/// The bytes of an answer, which count for their request until the last of them is gone: hyper keeps what the client
/// does not take.
struct Counted {
    bytes: Bytes,
    _flight: Arc<Flight>,
    timer: AbortHandle,
}

impl AnswerBody {
    /// The body of a request that is counted as `flight`. A client that has not taken it in time loses its connection:
    /// hyper asks for no more of a body while nothing is taken.
    pub(in crate::serve) fn new(bytes: Bytes, flight: Arc<Flight>) -> Self {
        Self::within(TIME, bytes, flight)
    }

    fn within(time: Duration, bytes: Bytes, flight: Arc<Flight>) -> Self {
        let late = Arc::downgrade(&flight);
        let timer = tokio::spawn(async move {
            sleep(time).await;
            if let Some(flight) = late.upgrade() {
                tracing::info!("closed a connection whose answer was not taken in time");
                flight.close();
            }
        });
        let counted = Counted {
            bytes,
            _flight: flight.clone(),
            timer: timer.abort_handle(),
        };
        Self {
            bytes: Bytes::from_owner(counted),
            flight: Some(flight),
        }
    }

    /// A body without a byte, of a request that is not counted.
    pub(in crate::serve) fn none() -> Self {
        Self {
            bytes: Bytes::new(),
            flight: None,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(flight) = &self.flight {
            flight.progress();
        }
        let length = self.bytes.len().min(SLICE);
        let slice = self.bytes.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::time::timeout;

    use super::*;
    use crate::serve::budget::{Admission, Budget, Capacity};

    const LONG: usize = 200_000;

    fn place() -> (Arc<Budget>, Admission) {
        let budget = Budget::new(Capacity {
            connections: 1,
            requests: 1,
            bytes: LONG,
            patience: Duration::ZERO,
        });
        let place = budget.admit().unwrap();
        (budget, place)
    }

    fn answer(place: &Admission, time: Duration) -> AnswerBody {
        let bytes: Bytes = (0..LONG).map(|i| i as u8).collect();
        let flight = place.client().begin(0).unwrap();
        AnswerBody::within(time, bytes, Arc::new(flight))
    }

    #[tokio::test]
    async fn an_answer_arrives_whole_in_slices_and_counts_until_the_last_of_them_is_gone() {
        let (budget, place) = place();
        let mut answer = answer(&place, TIME);
        let mut taken = Vec::new();
        while !answer.is_end_stream() {
            let left: usize = LONG - taken.iter().map(Bytes::len).sum::<usize>();
            assert_eq!(answer.size_hint().exact(), Some(left as u64));
            let data = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(data.len() <= SLICE);
            taken.push(data);
        }
        assert!(answer.frame().await.is_none());
        drop(answer);
        let whole = taken.concat();
        assert!(whole.iter().enumerate().all(|(i, byte)| *byte == i as u8));
        assert_eq!(whole.len(), LONG);
        let last = taken.pop();
        drop(taken);
        assert_eq!(budget.used().requests, 1, "one slice is not taken yet");
        drop(last);
        assert_eq!(budget.used().requests, 0);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_in_time_costs_the_connection() {
        let (budget, place) = place();
        let mut answer = answer(&place, Duration::from_millis(20));
        let slice = answer.frame().await;
        drop(answer);
        timeout(TIME, place.closed()).await.unwrap();
        assert_eq!(budget.used().requests, 0);
        drop(slice);
    }

    #[tokio::test]
    async fn an_answer_that_is_taken_in_time_leaves_the_connection() {
        let (budget, place) = place();
        drop(answer(&place, Duration::from_millis(20)));
        assert_eq!(budget.used().connections, 1);
        let timer = Duration::from_millis(40);
        assert!(timeout(timer, place.closed()).await.is_err());
    }
}
