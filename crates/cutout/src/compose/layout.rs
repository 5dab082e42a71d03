//! Where the subject stands, and how large the canvas is.

use std::fmt;
use std::str::FromStr;

use crate::{BoundingBox, InvalidValue, OptionSpec, OptionValue, Picture, Values};

/// A distance in an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Pixels.
    Pixels(u32),
    /// A share of the whole, 0…1.
    Share(f32),
}

impl Length {
    /// In pixels, of a whole of `whole` pixels.
    pub fn of(self, whole: u32) -> u32 {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Share(share) => (share * whole as f32).round() as u32,
        }
    }
}

/// Text of a length: `12`, `12px` or `12%`.
impl FromStr for Length {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let length = match text.strip_suffix('%') {
            Some(percent) => decimal(percent).map(|percent| Self::Share(percent / 100.0)),
            None => {
                let pixels = text.strip_suffix("px").unwrap_or(text);
                pixels.parse().ok().map(Self::Pixels)
            }
        };
        length.ok_or_else(|| InvalidValue {
            expected: "a length such as 10px or 5%".into(),
        })
    }
}

/// A number of digits with at most one point, so that no sign, exponent, infinity or NaN gets in.
fn decimal(text: &str) -> Option<f32> {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if is_plain { text.parse().ok() } else { None }
}

/// The text that is read as the same length: of every percentage from 0.001 to 50, the share multiplied and divided again
/// is the same share.
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(pixels) => write!(f, "{pixels}px"),
            Self::Share(share) => write!(f, "{}%", share * 100.0),
        }
    }
}

/// Room around the subject. Shares are of the subject's own width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// Above.
    pub top: Length,
    /// At the right.
    pub right: Length,
    /// Below.
    pub bottom: Length,
    /// At the left.
    pub left: Length,
}

impl Margins {
    /// No room.
    pub const NONE: Self = {
        let none = Length::Pixels(0);
        Self {
            top: none,
            right: none,
            bottom: none,
            left: none,
        }
    };

    /// The longest margin that may be asked for.
    const MOST_PIXELS: u32 = 500;
    const MOST_PERCENT: u32 = 50;

    /// Equal margins on all sides.
    pub fn all(length: Length) -> Self {
        Self {
            top: length,
            right: length,
            bottom: length,
            left: length,
        }
    }
}

impl OptionValue for Margins {
    const OPTION: OptionSpec = OptionSpec {
        name: "crop",
        values: Values::Margins {
            pixels: Self::MOST_PIXELS,
            percent: Self::MOST_PERCENT,
        },
        default: None,
        about: "End the result at the subject, with room around it",
    };
}

/// Text of margins as in CSS: all; vertical and horizontal; top, right, bottom, left.
impl FromStr for Margins {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let one = |text: &str| {
            let length = text.parse().ok()?;
            let fits = match length {
                Length::Pixels(pixels) => pixels <= Self::MOST_PIXELS,
                Length::Share(share) => share <= Self::MOST_PERCENT as f32 / 100.0,
            };
            fits.then_some(length)
        };
        let lengths: Option<Vec<_>> = text.split_ascii_whitespace().map(one).collect();
        match *lengths.unwrap_or_default() {
            [all] => Ok(Self::all(all)),
            [vertical, horizontal] => Ok(Self {
                top: vertical,
                right: horizontal,
                bottom: vertical,
                left: horizontal,
            }),
            [top, right, bottom, left] => Ok(Self {
                top,
                right,
                bottom,
                left,
            }),
            _ => Err(Self::OPTION.values.into()),
        }
    }
}

impl fmt::Display for Margins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            top,
            right,
            bottom,
            left,
        } = self;
        write!(f, "{top} {right} {bottom} {left}")
    }
}

/// Where the subject stands and how large the canvas is. Default: everything as in the image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Layout {
    /// The canvas ends at the subject's box and these margins; unset: it is the whole image.
    pub crop: Option<Margins>,
    /// The subject's box fills this share of the canvas, in the direction where it fills more: above 0, at most 1.
    pub scale: Option<f32>,
    /// Room at the left and above the subject's box, as shares of the room there is, 0…1. Unset: where it was, or in
    /// the middle when `scale` is set.
    pub position: Option<[f32; 2]>,
}

impl Layout {
    /// The length in an image made smaller by `factor`.
    pub(super) fn scaled(&self, factor: f32) -> Self {
        let length = |length| match length {
            Length::Pixels(pixels) => Length::Pixels((pixels as f32 * factor) as u32),
            share => share,
        };
        Self {
            crop: self.crop.map(|margins| Margins {
                top: length(margins.top),
                right: length(margins.right),
                bottom: length(margins.bottom),
                left: length(margins.left),
            }),
            ..*self
        }
    }
}

/// Where the subject is and how large the canvas.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) subject: BoundingBox,
}

impl Place {
    pub(super) fn of(picture: &Picture, subject: BoundingBox, layout: &Layout) -> Self {
        let (mut width, mut height, mut at) = (picture.width, picture.height, subject);
        if let Some(margins) = layout.crop {
            let top = margins.top.of(subject.height);
            let left = margins.left.of(subject.width);
            let sum = |a: u32, b: u32, c: u32| a.saturating_add(b).saturating_add(c);
            width = sum(left, subject.width, margins.right.of(subject.width));
            height = sum(top, subject.height, margins.bottom.of(subject.height));
            (at.left, at.top) = (left, top);
        }
        if let Some(scale) = layout.scale {
            let factor = (scale * width as f32 / subject.width as f32)
                .min(scale * height as f32 / subject.height as f32);
            at.width = scaled(subject.width, factor, width);
            at.height = scaled(subject.height, factor, height);
        }
        if let Some([x, y]) = layout.position.or(layout.scale.map(|_| [0.5; 2])) {
            at.left = (x * width.saturating_sub(at.width) as f32).round() as u32;
            at.top = (y * height.saturating_sub(at.height) as f32).round() as u32;
        }
        Self {
            width,
            height,
            subject: at,
        }
    }
}

/// A side of 1…`most` pixels, `factor` times as long as `side`.
pub(super) fn scaled(side: u32, factor: f32, most: u32) -> u32 {
    ((side as f32 * factor).round() as u32).clamp(1, most.max(1))
}
