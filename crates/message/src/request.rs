//! Requests to a worker.

use cutout::{
    Background, Colour, Compat, Encoding, Format, InvalidValue, JpegQuality, Layout, Limits,
    Margins, MaxSide, OptionValue, Options, Quality, Size, WebpQuality,
};
use serde::{Deserialize, Serialize};

use crate::BadMessage;
use crate::frame;

/// One image and what to make of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// The encoded image.
    pub picture: &'a [u8],
    /// Of the layout the crop alone is sent, of the size the longer side alone.
    pub options: Options,
    /// The largest answer that can arrive, in bytes: the message server's own limit. `None`: the worker's.
    pub max_answer: Option<u64>,
}

impl<'a> Request<'a> {
    /// Reads a message: a frame, or a bare image with the default options.
    ///
    /// # Errors
    /// When it is a frame, but not a request of this version.
    pub fn decode(message: &'a [u8]) -> Result<Self, BadMessage> {
        if !frame::is_framed(message) {
            return Ok(Self {
                picture: message,
                options: Options::default(),
                max_answer: None,
            });
        }
        let (header, mut rest) = frame::split::<Header>(message)?;
        let mut options = header.options()?;
        let mut picture = rest;
        if let Some(BackgroundField::Picture(PictureField { picture: length })) = header.background
        {
            let before = (rest.len() as u64).saturating_sub(length);
            picture = frame::take(&mut rest, "picture", before)?;
            let background = frame::take(&mut rest, "background", length)?;
            options.background = Background::Picture(background.to_vec());
        }
        Ok(Self {
            picture,
            options,
            max_answer: header.max_answer,
        })
    }

    /// Writes a frame.
    pub fn encode(&self) -> Vec<u8> {
        let header = Header::of(&self.options, self.max_answer);
        let background: &[u8] = match &self.options.background {
            Background::Picture(file) => file,
            Background::Transparent | Background::Colour(_) => &[],
        };
        frame::join(&header, &[self.picture, background])
    }
}

/// The JSON of a frame: the options, named as the flags are with `_` in place of `-`, and what is a message's own.
#[derive(Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Header {
    output: String,
    quality: String,
    format: String,
    png: String,
    webp_quality: WebpField,
    jpeg_quality: u32,
    max_side: Option<u32>,
    crop: Option<CropField>,
    background: Option<BackgroundField>,
    also_mask: bool,
    thumbnails: Option<u32>,
    limits: LimitsField,
    max_answer: Option<u64>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "webp_quality is 1 to 100, or a word")]
enum WebpField {
    Lossy(u32),
    Word(String),
}

#[derive(Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "crop is true, or margins such as \"5%\" or \"10px 5%\""
)]
enum CropField {
    Flag(bool),
    Margins(String),
}

