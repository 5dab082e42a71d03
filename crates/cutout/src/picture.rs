//! Pixels in memory.

use image::metadata::Orientation;

use crate::{Profile, resample};

/// An upright image: EXIF orientation is already applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// 3 (red, green, blue) or 4 (and straight alpha).
    pub channels: usize,
    /// `width × height × channels` values of 0…255, row-major, channel-last. Of 16-bit samples, the high bytes.
    pub data: Vec<u8>,
    /// Of 16-bit samples, the low bytes, in the same order. An image that is resampled loses them.
    pub fine: Option<Vec<u8>>,
    /// The colour profile; sRGB when there is none.
    pub profile: Option<Profile>,
    /// How large it is meant to be printed, where its file says so. It stays as it is when the image is resampled.
    pub density: Option<Density>,
}

/// Pixels of a metre of the printed image, each at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Density {
    /// Across.
    pub x: u32,
    /// Down.
    pub y: u32,
}

impl Density {
    /// Rounded; `None` for what is below 1, no number, or more than PNG can hold (2^31 - 1).
    pub(crate) fn new(x: f64, y: f64) -> Option<Self> {
        let range = 1.0..=f64::from(i32::MAX);
        let fits = range.contains(&x) && range.contains(&y);
        fits.then(|| Self {
            x: x.round() as u32,
            y: y.round() as u32,
        })
    }

    /// That of the image turned to stand upright.
    pub(crate) fn turned(self, orientation: Orientation) -> Self {
        match orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Self {
                x: self.y,
                y: self.x,
            },
            Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical => self,
        }
    }
}

impl Picture {
    /// An image of 8-bit sRGB.
    pub fn new(width: u32, height: u32, channels: usize, data: Vec<u8>) -> Self {
        Self {
            width,
            height,
            channels,
            data,
            fine: None,
            profile: None,
            density: None,
        }
    }

    /// The image in sRGB, with 8 bits.
    pub(crate) fn into_srgb(mut self) -> Self {
        self.fine = None;
        if let Some(profile) = self.profile.take() {
            profile.to_srgb(&mut self.data, self.channels);
        }
        self
    }

    /// All but the values.
    pub(crate) fn without_data(&self) -> Self {
        Self {
            data: Vec::new(),
            fine: None,
            profile: self.profile.clone(),
            ..*self
        }
    }

    /// The pixels in `part`, which lies inside.
    pub(crate) fn part(&self, part: BoundingBox) -> Self {
        let stride = self.width as usize * self.channels;
        let rows = |data: &Vec<u8>| rows_of(data, stride, part, self.channels);
        Self {
            width: part.width,
            height: part.height,
            channels: self.channels,
            data: rows(&self.data),
            fine: self.fine.as_ref().map(rows),
            profile: self.profile.clone(),
            density: self.density,
        }
    }

    /// Resampled to `width` × `height`, without regard to its shape.
    pub(crate) fn stretched(&self, width: u32, height: u32) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        Self {
            width,
            height,
            channels: self.channels,
            data: resample::stretch_picture(self, width, height),
            fine: None,
            profile: self.profile.clone(),
            density: self.density,
        }
    }

    /// No larger than `size` allows, in its own shape.
    pub fn fitted(self, size: Size) -> Self {
        let (width, height) = size.of(self.width, self.height);
        if (width, height) == (self.width, self.height) {
            return self;
        }
        self.stretched(width, height)
    }
}

/// How large an image may be at most; what is larger is scaled down. Default: as large as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// The longer side in pixels.
    pub max_side: Option<u32>,
    /// The area in pixels.
    pub max_pixels: Option<u64>,
}

impl Size {
    /// The largest size of the shape of `width` × `height` that is allowed.
    pub fn of(self, width: u32, height: u32) -> (u32, u32) {
        let (w, h) = (f64::from(width), f64::from(height));
        let by_side = self
            .max_side
            .map_or(1.0, |most| f64::from(most.max(1)) / w.max(h));
        let by_area = self
            .max_pixels
            .map_or(1.0, |most| (most.max(1) as f64 / (w * h)).sqrt());
        let factor = by_side.min(by_area);
        if factor >= 1.0 {
            return (width, height);
        }
        // Rounded down where the area is limited, so that it never passes the limit.
        let side = |side: f64| {
            let exact = side * factor;
            let side = if by_area < by_side {
                exact
            } else {
                exact.round()
            };
            (side as u32).max(1)
        };
        (side(w), side(h))
    }
}

fn rows_of(data: &[u8], stride: usize, part: BoundingBox, channels: usize) -> Vec<u8> {
    let left = part.left as usize * channels;
    let rows = data.chunks_exact(stride.max(1)).skip(part.top as usize);
    let rows = rows.take(part.height as usize);
    rows.flat_map(|row| &row[left..left + part.width as usize * channels])
        .copied()
        .collect()
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

/// A box in pixels of the upright image.
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

    #[test]
    fn a_size_is_kept_or_brought_down_in_its_own_shape() {
        let side = |max_side| Size {
            max_side: Some(max_side),
            max_pixels: None,
        };
        let area = |max_pixels| Size {
            max_side: None,
            max_pixels: Some(max_pixels),
        };
        let cases = [
            (Size::default(), (4000, 3000), (4000, 3000)),
            (side(4000), (4000, 3000), (4000, 3000)),
            (side(1000), (4000, 3000), (1000, 750)),
            (side(1000), (3000, 4000), (750, 1000)),
            (side(1), (4000, 3), (1, 1)),
            (area(250_000), (1000, 1000), (500, 500)),
            (area(250_000), (4000, 3000), (577, 433)),
            (area(250_000), (100, 100), (100, 100)),
        ];
        for (size, (w, h), expected) in cases {
            assert_eq!(size.of(w, h), expected, "{size:?} {w}×{h}");
        }
    }

    #[test]
    fn a_part_that_is_put_back_is_where_it_was() {
        let mask = Mask {
            width: 4,
            height: 3,
            data: (1..=12).collect(),
        };
        let part = BoundingBox {
            left: 1,
            top: 1,
            width: 2,
            height: 2,
        };
        let found = mask.part(part);
        assert_eq!(found.data, [6, 7, 10, 11]);
        let placed = found.placed(1, 1, 4, 3);
        assert_eq!(placed.data, [0, 0, 0, 0, 0, 6, 7, 0, 0, 10, 11, 0]);
    }
}
