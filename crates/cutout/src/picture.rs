//! Pixels in memory.

use std::str::FromStr;

use image::metadata::Orientation;

use crate::{InvalidValue, OptionSpec, OptionValue, Profile, Values, budget, resample};

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
            // Its 16 bits stay, and room for the copy is asked for.
            return self.part(BoundingBox {
                left: 0,
                top: 0,
                width,
                height,
            });
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

/// The longer side of an image in pixels: 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxSide(u32);

impl MaxSide {
    /// As a number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl OptionValue for MaxSide {
    const OPTION: OptionSpec = OptionSpec {
        name: "max-side",
        values: Values::Number {
            least: 1,
            most: u32::MAX,
            or: None,
        },
        default: None,
        about: "Longer side of the result in pixels; larger images are scaled down",
    };
}

impl TryFrom<u32> for MaxSide {
    type Error = InvalidValue;

    fn try_from(side: u32) -> Result<Self, InvalidValue> {
        Self::OPTION.values.number(side).map(Self)
    }
}

impl FromStr for MaxSide {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::OPTION.values.number_of(text).map(Self)
    }
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

/// The pixels of `channels` values in `part` of rows of `stride` values.
pub(crate) fn rows_of(data: &[u8], stride: usize, part: BoundingBox, channels: usize) -> Vec<u8> {
    let length = part.width as usize * part.height as usize * channels;
    if !budget::has_room(length) {
        return vec![0; length];
    }
    let left = part.left as usize * channels;
    let rows = data.chunks_exact(stride.max(1)).skip(part.top as usize);
    let rows = rows.take(part.height as usize);
    let mut values = Vec::with_capacity(length);
    for row in rows {
        values.extend_from_slice(&row[left..left + part.width as usize * channels]);
    }
    values
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

impl FromStr for BoundingBox {
    type Err = InvalidValue;

    /// Reads `x,y,width,height`.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let mut numbers = text.split(',').map(|number| number.trim().parse().ok());
        let mut next = || numbers.next().flatten();
        let found = (next(), next(), next(), next(), next());
        match found {
            (Some(left), Some(top), Some(width @ 1..), Some(height @ 1..), None) => Ok(Self {
                left,
                top,
                width,
                height,
            }),
            _ => Err(Values::Rectangle.into()),
        }
    }
}

#[cfg(test)]
mod tests;
