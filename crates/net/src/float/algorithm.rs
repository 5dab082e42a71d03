//! The choice of how a convolution is computed.

use super::operator::Convolution;
use super::tensor::Tensor;
use crate::Shape;

/// Pixels of output per Winograd tile and side.
pub(super) const TILE: usize = 6;
/// Below this many output channels, dot products waste less than a padded matrix product.
const FEW: usize = 4;

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// Each channel by itself.
    Depthwise,
    /// By Winograd F(6x6, 3x3).
    Winograd,
    /// From its definition, as dot products over the inputs.
    Dot,
    /// As one matrix product, straight from the map.
    Matrix,
    /// From its definition, as a matrix product of bands of rows.
    Direct,
}

impl Algorithm {
    /// The algorithm of a convolution that gives a map of `out`.
    pub(super) fn of(conv: &Convolution<Tensor>, out: Shape) -> Self {
        if conv.depthwise {
            return Self::Depthwise;
        }
        let plain = (conv.stride, conv.dilation) == (1, 1);
        // Below these sizes the transforms cost what they save.
        let large = conv.inputs >= 3 && out.c >= 8 && conv.height.min(conv.width) >= 12;
        match (conv.kernel, conv.pad) {
            (3, 1) if plain && large => Self::Winograd,
            _ if out.c < FEW => Self::Dot,
            (1, 0) if conv.stride == 1 && is_one_map(conv) => Self::Matrix,
            _ => Self::Direct,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Depthwise => "depthwise",
            Self::Winograd => "winograd",
            Self::Dot => "dot",
            Self::Matrix => "matrix",
            Self::Direct => "direct",
        }
    }

    /// How many values below an equally wide source the output has to start when it overwrites that source; `None` when they must
    /// be apart. A Winograd tile's last row of output lies [`TILE`] − 1 rows below its first; the tiles still to come read from
    /// one row above theirs on.
    pub(super) fn sliding_lead(self, out: Shape) -> Option<usize> {
        (self == Self::Winograd).then(|| (TILE + 1) * out.row())
    }
}

/// Whether there is a single source, which is not resized.
fn is_one_map(conv: &Convolution<Tensor>) -> bool {
    matches!(&conv.sources[..], [source] if !conv.resizes(source))
}
