//! Faults of the data of a JPEG's scans.

/// A fault at which a walk over the scans ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The data end before the image does.
    Short,
    /// The data say what cannot be.
    Broken,
    /// There is no memory for a bit for each coefficient.
    Memory,
    /// The scans go over the image more often than those of any encoder.
    Scans,
}
