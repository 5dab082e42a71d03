//! One opacity per pixel.

use crate::picture::rows_of;
use crate::{BoundingBox, resample};

/// One opacity per pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width × height` values, row-major: 0 background, 255 foreground.
    pub data: Vec<u8>,
}

impl Mask {
    /// A pixel belongs to the foreground when its mask value is above this. Networks leave a faint
    /// haze over the background; users of such tools settled on a threshold near 10 of 255.
    pub const FOREGROUND_LEVEL: u8 = 10;

    /// A mask that is background everywhere.
    pub fn empty(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            data: vec![0; width as usize * height as usize],
        }
    }

    /// The values in `part`, which lies inside.
    pub(crate) fn part(&self, part: BoundingBox) -> Self {
        Self {
            width: part.width,
            height: part.height,
            data: rows_of(&self.data, self.width as usize, part, 1),
        }
    }

    /// Resampled to `width` × `height`, without regard to its shape.
    pub(crate) fn stretched(&self, width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            data: resample::stretch_grey(&self.data, self.width, self.height, width, height),
        }
    }

    /// An empty mask of `width` × `height` with this one at column and row `left`, `top`.
    pub(crate) fn placed(&self, left: u32, top: u32, width: u32, height: u32) -> Self {
        let mut whole = Self::empty(width, height);
        let to = whole
            .data
            .chunks_exact_mut(width.max(1) as usize)
            .skip(top as usize);
        for (to, from) in to.zip(self.data.chunks_exact(self.width.max(1) as usize)) {
            to[left as usize..][..from.len()].copy_from_slice(from);
        }
        whole
    }

    /// Whether any value is above [`Self::FOREGROUND_LEVEL`].
    pub(crate) fn has_foreground(&self) -> bool {
        self.data.iter().any(Self::is_foreground)
    }

    fn is_foreground(value: &u8) -> bool {
        *value > Self::FOREGROUND_LEVEL
    }

    /// The smallest box around all values above [`Self::FOREGROUND_LEVEL`]; `None` when there are none.
    pub fn foreground(&self) -> Option<BoundingBox> {
        let (mut left, mut right) = (usize::MAX, 0);
        let mut rows: Option<(usize, usize)> = None;
        for (y, row) in self
            .data
            .chunks_exact(self.width.max(1) as usize)
            .enumerate()
        {
            let Some(first) = row.iter().position(Self::is_foreground) else {
                continue;
            };
            let last = row.iter().rposition(Self::is_foreground).unwrap_or(first);
            left = left.min(first);
            right = right.max(last);
            rows = Some((rows.map_or(y, |(top, _)| top), y));
        }
        // Every number here is below a u32 side.
        rows.map(|(top, bottom)| BoundingBox {
            left: left as u32,
            top: top as u32,
            width: (right - left + 1) as u32,
            height: (bottom - top + 1) as u32,
        })
    }
}

/// A mask and how far it can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Matte {
    /// The mask.
    pub mask: Mask,
    /// How undecided the network was, 0…1: it grows with the error that is to be expected. 1 when there is no subject.
    pub uncertainty: f32,
}

impl Matte {
    /// The warning of an image without a subject, as a word for programs: remove.bg's.
    pub const NO_SUBJECT: &'static str = "unknown_foreground";

    /// That of an image without a subject.
    pub(crate) fn empty(width: u32, height: u32) -> Self {
        Self {
            mask: Mask::empty(width, height),
            uncertainty: 1.0,
        }
    }
}

#[cfg(test)]
mod tests;
