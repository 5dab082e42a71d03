//! How a batch ended.

use crate::stop::INTERRUPTED;

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every image has its result.
    Done,
    /// Some have not, and it has been said which.
    Failed,
    /// There was no image.
    Nothing,
    /// By a signal, before its time.
    Interrupted,
}

impl Ending {
    /// The program's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Nothing => 3,
            Self::Interrupted => INTERRUPTED,
        }
    }
}
