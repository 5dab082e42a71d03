//! The description of an operator, for tables and tests.

use crate::Shape;

/// Description of one operator of a plan, for tables and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpInfo {
    /// The name given with [`Graph::name`](crate::Graph::name); empty when none was given.
    pub name: String,
    /// `conv`, `depthwise`, `max_pool`, `resize`, `add`, `sigmoid`, `relu` or `relu6`.
    pub kind: &'static str,
    /// How a convolution is computed: `winograd`, `direct`, `matrix`, `dot` or `depthwise`; `int` in whole numbers; otherwise the kind.
    pub algorithm: &'static str,
    /// Shapes of the maps it reads, in order; a fused residual comes last.
    pub inputs: Vec<Shape>,
    /// Shape of the map it writes.
    pub output: Shape,
    /// Multiply-adds of the operator's definition (a direct convolution), not of its algorithm; 0 for the rest.
    pub macs: u64,
}
