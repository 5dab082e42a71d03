//! Values that are chosen by a word.

/// A word for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<T: 'static> {
    /// The word.
    pub text: &'static str,
    /// Other words for the value, which are read but not written.
    pub aliases: &'static [&'static str],
    /// The value.
    pub value: T,
    /// The value's meaning.
    pub about: &'static str,
}

/// Gives the values of an option their words, and those that the option does not offer their names.
macro_rules! words {
    (
        $type:ty {
            $($value:ident = $word:literal $(or $alias:literal)*: $about:literal,)+
            $(; $($other:ident = $name:expr,)+)?
        }
    ) => {
        impl $type {
            /// The words of flags and requests.
            pub const WORDS: &'static [crate::Word<Self>] = &[$(crate::Word {
                text: $word,
                aliases: &[$($alias),*],
                value: Self::$value,
                about: $about,
            }),+];

            const VALUES: crate::Values = crate::Values::Words(&[$($word, $($alias,)*)+]);

            /// The value's word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                    $($(Self::$other => $name,)+)?
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::InvalidValue;

            fn from_str(text: &str) -> Result<Self, crate::InvalidValue> {
                match text {
                    $($word $(| $alias)* => Ok(Self::$value),)+
                    _ => Err(Self::VALUES.into()),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;