#[derive(Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "background is a colour such as \"81d4fa\", or {\"picture\": BYTES}"
)]
enum BackgroundField {
    Colour(String),
    Picture(PictureField),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PictureField {
    picture: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct LimitsField {
    max_bytes: u64,
    max_side: u32,
    max_pixels: u64,
}

impl Default for Header {
    fn default() -> Self {
        Self::of(&Options::default(), None)
    }
}

impl Header {
    fn of(options: &Options, max_answer: Option<u64>) -> Self {
        let encoding = options.encoding;
        Self {
            output: options.output.to_string(),
            quality: options.quality.to_string(),
            format: match encoding.format {
                // The word that workers of every version know.
                Format::Jpeg => "jpeg".to_owned(),
                format => format.to_string(),
            },
            png: encoding.png.to_string(),
            webp_quality: match encoding.webp {
                WebpQuality::Lossless => WebpField::Word(WebpQuality::LOSSLESS.to_owned()),
                WebpQuality::Lossy(quality) => WebpField::Lossy(quality.into()),
            },
            jpeg_quality: encoding.jpeg.into(),
            max_side: options.size.max_side,
            crop: (options.layout.crop).map(|margins| CropField::Margins(margins.to_string())),
            background: match &options.background {
                Background::Transparent => None,
                Background::Colour(colour) => {
                    Some(BackgroundField::Colour(Colour(*colour).to_string()))
                }
                Background::Picture(file) => Some(BackgroundField::Picture(PictureField {
                    picture: file.len() as u64,
                })),
            },
            also_mask: options.also_mask,
            thumbnails: options.thumbnails,
            limits: options.limits.into(),
            max_answer,
        }
    }

    /// All but an image behind the subject.
    fn options(&self) -> Result<Options, BadMessage> {
        let side = |name, pixels: Option<u32>| match pixels {
            Some(pixels) => match MaxSide::try_from(pixels) {
                Ok(side) => Ok(Some(side.get())),
                Err(e) => Err(bad(name, &pixels.to_string(), &e)),
            },
            None => Ok(None),
        };
        Ok(Options {
            output: value(&self.output, self.output.parse())?,
            quality: value(&self.quality, quality(&self.quality))?,
            encoding: self.encoding()?,
            size: Size {
                max_side: side("max_side", self.max_side)?,
                max_pixels: None,
            },
            layout: Layout {
                crop: self.crop()?,
                ..Layout::default()
            },
            background: self.background()?,
            also_mask: self.also_mask,
            thumbnails: side("thumbnails", self.thumbnails)?,
            limits: Limits {
                max_bytes: self.limits.max_bytes,
                max_side: self.limits.max_side,
                max_pixels: self.limits.max_pixels,
            },
        })
    }

    fn encoding(&self) -> Result<Encoding, BadMessage> {
        let jpeg = self.jpeg_quality;
        Ok(Encoding {
            format: value(&self.format, format(&self.format))?,
            png: value(&self.png, self.png.parse())?,
            webp: match &self.webp_quality {
                WebpField::Lossy(quality) => value(&quality.to_string(), (*quality).try_into())?,
                WebpField::Word(word) => value(word, lossless(word))?,
            },
            jpeg: value(&jpeg.to_string(), JpegQuality::try_from(jpeg))?.get(),
        })
    }

    fn crop(&self) -> Result<Option<Margins>, BadMessage> {
        match &self.crop {
            None | Some(CropField::Flag(false)) => Ok(None),
            Some(CropField::Flag(true)) => Ok(Some(Margins::NONE)),
            Some(CropField::Margins(text)) => {
                let margins = text.parse::<Margins>();
                value(text, margins.map_err(|e| e.or("true"))).map(Some)
            }
        }
    }

    fn background(&self) -> Result<Background, BadMessage> {
        let Some(BackgroundField::Colour(text)) = &self.background else {
            return Ok(Background::Transparent);
        };
        let colour = text.parse::<Colour>();
        let Colour(colour) = value(text, colour.map_err(|e| e.or("{\"picture\": BYTES}")))?;
        Ok(Background::Colour(colour))
    }
}

/// The value of an option that `text` says.
fn value<T: OptionValue>(text: &str, read: Result<T, InvalidValue>) -> Result<T, BadMessage> {
    read.map_err(|e| bad(T::OPTION.name, text, &e))
}

#[cold]
fn bad(name: &str, text: &str, error: &InvalidValue) -> BadMessage {
    BadMessage::new(&error.message(&name.replace('-', "_"), text))
}

/// A message has no `compat`: its words are values of `quality`.
fn quality(text: &str) -> Result<Quality, InvalidValue> {
    match text.parse::<Compat>() {
        Ok(compat) => Ok(compat.into()),
        Err(compat) => text
            .parse()
            .map_err(|e: InvalidValue| e.or(compat.expected)),
    }
}

/// Pixels without a file are for messages alone.
fn format(text: &str) -> Result<Format, InvalidValue> {
    if text == Format::Raw.as_str() {
        return Ok(Format::Raw);
    }
    text.parse().map_err(|e: InvalidValue| e.or(Format::Raw))
}

/// A number is not written as a text.
fn lossless(word: &str) -> Result<WebpQuality, InvalidValue> {
    match word.parse()? {
        WebpQuality::Lossless => Ok(WebpQuality::Lossless),
        WebpQuality::Lossy(_) => Err(WebpQuality::OPTION.values.into()),
    }
}

impl Default for LimitsField {
    fn default() -> Self {
        Limits::default().into()
    }
}

impl From<Limits> for LimitsField {
    fn from(limits: Limits) -> Self {
        Self {
            max_bytes: limits.max_bytes,
            max_side: limits.max_side,
            max_pixels: limits.max_pixels,
        }
    }
}
