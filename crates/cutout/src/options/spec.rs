//! Descriptions of options: all that a flag, a field or a page says of one.

use std::fmt;
use std::str::FromStr;

use crate::{
    Colour, Compat, Format, JpegQuality, Margins, MaxSide, OutputKind, PngEffort, Quality,
    WebpQuality,
};

/// All options of a result, in the order in which they are listed.
pub const OPTIONS: [OptionSpec; 10] = [
    OutputKind::OPTION,
    Quality::OPTION,
    Compat::OPTION,
    Format::OPTION,
    PngEffort::OPTION,
    WebpQuality::OPTION,
    JpegQuality::OPTION,
    Colour::OPTION,
    Margins::OPTION,
    MaxSide::OPTION,
];

/// Description of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// The name in flags and HTTP fields. Messages and Python have `_` in place of `-`.
    pub name: &'static str,
    /// The values that are accepted.
    pub values: Values,
    /// The value that stands for an absent one, where there is such a value.
    pub default: Option<&'static str>,
    /// The meaning: a sentence without its full stop.
    pub about: &'static str,
}

/// The type of an option's values, read from text.
pub trait OptionValue: FromStr<Err = InvalidValue> {
    /// The option.
    const OPTION: OptionSpec;
}

/// The values that an option accepts. Displayed as the end of a sentence: "fast, good or best".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number, or a word.
    Number {
        /// The smallest number.
        least: u32,
        /// The largest number.
        most: u32,
        /// The word.
        or: Option<&'static str>,
    },
    /// A colour.
    Colour,
    /// Column, row, width and height of a part of the image.
    Rectangle,
    /// One, two or four lengths, each up to so many pixels or percent.
    Margins {
        /// Most pixels.
        pixels: u32,
        /// Most percent.
        percent: u32,
    },
}

impl Values {
    /// The number, if it is in range.
    pub(crate) fn number(self, number: u32) -> Result<u32, InvalidValue> {
        match self {
            Self::Number { least, most, .. } if (least..=most).contains(&number) => Ok(number),
            _ => Err(self.into()),
        }
    }

    /// The number that `text` says, if it is in range.
    pub(crate) fn number_of(self, text: &str) -> Result<u32, InvalidValue> {
        let number = text.parse().map_err(|_| InvalidValue::from(self))?;
        self.number(number)
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Words([]) => Ok(()),
            Self::Words([word]) => f.write_str(word),
            Self::Words([words @ .., last]) => write!(f, "{} or {last}", words.join(", ")),
            Self::Number { least, most, or } => {
                match most {
                    u32::MAX => write!(f, "{least} or more")?,
                    most => write!(f, "{least} to {most}")?,
                }
                or.map_or(Ok(()), |word| write!(f, ", or {word}"))
            }
            Self::Colour => f.write_str("a colour such as white or 81d4fa"),
            Self::Rectangle => f.write_str(
                "a rectangle of four whole numbers x,y,width,height in pixels, not empty",
            ),
            Self::Margins { pixels, percent } => write!(
                f,
                "one, two or four lengths such as 10px or 5%, up to {pixels}px or {percent}%"
            ),
        }
    }
}

/// The error of a text that is not a value of its option. Displayed without the text, which the caller has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct InvalidValue {
    /// The values that are accepted.
    pub expected: String,
}

impl InvalidValue {
    /// The whole message about `value` of the option `name`, of a long value its first 80 characters.
    #[cold]
    pub fn message(&self, name: &str, value: &str) -> String {
        let value: String = value.chars().take(80).collect();
        format!("invalid value {value:?} for {name}; {self}")
    }

    /// The error where `more` is accepted as well.
    #[must_use]
    pub fn or(self, more: impl fmt::Display) -> Self {
        Self {
            expected: format!("{}, or {more}", self.expected),
        }
    }
}

impl From<Values> for InvalidValue {
    #[cold]
    fn from(values: Values) -> Self {
        Self {
            expected: values.to_string(),
        }
    }
}
