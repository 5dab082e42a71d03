//! Backgrounds of a canvas.

use std::fmt;
use std::str::FromStr;

use super::Canvas;
use crate::{
    BoundingBox, Error, InvalidValue, Limits, OptionSpec, OptionValue, Picture, Values, decode,
};

/// The background of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Nothing.
    #[default]
    Transparent,
    /// Red, green, blue, alpha.
    Colour([u8; 4]),
    /// An encoded image, scaled to cover the canvas and centred.
    Picture(Vec<u8>),
}

/// A colour: red, green, blue, alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 4]);

impl OptionValue for Colour {
    const OPTION: OptionSpec = OptionSpec {
        name: "background",
        values: Values::Colour,
        default: None,
        about: "The background: a colour as in CSS, the `#` being optional, or an image",
    };
}

/// Text of a colour as in CSS, the `#` being optional: 3, 4, 6 or 8 hexadecimal digits, a name, or a function such as `rgb()`.
impl FromStr for Colour {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let colour = csscolorparser::parse(text).map_err(|_| Self::OPTION.values)?;
        Ok(Self(colour.to_rgba8()))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([r, g, b, a]) = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}{a:02x}")
    }
}

/// A background that is ready to be seen.
pub(crate) enum Behind {
    Transparent,
    Colour([u8; 4]),
    Picture(Picture),
}

impl Behind {
    /// The background, decoded where it is an image.
    ///
    /// # Errors
    /// Those of [`decode`], which say that it is the background.
    pub(crate) fn of(background: &Background, limits: &Limits) -> Result<Self, Error> {
        Ok(match background {
            Background::Transparent => Self::Transparent,
            Background::Colour(colour) => Self::Colour(*colour),
            Background::Picture(file) => {
                let picture = decode(file, limits);
                let mut picture =
                    picture.map_err(|e| Error::new(e.kind(), format!("the background: {e}")))?;
                // It is seen with 8 bits.
                picture.fine = None;
                Self::Picture(picture)
            }
        })
    }

    pub(super) fn is_opaque(&self) -> bool {
        match self {
            Self::Transparent => false,
            Self::Colour([.., alpha]) => *alpha == 255,
            Self::Picture(picture) => picture.channels == 3,
        }
    }
}

/// Puts `behind` under what is drawn on `canvas`.
pub(super) fn put_behind(canvas: &mut Canvas, behind: &Behind) {
    if matches!(behind, Behind::Transparent) {
        return;
    }
    // What comes behind is sRGB.
    if let Some(profile) = canvas.profile.take() {
        profile.to_srgb(&mut canvas.data, 4);
    }
    match behind {
        Behind::Transparent => {}
        Behind::Colour(colour) => {
            for row in canvas.rows_mut() {
                for pixel in row {
                    *pixel = over(*pixel, *colour);
                }
            }
        }
        Behind::Picture(picture) => {
            let behind = cover(picture, canvas.width, canvas.height);
            let channels = behind.channels;
            let behind = behind.data.chunks(canvas.width as usize * channels);
            for (row, behind) in canvas.rows_mut().zip(behind) {
                for (pixel, colour) in row.iter_mut().zip(behind.chunks(channels)) {
                    let alpha = colour.get(3).copied().unwrap_or(255);
                    *pixel = over(*pixel, [colour[0], colour[1], colour[2], alpha]);
                }
            }
        }
    }
}

/// The middle of `picture`, as much as has the shape of `width` × `height`, stretched to that, in sRGB.
fn cover(picture: &Picture, width: u32, height: u32) -> Picture {
    let factor = (f64::from(picture.width) / f64::from(width))
        .min(f64::from(picture.height) / f64::from(height));
    let side =
        |canvas: u32, whole: u32| ((f64::from(canvas) * factor).round() as u32).clamp(1, whole);
    let (w, h) = (side(width, picture.width), side(height, picture.height));
    let middle = BoundingBox {
        left: (picture.width - w) / 2,
        top: (picture.height - h) / 2,
        width: w,
        height: h,
    };
    picture.part(middle).stretched(width, height).into_srgb()
}

/// A straight-alpha pixel over another (Porter and Duff, 1984), rounded.
pub(super) fn over(top: [u8; 4], below: [u8; 4]) -> [u8; 4] {
    let (a, b) = (u32::from(top[3]), u32::from(below[3]));
    // Alpha and colours are in 255ths of 255ths until they are rounded.
    let alpha = a * 255 + b * (255 - a);
    if alpha == 0 {
        return [0; 4];
    }
    let mix = |t: u8, u: u8| {
        let sum = u32::from(t) * a * 255 + u32::from(u) * b * (255 - a);
        ((sum + alpha / 2) / alpha) as u8
    };
    let colour = |i: usize| mix(top[i], below[i]);
    [colour(0), colour(1), colour(2), ((alpha + 127) / 255) as u8]
}
