//! The flags that say what is to be made of an image.

use std::path::Path;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use cutout::{
    Background, Encoding, Format, Layout, Limits, Margins, Options, OutputKind, PngEffort, Quality,
    Size, WebpQuality, parse,
};

use crate::files::{self, Place};
use crate::{Error, Kind};

/// [`Format`] as a flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatName(Format);

impl ValueEnum for FormatName {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(Format::Png), Self(Format::WebP), Self(Format::Jpeg)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.0.as_str());
        Some(match self.0 {
            Format::Png => value.help("Lossless, with transparency"),
            Format::WebP => value.help("Lossless or lossy, with transparency; smaller"),
            Format::Jpeg => value
                .alias("jpeg")
                .help("Lossy; white behind what is transparent"),
            Format::Raw => value.hide(true),
        })
    }
}

/// [`Quality`] as a flag's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum QualityName {
    /// The network's mask stretched over the image: soft edges
    Fast,
    /// Edges along those of the image, and the subject's own colours on them
    #[default]
    Good,
    /// As `good`, from the best of up to three looks of the network: up to three times as long
    Best,
}

/// A program whose results are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compat {
    /// Soft and darkened edges
    Rembg,
}

/// Options of a result.
#[derive(Args, Clone, Debug)]
pub struct OutputFlags {
    /// Write the mask alone: 8-bit grey, 255 is foreground.
    #[arg(long, conflicts_with = "background")]
    pub mask: bool,

    /// How edges are made.
    #[arg(long, value_enum, default_value_t)]
    pub quality: QualityName,

    /// Make edges as another program does, its defects included, in place of `--quality`.
    #[arg(long, value_enum, conflicts_with = "quality")]
    pub compat: Option<Compat>,

    /// The format. Default: that of the output's file name; PNG for a folder.
    #[arg(long, value_enum)]
    pub format: Option<FormatName>,

    /// How hard PNG is compressed: `small` files take many times as long.
    #[arg(long, value_name = "fast|small", default_value = "fast", value_parser = png_effort)]
    pub png: PngEffort,

    /// Quality of WebP. Default: lossless; alpha is always lossless.
    #[arg(long, value_name = "1-100|lossless", value_parser = webp_quality)]
    pub webp_quality: Option<WebpQuality>,

    /// Quality of JPEG. Default: 90.
    #[arg(long, value_name = "1-100", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub jpeg_quality: Option<u8>,

    /// The background: a colour as in CSS, the `#` being optional, or an image's path.
    #[arg(long, value_name = "COLOUR|IMAGE")]
    pub background: Option<String>,

    /// End the result at the subject, with room around it: one, two or four lengths as in CSS, up to 500px or 50%.
    #[arg(long, value_name = "MARGIN", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub crop: Option<String>,

    /// Longer side of the result in pixels; larger images are scaled down.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_side: Option<u32>,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        name.0
    }
}

impl OutputFlags {
    /// The core's options, in `format`.
    ///
    /// # Errors
    /// Kind `usage` for a value that cannot be, `io` for a background that cannot be read.
    pub fn options(&self, format: Format, limits: Limits) -> Result<Options, Error> {
        self.refuse_quality_of_another(format)?;
        let crop = self.crop.as_deref().map(margins).transpose()?;
        let default = Encoding::default();
        Ok(Options {
            output: if self.mask {
                OutputKind::Mask
            } else {
                OutputKind::Cutout
            },
            quality: match (self.compat, self.quality) {
                (Some(Compat::Rembg), _) => Quality::Rembg,
                (None, QualityName::Fast) => Quality::Fast,
                (None, QualityName::Good) => Quality::Good,
                (None, QualityName::Best) => Quality::Best,
            },
            encoding: Encoding {
                format,
                png: self.png,
                webp: self.webp_quality.unwrap_or(default.webp),
                jpeg: self.jpeg_quality.unwrap_or(default.jpeg),
            },
            size: Size {
                max_side: self.max_side,
                max_pixels: None,
            },
            layout: Layout {
                crop,
                ..Layout::default()
            },
            background: self.background(limits.max_bytes)?,
            limits,
            ..Options::default()
        })
    }

    /// Refuses the quality of a format that is not written.
    fn refuse_quality_of_another(&self, format: Format) -> Result<(), Error> {
        let flags = [
            ("--webp-quality", self.webp_quality.is_some(), Format::WebP),
            ("--jpeg-quality", self.jpeg_quality.is_some(), Format::Jpeg),
        ];
        let wrong = flags
            .iter()
            .find(|(_, is_given, of)| *is_given && *of != format);
        let Some((flag, _, of)) = wrong else {
            return Ok(());
        };
        let (written, wanted) = (format.as_str(), of.as_str());
        let text = format!(
            "{flag} has no effect on {written}, the format of the result; name the output *.{wanted}, give --format \
             {wanted}, or leave {flag} out"
        );
        Err(Error::new(Kind::Usage, text))
    }

    /// The format of a result that goes to `output`.
    ///
    /// # Errors
    /// Kind `usage` for an output whose name says no format, or another than was asked for.
    pub(crate) fn format_of(&self, output: &Place) -> Result<Format, Error> {
        let asked = self.format.map(|name| name.0);
        let Place::File(path) = output else {
            return Ok(asked.unwrap_or_default());
        };
        let named = format_of(path);
        if asked.is_none() && named.is_none() && files::is_in_place(path) {
            return Ok(Format::default());
        }
        match (asked, named) {
            (Some(asked), Some(named)) if asked != named => {
                let text = format!(
                    "{output} is named as {}, and --format is {}; change one of them",
                    named.as_str(),
                    asked.as_str()
                );
                Err(Error::new(Kind::Usage, text))
            }
            (None, None) if path.is_dir() || ends_as_folder(path) => {
                let text = format!("{output} is a folder; name a file in it, such as {}", path.join("cutout.png").display());
                Err(Error::new(Kind::Usage, text))
            }
            (asked, named) => asked.or(named).ok_or_else(|| {
                let text = format!(
                    "{output} does not end in .png, .webp or .jpg, the formats that are written; name it so or \
                     give --format"
                );
                Error::new(Kind::Usage, text)
            }),
        }
    }

    fn background(&self, max_bytes: u64) -> Result<Background, Error> {
        let Some(text) = &self.background else {
            return Ok(Background::Transparent);
        };
        if let Some(colour) = parse::colour(text) {
            return Ok(Background::Colour(colour));
        }
        let path = Path::new(text);
        if !path.exists() {
            let text = format!(
                "--background {text:?} is no colour as in CSS (white, 81d4fa), and there is no file of that name"
            );
            return Err(Error::new(Kind::Usage, text));
        }
        files::read(&Place::File(path.to_owned()), max_bytes).map(Background::Picture)
    }
}

fn png_effort(text: &str) -> Result<PngEffort, &'static str> {
    parse::png_effort(text).ok_or("it takes fast or small")
}

fn webp_quality(text: &str) -> Result<WebpQuality, &'static str> {
    parse::webp_quality(text).ok_or("it takes 1 to 100, or lossless")
}

fn margins(text: &str) -> Result<Margins, Error> {
    parse::margins(text).ok_or_else(|| {
        let text = format!(
            "--crop={text:?} is no margin; it takes one, two or four lengths such as 10px or 5%, up to 500px or 50%"
        );
        Error::new(Kind::Usage, text)
    })
}

/// The format that a file's name says.
fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "png" => Some(Format::Png),
        "webp" => Some(Format::WebP),
        "jpg" | "jpeg" => Some(Format::Jpeg),
        _ => None,
    }
}

/// Whether a name ends in a slash.
fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}
