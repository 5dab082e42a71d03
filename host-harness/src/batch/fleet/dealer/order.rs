//! Orders of the policy to its caller.

use std::time::Duration;

/// An image for a worker that has claimed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::batch::fleet) struct Deal {
    pub(in crate::batch::fleet) image: u64,
    /// The number of the try, which its answer names.
    pub(in crate::batch::fleet) number: u64,
}

/// An order to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::batch::fleet) enum Order {
    /// Publish the offers with these numbers.
    Offer(Vec<u64>),
    /// The image failed: these hosts took it, and none has answered.
    Fail {
        image: u64,
        takers: Vec<String>,
    },
    /// The batch stops, and nobody is at work on the image.
    Leave(u64),
    Tell(Notice),
    /// The batch cannot go on: this was missing for the time-out.
    End(Missing),
}

/// The part of a fleet without which nothing can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::batch::fleet) enum Missing {
    Connection,
    Workers,
    /// An answer of any of the workers that listen.
    Answers,
}

/// A message to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::batch::fleet) enum Notice {
    Joined {
        host: String,
        slots: Option<u32>,
    },
    /// An image was lost with it, and nothing was heard of it for so long.
    Gone {
        host: String,
        silent: Duration,
    },
    Back {
        host: String,
    },
    Missing(Missing),
    ServerBack,
}
