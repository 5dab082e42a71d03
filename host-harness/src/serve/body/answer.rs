//! An answer's body: counted, handed out in slices, and taken back from a client that does not take it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::Response;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::serve::refusal::Refusal;
use crate::sync::lock;

/// Time for an answer to be taken.
const TIME: Duration = Duration::from_secs(60);

/// Bytes of an answer that is not counted.
const FREE: usize = 64 << 10;

/// Bytes handed out at once, which is one frame of HTTP/2: what hyper has taken, it keeps for as long as the client's
/// window is closed, and nobody can take it back.
const SLICE: usize = 16 << 10;

/// Room for the answers that clients have yet to take.
pub(in crate::serve) struct Answers {
    room: Arc<Semaphore>,
    total: usize,
    time: Duration,
}

/// What is left of an answer, and the room that it takes up.
struct Stock {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

type Cell = Mutex<Option<Stock>>;

/// The body of a response.
pub(in crate::serve) struct Answer {
    cell: Arc<Cell>,
    left: usize,
    timer: Option<AbortHandle>,
}

impl Answers {
    /// Answers of `total` bytes together.
    pub(super) fn new(total: usize) -> Self {
        let total = total.min(u32::MAX as usize).min(Semaphore::MAX_PERMITS);
        Self {
            room: Arc::new(Semaphore::new(total)),
            total,
            time: TIME,
        }
    }

    /// Room for an answer of `length` bytes, if it needs any. One that is longer than all the room takes all of it.
    ///
    /// # Errors
    /// The refusal when there is none.
    pub(in crate::serve) fn room(
        &self,
        length: usize,
    ) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        if length < FREE {
            return Ok(None);
        }
        u32::try_from(length.min(self.total))
            .ok()
            .and_then(|length| self.room.clone().try_acquire_many_owned(length).ok())
            .map(Some)
            .ok_or_else(Refusal::bodies_full)
    }

    /// Makes `response` one whose body is gone when its time is over; `late` is told so, since hyper does not ask for
    /// more of a body while the client takes nothing.
    pub(in crate::serve) fn send(
        &self,
        response: Response<Bytes>,
        room: Option<OwnedSemaphorePermit>,
        late: Arc<Notify>,
    ) -> Response<Answer> {
        response.map(|bytes| Answer::new(bytes, room, self.time, late))
    }
}

impl Answer {
    fn new(
        bytes: Bytes,
        room: Option<OwnedSemaphorePermit>,
        time: Duration,
        late: Arc<Notify>,
    ) -> Self {
        let left = bytes.len();
        let stock = (left > 0).then_some(Stock { bytes, _room: room });
        let cell = Arc::new(Mutex::new(stock));
        let timer = (left > 0).then(|| {
            let cell = Arc::downgrade(&cell);
            tokio::spawn(async move {
                sleep(time).await;
                if take_back(&cell) {
                    late.notify_one();
                }
            })
            .abort_handle()
        });
        Self { cell, left, timer }
    }
}

/// Whether anything was left.
fn take_back(cell: &Weak<Cell>) -> bool {
    let stock = cell.upgrade().and_then(|cell| lock(&cell).take());
    stock.is_some()
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let cell = self.cell.clone();
        let mut stock = lock(&cell);
        let Some(kept) = stock.as_mut() else {
            let text = "the client did not take the answer in time; it must read faster";
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, text))));
        };
        let length = kept.bytes.len().min(SLICE);
        // A copy: a part that shares the answer's memory would keep all of it.
        let slice = Bytes::copy_from_slice(&kept.bytes[..length]);
        kept.bytes.advance(length);
        self.left -= length;
        if self.left == 0 {
            *stock = None;
        }
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::time::timeout;

    use super::*;

    const LONG: usize = 200_000;

    fn answers(time: Duration) -> Answers {
        Answers {
            time,
            ..Answers::new(LONG + 1)
        }
    }

    fn send(answers: &Answers, late: &Arc<Notify>) -> Answer {
        let bytes: Bytes = (0..LONG).map(|i| i as u8).collect();
        let room = answers.room(LONG).unwrap();
        let response = answers.send(Response::new(bytes), room, late.clone());
        response.into_body()
    }

    #[tokio::test]
    async fn an_answer_arrives_whole_in_slices_and_gives_its_room_back() {
        let answers = answers(TIME);
        let mut answer = send(&answers, &Arc::default());
        assert!(answers.room(LONG).is_err());
        assert!(answers.room(FREE - 1).unwrap().is_none());
        let mut taken = Vec::new();
        while !answer.is_end_stream() {
            assert_eq!(
                answer.size_hint().exact(),
                Some((LONG - taken.len()) as u64)
            );
            let data = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(data.len() <= SLICE);
            taken.extend_from_slice(&data);
        }
        assert!(taken.iter().enumerate().all(|(i, byte)| *byte == i as u8));
        assert_eq!(taken.len(), LONG);
        assert!(answers.room(LONG).is_ok());
        assert!(answer.frame().await.is_none());
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_gives_its_room_back_and_then_fails() {
        let answers = answers(Duration::from_millis(20));
        let late = Arc::new(Notify::new());
        let mut answer = send(&answers, &late);
        let slice = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        timeout(TIME, late.notified()).await.unwrap();
        assert!(answers.room(LONG).is_ok(), "the slice holds nothing");
        assert_eq!(slice.len(), SLICE);
        assert!(!answer.is_end_stream());
        let error = answer.frame().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn an_answer_longer_than_all_room_takes_all_of_it() {
        let answers = answers(TIME);
        let room = answers.room(LONG * 10).unwrap();
        assert!(answers.room(FREE).is_err());
        drop(room);
        assert!(answers.room(FREE).is_ok());
    }

    #[tokio::test]
    async fn a_dropped_answer_gives_its_room_back() {
        let answers = answers(TIME);
        drop(send(&answers, &Arc::default()));
        assert!(answers.room(LONG).is_ok());
    }
}
