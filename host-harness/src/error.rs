//! Errors of the host, each with a stable kind.

#[cfg(feature = "wasm")]
use std::io;

use cutout::ErrorKind;

/// The kind of an [`Error`]: stable, for programs; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The image or the model was refused by the core.
    Core(ErrorKind),
    /// The command line asks for something that cannot be.
    Usage,
    /// A file could not be read or written.
    Io,
    /// The image took longer than the deadline.
    Timeout,
    /// The image needs more memory than its cap.
    OutOfMemory,
    /// The instance, or the native engine, stopped for a reason of its own; it is a defect of ours.
    Trap,
    /// The sandbox could not be set up.
    Engine,
    /// Batch and worker do not speak the same protocol.
    BadMessage,
    /// The result is larger than what a message server takes.
    TooLarge,
}

impl Kind {
    /// Every kind.
    pub fn all() -> Vec<Self> {
        let core = ErrorKind::ALL.map(Self::from);
        let others = [
            Self::Usage,
            Self::Io,
            Self::Trap,
            Self::Engine,
            Self::BadMessage,
            Self::TooLarge,
        ];
        core.into_iter().chain(others).collect()
    }

    /// The cause and the way out, in one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Core(kind) => kind.meaning(),
            Self::Usage => {
                "the command line asks for something that is not possible; the message says what is allowed"
            }
            Self::Io => {
                "a file, folder or connection could not be read or written; the text names it"
            }
            Self::Timeout => ErrorKind::Timeout.meaning(),
            Self::OutOfMemory => ErrorKind::OutOfMemory.meaning(),
            Self::Trap => {
                "the engine stopped by itself; a defect of Cutout, please report it with the image"
            }
            Self::Engine => "the sandbox could not be set up; `cutout doctor` names the reason",
            Self::BadMessage => "batch and worker are of different versions; use the same",
            Self::TooLarge => {
                "the result is larger than the message server takes; raise its max_payload"
            }
        }
    }

    /// The kind's stable name in logs, JSON and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Core(kind) => kind.as_str(),
            Self::Usage => "usage",
            Self::Io => "io",
            Self::Timeout => ErrorKind::Timeout.as_str(),
            Self::OutOfMemory => ErrorKind::OutOfMemory.as_str(),
            Self::Trap => "trap",
            Self::Engine => "engine",
            Self::BadMessage => "bad-message",
            Self::TooLarge => "too-large",
        }
    }
}

impl From<ErrorKind> for Kind {
    /// Time and memory are the host's to give, whichever engine runs.
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::OutOfMemory => Self::OutOfMemory,
            kind => Self::Core(kind),
        }
    }
}

/// The message: what went wrong, where, and the way out.
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

    /// A function for `map_err` about the sandbox itself, with the way out where the system forbids what it needs.
    #[cfg(feature = "wasm")]
    pub(crate) fn engine(doing: &str) -> impl FnOnce(wasmtime::Error) -> Self {
        move |e| {
            let way_out = if is_denied(&e) {
                "; this process may not run code that it has made (MemoryDenyWriteExecute, SELinux or seccomp): \
                 use --engine native, which makes none"
            } else if has_cause(&e, io::ErrorKind::OutOfMemory) {
                "; the address space of this process may be limited (`ulimit -v`): raise the limit, give a smaller \
                 --max-memory, or use --engine native"
            } else {
                ""
            };
            Self::new(Kind::Engine, format!("cannot {doing}: {e:#}{way_out}"))
        }
    }

    /// The stable kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// Whether the system forbade something, such as making memory executable.
#[cfg(feature = "wasm")]
pub(crate) fn is_denied(error: &wasmtime::Error) -> bool {
    has_cause(error, io::ErrorKind::PermissionDenied)
}

#[cfg(feature = "wasm")]
fn has_cause(error: &wasmtime::Error, kind: io::ErrorKind) -> bool {
    error.chain().any(|cause| {
        let of_system = cause.downcast_ref::<rustix::io::Errno>();
        let found = match of_system {
            Some(errno) => Some(errno.kind()),
            None => cause.downcast_ref::<io::Error>().map(io::Error::kind),
        };
        found == Some(kind)
    })
}

impl From<cutout::Error> for Error {
    fn from(error: cutout::Error) -> Self {
        Self::new(error.kind().into(), error.to_string())
    }
}

#[cfg(feature = "wasm")]
impl From<cutout_measure::Error> for Error {
    fn from(error: cutout_measure::Error) -> Self {
        use cutout_measure::Error as Measure;
        let kind = match error {
            Measure::Usage(_) => Kind::Usage,
            Measure::Io(_) => Kind::Io,
            Measure::Engine(_) => Kind::Engine,
            Measure::Trap(_) => Kind::Trap,
        };
        Self::new(kind, error.to_string())
    }
}
