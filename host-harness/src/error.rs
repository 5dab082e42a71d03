//! What can go wrong on the host's side, each with a stable kind.

use cutout::ErrorKind;

/// The kind of an [`Error`]: stable, for programs; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The picture or the model was refused by the core.
    Core(ErrorKind),
    /// The command line asks for something that cannot be.
    Usage,
    /// A file could not be read or written.
    Io,
    /// The picture took longer than the deadline.
    Timeout,
    /// The instance asked for more memory than its cap.
    OutOfMemory,
    /// The instance stopped for a reason of its own; it is a defect of ours.
    Trap,
    /// The sandbox could not be set up.
    Engine,
    /// Batch and worker do not speak the same protocol.
    BadMessage,
    /// The result is larger than what a message server takes.
    TooLarge,
}

impl Kind {
    /// The kind's stable name in logs, JSON and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Core(kind) => kind.as_str(),
            Self::Usage => "usage",
            Self::Io => "io",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Trap => "trap",
            Self::Engine => "engine",
            Self::BadMessage => "bad-message",
            Self::TooLarge => "too-large",
        }
    }
}

/// What went wrong, where, and the way out.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
}

impl Error {
    /// An error of `kind`; `message` says what, where and the way out.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// A function for `map_err` that says what was being done, and to what.
    pub(crate) fn io<E: std::fmt::Display>(
        doing: impl std::fmt::Display,
    ) -> impl FnOnce(E) -> Self {
        move |e| Self::new(Kind::Io, format!("cannot {doing}: {e}"))
    }

    /// A function for `map_err` about the sandbox itself.
    pub(crate) fn engine(doing: &str) -> impl FnOnce(wasmtime::Error) -> Self {
        move |e| Self::new(Kind::Engine, format!("cannot {doing}: {e:#}"))
    }

    /// The stable kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl From<cutout::Error> for Error {
    fn from(error: cutout::Error) -> Self {
        Self::new(Kind::Core(error.kind()), error.to_string())
    }
}
