use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

use super::*;
use crate::serve::budget::{Admission, Budget, Capacity};

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

fn place() -> (Arc<Budget>, Admission) {
    let budget = Budget::new(Capacity {
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
        let rejection = bodies.read(&mut body, &flight).await.err();
        let response = rejection.unwrap().response("/v1/remove");
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
        let frames = frames.map(|length| Ok::<_, Infallible>(Frame::data(vec![7; length].into())));
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
