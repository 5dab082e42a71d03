//! What can go wrong with a picture, each with a stable kind.

/// The kind of an [`Error`]: stable, for programs; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are not a picture in a format that is read here.
    UnsupportedFormat,
    /// The format is read here, but these bytes are damaged or incomplete.
    Undecodable,
    /// The encoded picture has more bytes than [`Limits::max_bytes`](crate::Limits::max_bytes).
    TooManyBytes,
    /// A side or the area of the picture is above [`Limits`](crate::Limits).
    TooManyPixels,
    /// The model cannot be used, or failed on this picture.
    Model,
    /// The result could not be encoded.
    Encode,
}

impl ErrorKind {
    /// The kind's stable name in logs, JSON and HTTP bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => "unsupported-format",
            Self::Undecodable => "undecodable",
            Self::TooManyBytes => "too-many-bytes",
            Self::TooManyPixels => "too-many-pixels",
            Self::Model => "model",
            Self::Encode => "encode",
        }
    }
}

/// What went wrong, where, and the way out.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of `kind`; `message` says what, where and the way out.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The stable kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
