//! Flags of the options of a result.

use std::path::Path;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use cutout::{
    Background, Colour, Compat, Encoding, Format, InvalidValue, JpegQuality, Layout, Limits,
    Margins, MaxSide, OptionValue, Options, OutputKind, PngEffort, Quality, Size, WebpQuality,
    Word,
};

use crate::files::{self, Place};
use crate::{Error, Kind};

/// Options of a result.
#[derive(Args, Clone, Debug)]
pub struct OutputFlags {
    /// Write the mask alone: 8-bit grey, 255 is foreground.
    #[arg(long, conflicts_with = "background")]
    mask: bool,

    #[arg(long, help = Quality::OPTION.about, value_parser = one_of(Quality::WORDS), default_value_t)]
    quality: Quality,

    #[arg(long, help = Compat::OPTION.about, value_parser = one_of(Compat::WORDS), conflicts_with = "quality")]
    compat: Option<Compat>,

    /// The option [`Format`].
    #[arg(long, help = format_help(), value_parser = one_of(Format::WORDS))]
    pub format: Option<Format>,

    #[arg(long, help = PngEffort::OPTION.about, value_name = "fast|small", value_parser = read::<PngEffort>, default_value_t)]
    png: PngEffort,

    #[arg(long, help = with_default::<WebpQuality>(), value_name = "1-100|lossless", value_parser = read::<WebpQuality>)]
    webp_quality: Option<WebpQuality>,

    #[arg(long, help = with_default::<JpegQuality>(), value_name = "1-100", value_parser = read::<JpegQuality>)]
    jpeg_quality: Option<JpegQuality>,

    #[arg(long, help = format!("{}'s path", Colour::OPTION.about), value_name = "COLOUR|IMAGE")]
    background: Option<String>,

    #[arg(
        long,
        help = format!("{}: {}", Margins::OPTION.about, Margins::OPTION.values),
        value_name = "MARGIN",
        value_parser = read::<Margins>,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0"
    )]
    crop: Option<Margins>,

    #[arg(long, help = MaxSide::OPTION.about, value_name = "PIXELS", value_parser = read::<MaxSide>)]
    max_side: Option<MaxSide>,
}

/// A parser of words, which help and completions list with their meanings.
fn one_of<T>(words: &'static [Word<T>]) -> impl TypedValueParser<Value = T>
where
    T: OptionValue + Clone + Send + Sync + 'static,
{
    let possible = words.iter().map(|word| {
        PossibleValue::new(word.text)
            .aliases(word.aliases)
            .help(word.about)
    });
    PossibleValuesParser::new(possible).try_map(|text| read(&text))
}

/// The value of an option that `text` says.
fn read<T: OptionValue>(text: &str) -> Result<T, InvalidValue> {
    text.parse()
}

fn with_default<T: OptionValue>() -> String {
    let option = T::OPTION;
    match option.default {
        Some(default) => format!("{}. Default: {default}", option.about),
        None => option.about.to_owned(),
    }
}

fn format_help() -> String {
    let about = Format::OPTION.about;
    format!("{about}. Default: that of the output's file name; PNG for a folder")
}

impl OutputFlags {
    /// The core's options, in `format`.
    ///
    /// # Errors
    /// Kind `usage` for a value that cannot be, `io` for a background that cannot be read.
    pub fn options(&self, format: Format, limits: Limits) -> Result<Options, Error> {
        self.refuse_quality_of_another(format)?;
        let default = Encoding::default();
        Ok(Options {
            output: if self.mask {
                OutputKind::Mask
            } else {
                OutputKind::Cutout
            },
            quality: self.compat.map_or(self.quality, Quality::from),
            encoding: Encoding {
                format,
                png: self.png,
                webp: self.webp_quality.unwrap_or(default.webp),
                jpeg: (self.jpeg_quality).map_or(default.jpeg, JpegQuality::get),
            },
            size: Size {
                max_side: self.max_side.map(MaxSide::get),
                max_pixels: None,
            },
            layout: Layout {
                crop: self.crop,
                ..Layout::default()
            },
            background: self.background(limits.max_bytes)?,
            limits,
            ..Options::default()
        })
    }

    /// The options as fields of a request, but for a background that is an image.
    pub(super) fn fields(&self, options: &Options) -> Vec<(&'static str, String)> {
        let colour = match options.background {
            Background::Colour(colour) => Some(Colour(colour).to_string()),
            Background::Transparent | Background::Picture(_) => None,
        };
        let quality = self.compat.is_none().then(|| self.quality.to_string());
        let given = [
            (OutputKind::OPTION, Some(options.output.to_string())),
            (Quality::OPTION, quality),
            (Compat::OPTION, self.compat.map(|of| of.to_string())),
            (Format::OPTION, Some(options.encoding.format.to_string())),
            (PngEffort::OPTION, Some(self.png.to_string())),
            (
                WebpQuality::OPTION,
                self.webp_quality.map(|q| q.to_string()),
            ),
            (
                JpegQuality::OPTION,
                self.jpeg_quality.map(|q| q.get().to_string()),
            ),
            (Colour::OPTION, colour),
            (
                Margins::OPTION,
                self.crop.map(|margins| margins.to_string()),
            ),
            (
                MaxSide::OPTION,
                self.max_side.map(|side| side.get().to_string()),
            ),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(option, value)| Some((option.name, value?)))
            .collect()
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
        let asked = self.format;
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
        if let Ok(Colour(colour)) = text.parse() {
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

/// The format that a file's name says.
fn format_of(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    extension.parse().ok()
}

/// Whether a name ends in a slash.
fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}
