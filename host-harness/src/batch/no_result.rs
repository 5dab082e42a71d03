//! Why an image has no result.

use crate::Error;

/// Why an image has no result.
pub(super) enum NoResult {
    /// For a reason of its own, said by that host of a fleet.
    Failed { error: Error, host: Option<String> },
    /// The batch cannot go on.
    Fatal(Error),
    /// The batch stops, and nobody is at work on it.
    Left,
}

impl From<Error> for NoResult {
    fn from(error: Error) -> Self {
        Self::Failed { error, host: None }
    }
}
