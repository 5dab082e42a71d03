//! A map and its place in the arena.

use crate::Shape;

/// A map and its place: `offset` counts f32 values from the start of the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) shape: Shape,
    pub(crate) offset: usize,
}
