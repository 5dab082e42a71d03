//! Errors, each with a stable kind.

/// The kind of an [`Error`]: stable, for programs; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are not an image in a format that is read here.
    UnsupportedFormat,
    /// The format is read here, but these bytes are damaged or incomplete.
    Undecodable,
    /// The encoded image has more bytes than [`Limits::max_bytes`](crate::Limits::max_bytes).
    TooManyBytes,
    /// A side or the area of the image is above [`Limits`](crate::Limits).
    TooManyPixels,
    /// The mask or a mark of a correction does not fit the image, or there are too many.
    Correction,
    /// The model cannot be used, or failed on this image.
    Model,
    /// The result could not be encoded.
    Encode,
    /// The time of the caller's [`Budget`](crate::Budget) was over.
    Timeout,
    /// The memory of the caller's [`Budget`](crate::Budget) was too little.
    OutOfMemory,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::UnsupportedFormat,
        Self::Undecodable,
        Self::TooManyBytes,
        Self::TooManyPixels,
        Self::Correction,
        Self::Model,
        Self::Encode,
        Self::Timeout,
        Self::OutOfMemory,
    ];

    /// The cause and the way out, in one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => {
                "the file is no image in a format that is read; convert it to PNG or JPEG"
            }
            Self::Undecodable => "the image is damaged or incomplete; get it again",
            Self::TooManyBytes => {
                "the file is larger than --max-bytes; raise it or send a smaller image"
            }
            Self::TooManyPixels => {
                "a side or the area of the image, or of the output format, is above a limit that the message names"
            }
            Self::Correction => {
                "the mask, or a mark to keep or erase, does not fit the image, or there are too many marks; the message says which"
            }
            Self::Model => {
                "the model's file is damaged, of another family, or has an operator that is not supported"
            }
            Self::Encode => "the result could not be encoded; choose another format",
            Self::Timeout => {
                "the image took longer than --timeout, or a fleet did not answer within it; raise it"
            }
            Self::OutOfMemory => {
                "the image needs more memory than --max-memory; raise it or send a smaller image"
            }
        }
    }

    /// The kind's stable name in logs, JSON and HTTP bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => "unsupported-format",
            Self::Undecodable => "undecodable",
            Self::TooManyBytes => "too-many-bytes",
            Self::TooManyPixels => "too-many-pixels",
            Self::Correction => "correction",
            Self::Model => "model",
            Self::Encode => "encode",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
        }
    }
}

/// The message: what went wrong, where, and the way out.
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
