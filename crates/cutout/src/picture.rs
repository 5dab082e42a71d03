//! Pixels in memory.

/// An upright picture: EXIF orientation is already applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// 3 (red, green, blue) or 4 (and straight alpha).
    pub channels: usize,
    /// `width × height × channels` values of 0…255, row-major, channel-last, sRGB-coded as stored.
    pub data: Vec<u8>,
}

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

    /// The smallest box around all values above [`Self::FOREGROUND_LEVEL`]; `None` when there are none.
    pub fn foreground(&self) -> Option<BoundingBox> {
        let is_foreground = |&value: &u8| value > Self::FOREGROUND_LEVEL;
        let (mut left, mut right) = (usize::MAX, 0);
        let mut rows: Option<(usize, usize)> = None;
        for (y, row) in self
            .data
            .chunks_exact(self.width.max(1) as usize)
            .enumerate()
        {
            let Some(first) = row.iter().position(is_foreground) else {
                continue;
            };
            let last = row.iter().rposition(is_foreground).unwrap_or(first);
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

/// A box in pixels of the upright picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundingBox {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_foreground_box_holds_every_value_above_the_level() {
        type Dots = &'static [(usize, usize, u8)];
        let cases: [(Dots, Option<[u32; 4]>); 5] = [
            (&[], None),
            (&[(2, 1, 10)], None),
            (&[(2, 1, 11)], Some([2, 1, 1, 1])),
            (&[(0, 0, 255), (4, 3, 255)], Some([0, 0, 5, 4])),
            (&[(3, 1, 200), (1, 2, 200), (0, 0, 10)], Some([1, 1, 3, 2])),
        ];
        for (dots, expected) in cases {
            let mut mask = Mask::empty(5, 4);
            for &(x, y, value) in dots {
                mask.data[y * 5 + x] = value;
            }
            let expected = expected.map(|[left, top, width, height]| BoundingBox {
                left,
                top,
                width,
                height,
            });
            assert_eq!(mask.foreground(), expected, "{dots:?}");
        }
    }
}
