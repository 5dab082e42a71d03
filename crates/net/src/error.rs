//! Errors, with the way out.

/// Errors of this crate. None of them leaves a plan or an executor half-changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operator was added to a [`Graph`](crate::Graph) with parameters or shapes that do not fit together.
    #[error("cannot add {op} to the graph: {reason}")]
    Graph {
        /// The operator that was being added.
        op: &'static str,
        /// The reason.
        reason: String,
    },
    /// The bytes are not a plan file at all.
    #[error("not a plan file: {0}; bake the model again")]
    NotAPlan(&'static str),
    /// The file was written by another version of this crate.
    #[error(
        "plan file has format version {found}, this program reads version {expected}; bake the model again"
    )]
    Version {
        /// The version in the file.
        found: u32,
        /// The version this crate reads and writes.
        expected: u32,
    },
    /// The file was damaged on its way.
    #[error("plan file is damaged: its checksum does not match; fetch or bake it again")]
    Checksum,
    /// The file is intact but describes something that must not be run.
    #[error("invalid plan: {0}")]
    Invalid(String),
    /// The input slice has the wrong length.
    #[error("the network takes {expected} values (height x width x channels), got {found}")]
    Input {
        /// The length the plan asks for.
        expected: usize,
        /// The length that was given.
        found: usize,
    },
    /// The arena could not be allocated.
    #[error("not enough memory: the plan needs {bytes} bytes")]
    Memory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// The observer ended the run.
    #[error("the run was ended by its observer")]
    Stopped,
    /// A SIMD level was forced that this processor or build does not have.
    #[error("this processor or build has no {0} kernels; use `best`")]
    SimdUnavailable(&'static str),
}

impl Error {
    /// A stable, machine-readable name of the error's kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Graph { .. } => "graph",
            Self::NotAPlan(_) => "not-a-plan",
            Self::Version { .. } => "version",
            Self::Checksum => "checksum",
            Self::Invalid(_) => "invalid-plan",
            Self::Input { .. } => "input",
            Self::Memory { .. } => "memory",
            Self::Stopped => "stopped",
            Self::SimdUnavailable(_) => "simd-unavailable",
        }
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}
