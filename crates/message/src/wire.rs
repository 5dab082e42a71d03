//! Stages and kinds of errors as words in JSON.

use cutout::{ErrorKind, Stage};
use serde::{Deserialize, Serialize};

/// A word of a fixed set.
macro_rules! words {
    ($name:ident of $of:ty, $case:literal: $($word:ident),+) => {
        #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
        #[serde(rename_all = $case)]
        pub(crate) enum $name { $($word),+ }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                match value { $(<$of>::$word => Self::$word),+ }
            }
        }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word { $($name::$word => Self::$word),+ }
            }
        }
    };
}

words!(StageWord of Stage, "lowercase": Decode, Preprocess, Segment, Matte, Colour, Encode);
words!(ErrorWord of ErrorKind, "kebab-case":
    UnsupportedFormat, Undecodable, TooManyBytes, TooManyPixels, Correction, Model, Encode,
    Timeout, OutOfMemory);
