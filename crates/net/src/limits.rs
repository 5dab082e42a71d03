//! Limits of a plan of either kind.

/// Most operators of a plan.
pub(crate) const MAX_OPS: usize = 1 << 12;
/// Most maps that one convolution reads.
pub(crate) const MAX_SOURCES: usize = 8;
/// Most values of arena, scratch and weights together (2 GiB of f32 would not fit a 32-bit guest; this is 1 GiB).
pub(crate) const MAX_MEMORY: u64 = 1 << 28;
/// Longest operator name, in bytes.
pub(crate) const MAX_NAME: usize = 64;
/// Most multiply-adds of a plan; IS-Net at 1024² has 1.6e11.
pub(crate) const MAX_MACS: u64 = 1 << 42;
