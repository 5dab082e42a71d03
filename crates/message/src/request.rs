//! Requests to a worker.

use cutout::{
    Background, Encoding, Layout, Length, Limits, Margins, Options, Size, WebpQuality, parse,
};
use serde::{Deserialize, Serialize};

use crate::BadMessage;
use crate::frame;
use crate::wire::{FormatWord, OutputWord, PngWord, QualityWord};

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

#[derive(Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Header {
    output: OutputWord,
    quality: QualityWord,
    format: FormatWord,
    png: PngWord,
    webp_quality: WebpField,
    jpeg_quality: u8,
    max_side: Option<u32>,
    crop: Option<CropField>,
    background: Option<BackgroundField>,
    also_mask: bool,
    thumbnails: Option<u32>,
    limits: LimitsField,
    max_answer: Option<u64>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "webp_quality is 1 to 100, or \"lossless\"")]
enum WebpField {
    Lossy(u8),
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
            output: options.output.into(),
            quality: options.quality.into(),
            format: encoding.format.into(),
            png: encoding.png.into(),
            webp_quality: match encoding.webp {
                WebpQuality::Lossless => WebpField::Word("lossless".into()),
                WebpQuality::Lossy(quality) => WebpField::Lossy(quality),
            },
            jpeg_quality: encoding.jpeg,
            max_side: options.size.max_side,
            crop: options.layout.crop.map(CropField::of),
            background: match &options.background {
                Background::Transparent => None,
                Background::Colour([r, g, b, a]) => Some(BackgroundField::Colour(format!(
                    "#{r:02x}{g:02x}{b:02x}{a:02x}"
                ))),
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
        let bad = |name: &str, wanted: &str| BadMessage::new(&format!("{name} is {wanted}"));
        let percent = |quality: u8| (1..=100).contains(&quality);
        let webp = match &self.webp_quality {
            WebpField::Lossy(quality) if percent(*quality) => WebpQuality::Lossy(*quality),
            WebpField::Word(word) if word == "lossless" => WebpQuality::Lossless,
            _ => return Err(bad("webp_quality", "1 to 100, or \"lossless\"")),
        };
        if !percent(self.jpeg_quality) {
            return Err(bad("jpeg_quality", "1 to 100"));
        }
        for (name, side) in [("max_side", self.max_side), ("thumbnails", self.thumbnails)] {
            if side == Some(0) {
                return Err(bad(name, "pixels above 0, or null"));
            }
        }
        let crop = match &self.crop {
            None | Some(CropField::Flag(false)) => None,
            Some(CropField::Flag(true)) => Some(Margins::all(Length::Pixels(0))),
            Some(CropField::Margins(text)) => {
                let wanted = "true, or one, two or four margins such as \"10px\" and \"5%\", at most 500px and 50%";
                Some(parse::margins(text).ok_or_else(|| bad("crop", wanted))?)
            }
        };
        let background = match &self.background {
            Some(BackgroundField::Colour(text)) => {
                let wanted = "a colour such as \"81d4fa\" or \"white\", or {\"picture\": BYTES}";
                let colour = parse::colour(text).ok_or_else(|| bad("background", wanted))?;
                Background::Colour(colour)
            }
            None | Some(BackgroundField::Picture(_)) => Background::Transparent,
        };
        Ok(Options {
            output: self.output.into(),
            quality: self.quality.into(),
            encoding: Encoding {
                format: self.format.into(),
                png: self.png.into(),
                webp,
                jpeg: self.jpeg_quality,
            },
            size: Size {
                max_side: self.max_side,
                max_pixels: None,
            },
            layout: Layout {
                crop,
                ..Layout::default()
            },
            background,
            also_mask: self.also_mask,
            thumbnails: self.thumbnails,
            limits: Limits {
                max_bytes: self.limits.max_bytes,
                max_side: self.limits.max_side,
                max_pixels: self.limits.max_pixels,
            },
        })
    }
}

impl CropField {
    fn of(margins: Margins) -> Self {
        let sides = [margins.top, margins.right, margins.bottom, margins.left];
        Self::Margins(sides.map(length).join(" "))
    }
}

fn length(length: Length) -> String {
    match length {
        Length::Pixels(pixels) => format!("{pixels}px"),
        // Of every percentage from 0.001 to 50, the share multiplied and divided again is the same share.
        Length::Share(share) => format!("{}%", share * 100.0),
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
