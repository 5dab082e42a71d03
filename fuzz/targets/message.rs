//! Messages, as a worker and as a client read them.
#![no_main]

use std::time::Duration;

use cutout::{Limits, Stage};
use cutout_message::{Answer, Meter, Request, Signal, Worker};

struct Still;

impl Meter for Still {
    fn time(&mut self, _: Stage) -> Duration {
        Duration::ZERO
    }

    fn peak(&self) -> Option<u64> {
        None
    }
}

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    if let Some(signal) = Signal::decode(message) {
        assert_eq!(Signal::decode(&signal.encode()), Some(signal));
    }
    if let Ok(answer) = Answer::decode(message) {
        assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
    }
    if let Ok(request) = Request::decode(message) {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    let worker = Worker {
        limits: Limits {
            max_bytes: 1 << 16,
            max_side: 256,
            max_pixels: 1 << 14,
        },
        ..Worker::default()
    };
    let answer = worker.respond(Some(&mut fuzz::pipeline()), message, &mut Still);
    let answer = Answer::decode(&answer).expect("a worker's answers are read");
    assert!(matches!(answer, Answer::Made(_) | Answer::Failed(_)));
});
