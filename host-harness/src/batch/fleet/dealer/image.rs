//! One image and its tries.

use std::time::Instant;

/// An image that has not been answered.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// The numbers of its tries, lost ones included.
    pub(super) tries: Vec<u64>,
    /// The hosts that took it and lost it, one for each time.
    pub(super) takers: Vec<String>,
}

/// One time that an image was handed to a worker.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) image: u64,
    /// The worker's host, if the worker knows it.
    pub(super) host: Option<String>,
    pub(super) since: Instant,
    /// The latest sign of life of any worker before this claim.
    pub(super) heard_before: Instant,
    /// Whether the worker has said that it got the image.
    pub(super) is_taken: bool,
    pub(super) state: TryState,
}

/// The state of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TryState {
    /// The worker is at work on it, as far as is known.
    Out,
    /// The worker is at work on it, but the connection was lost meanwhile and perhaps the answer with it, so that the image
    /// is not to blame.
    Excused,
    /// Nobody counts on its answer.
    Lost,
}

impl Try {
    pub(super) fn new(
        image: u64,
        host: Option<String>,
        since: Instant,
        heard_before: Instant,
    ) -> Self {
        Self {
            image,
            host,
            since,
            heard_before,
            is_taken: false,
            state: TryState::Out,
        }
    }

    pub(super) fn is_out(&self) -> bool {
        self.state != TryState::Lost
    }

    pub(super) fn is_excused(&self) -> bool {
        self.state == TryState::Excused
    }

    /// The connection was lost.
    pub(super) fn excuse(&mut self) {
        if self.is_out() {
            self.state = TryState::Excused;
        }
    }
}
