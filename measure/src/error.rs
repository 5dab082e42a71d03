//! Errors of measuring.

use std::fmt::Display;

/// Why something cannot be measured; the text says what, where and the way out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that is not possible.
    #[error("{0}")]
    Usage(String),
    /// A file, a process or the kernel's tables could not be read, written or run.
    #[error("{0}")]
    Io(String),
    /// An engine gave two results for one image.
    #[error("{0}")]
    Engine(String),
    /// A worker stopped by itself.
    #[error("{0}")]
    Trap(String),
}

impl Error {
    /// A function for `map_err` that says what was being done, and to what.
    pub(crate) fn io<E: Display>(doing: impl Display) -> impl FnOnce(E) -> Self {
        move |e| Self::Io(format!("cannot {doing}: {e}"))
    }

    /// The error with `name` before its text.
    pub(crate) fn about(&self, name: &str) -> Self {
        let text = format!("{name}: {self}");
        match self {
            Self::Usage(_) => Self::Usage(text),
            Self::Io(_) => Self::Io(text),
            Self::Engine(_) => Self::Engine(text),
            Self::Trap(_) => Self::Trap(text),
        }
    }
}
