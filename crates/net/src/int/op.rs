//! An operator in whole numbers.

use crate::Shape;

/// Largest value of a map; the smallest is its negative.
pub(super) const MOST: i16 = 2047;
/// Channels that are computed at once; maps but the input have a multiple of it, the rest of them 0.
pub(super) const LANES: usize = 16;

/// An operator: a convolution with padding of half its kernel, and what follows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Op {
    pub(super) name: String,
    /// The map that is read; the operator's number plus one is the map that is written.
    pub(super) source: usize,
    pub(super) residual: Option<Residual>,
    /// Side of the kernel: 1 or 3; 3 or 5 if depthwise.
    pub(super) kernel: usize,
    /// 1 or 2.
    pub(super) stride: usize,
    /// Whether each output channel reads the input channel of its number alone.
    pub(super) depthwise: bool,
    /// Limits before the residual is added.
    pub(super) inner: Option<[i16; 2]>,
    /// Limits of the result.
    pub(super) outer: [i16; 2],
    /// First of its weights.
    pub(super) weights: usize,
    /// First of its biases and factors.
    pub(super) channels: usize,
}

/// A map that is added to an operator's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Residual {
    pub(super) map: usize,
    /// Whether it is of half the height and width.
    pub(super) doubled: bool,
}

impl Op {
    pub(super) fn pad(&self) -> usize {
        self.kernel / 2
    }

    /// Whether it gives a single channel, of a map whose channels are stored in whole [`LANES`].
    pub(super) fn is_dot(&self, outputs: usize) -> bool {
        outputs == 1 && !self.depthwise && self.source != 0
    }

    /// Height and width of the result on a map of `h` × `w`.
    pub(super) fn output(&self, h: usize, w: usize) -> (usize, usize) {
        // With this padding, (n + 2·pad − kernel) ÷ stride + 1 is n ÷ stride rounded up.
        (h.div_ceil(self.stride), w.div_ceil(self.stride))
    }

    /// The maps that it reads.
    pub(super) fn reads(&self) -> impl Iterator<Item = usize> {
        [Some(self.source), self.residual.map(|r| r.map)]
            .into_iter()
            .flatten()
    }
}

/// Channels as a map stores them: those of the input as they are, all others in whole [`LANES`].
pub(super) fn stored(map: usize, shape: Shape) -> usize {
    match map {
        0 => shape.c,
        _ => shape.c.next_multiple_of(LANES),
    }
}
