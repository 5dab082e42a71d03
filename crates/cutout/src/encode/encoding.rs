//! Formats of results, and how each is written.

use std::fmt;
use std::str::FromStr;

use crate::options::words;
use crate::{InvalidValue, OptionSpec, OptionValue, Values};

/// A format that results are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Lossless, with transparency.
    #[default]
    Png,
    /// Lossless or lossy, with transparency.
    WebP,
    /// Lossy, without transparency: white is put behind.
    Jpeg,
    /// No file but the pixels, row by row, for callers that have pixels: red, green, blue and straight alpha of 8 bits, or one value
    /// of a mask.
    Raw,
}

words! {
    Format {
        Png = "png": "Lossless, with transparency",
        WebP = "webp": "Lossless or lossy, with transparency; smaller",
        Jpeg = "jpg" or "jpeg": "Lossy; white behind what is transparent",
        ; Raw = "raw",
    }
}

impl OptionValue for Format {
    const OPTION: OptionSpec = OptionSpec {
        name: "format",
        values: Self::VALUES,
        default: Some(Self::Png.as_str()),
        about: "The format; JPEG has white behind what is transparent",
    };
}

impl Format {
    /// The format's media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Jpeg => "image/jpeg",
            Self::Raw => "application/octet-stream",
        }
    }
}

/// How hard PNG is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PngEffort {
    /// Quick to write.
    #[default]
    Fast,
    /// Smaller, and many times slower.
    Small,
}

words! {
    PngEffort {
        Fast = "fast": "Quick to write",
        Small = "small": "Smaller, and many times slower",
    }
}

impl OptionValue for PngEffort {
    const OPTION: OptionSpec = OptionSpec {
        name: "png",
        values: Self::VALUES,
        default: Some(Self::Fast.as_str()),
        about: "How hard PNG is compressed: `small` files take many times as long",
    };
}

/// Smallest and largest quality of a lossy format.
const LEAST: u8 = 1;
const MOST: u8 = 100;

/// The nearest quality that a lossy format has.
pub(super) fn in_range(quality: u8) -> u8 {
    quality.clamp(LEAST, MOST)
}

/// Quality of a WebP file: lossless, or how much may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WebpQuality {
    /// Nothing.
    #[default]
    Lossless,
    /// Colours, but not alpha: 1…100, on the scale of libwebp.
    Lossy(u8),
}

impl WebpQuality {
    /// The word for [`Self::Lossless`].
    pub const LOSSLESS: &'static str = "lossless";
}

impl OptionValue for WebpQuality {
    const OPTION: OptionSpec = OptionSpec {
        name: "webp-quality",
        values: Values::Number {
            least: LEAST as u32,
            most: MOST as u32,
            or: Some(Self::LOSSLESS),
        },
        default: Some(Self::LOSSLESS),
        about: "Quality of WebP; alpha is always lossless",
    };
}

impl TryFrom<u32> for WebpQuality {
    type Error = InvalidValue;

    fn try_from(quality: u32) -> Result<Self, InvalidValue> {
        let quality = Self::OPTION.values.number(quality)?;
        Ok(Self::Lossy(quality as u8))
    }
}

impl FromStr for WebpQuality {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            Self::LOSSLESS => Ok(Self::Lossless),
            text => Self::OPTION.values.number_of(text)?.try_into(),
        }
    }
}

impl fmt::Display for WebpQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lossless => f.write_str(Self::LOSSLESS),
            Self::Lossy(quality) => quality.fmt(f),
        }
    }
}

/// Quality of a JPEG file: 1…100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JpegQuality(u8);

impl JpegQuality {
    const DEFAULT: u8 = 90;

    /// As a number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl OptionValue for JpegQuality {
    const OPTION: OptionSpec = OptionSpec {
        name: "jpeg-quality",
        values: Values::Number {
            least: LEAST as u32,
            most: MOST as u32,
            or: None,
        },
        default: Some("90"),
        about: "Quality of JPEG",
    };
}

impl TryFrom<u32> for JpegQuality {
    type Error = InvalidValue;

    fn try_from(quality: u32) -> Result<Self, InvalidValue> {
        let quality = Self::OPTION.values.number(quality)?;
        Ok(Self(quality as u8))
    }
}

impl FromStr for JpegQuality {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::OPTION.values.number_of(text)?.try_into()
    }
}

/// In which format a result is written, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// Default: PNG.
    pub format: Format,
    /// Of PNG. Default: fast.
    pub png: PngEffort,
    /// Of WebP. Default: lossless.
    pub webp: WebpQuality,
    /// Quality of JPEG, 1…100. Default 90.
    pub jpeg: u8,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            format: Format::default(),
            png: PngEffort::default(),
            webp: WebpQuality::default(),
            jpeg: JpegQuality::DEFAULT,
        }
    }
}

impl Encoding {
    /// This encoding in another format.
    pub fn of(self, format: Format) -> Self {
        Self { format, ..self }
    }
}
