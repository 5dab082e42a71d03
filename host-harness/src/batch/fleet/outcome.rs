//! Ends of images and of batches, and messages to people.

use cutout_message::{Failure, Made, WorkerHost};

use super::dealer::{Missing, Notice};

/// The end of one image's way.
pub(super) enum Outcome {
    Made(Box<Made>),
    /// A worker refused it.
    Failed(Failure),
    /// A worker's answer cannot be read, for this reason.
    Unreadable(String),
    /// These hosts took it, and none has answered.
    Lost(Vec<String>),
    /// The server takes messages of another size by now: make the request anew.
    OtherServer,
    /// The batch stops, and nobody is at work on it.
    Left,
    /// The batch cannot go on.
    End(End),
}

/// Why a batch cannot go on.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// This was missing for the time-out.
    Silence(Missing),
    /// The server does not allow what is needed.
    Forbidden(String),
    /// The client has ended.
    Closed,
}

/// A message to people.
#[derive(Clone, Debug)]
pub(super) enum News {
    Policy(Notice),
    /// The worker refuses offers, since it is older than they are.
    OldWorker(WorkerHost),
}
