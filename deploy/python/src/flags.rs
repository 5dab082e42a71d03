//! Options of Python as the command line's flags, which are read by the same types.

use clap::{Args, Command};
use host_harness::{Error, Kind};

/// The flags of `T` that `words` say.
///
/// # Errors
/// Kind `usage` for what the command line would refuse.
pub(crate) fn parse<T: Args>(words: Vec<String>) -> Result<T, Error> {
    let command = Command::new("cutout")
        .no_binary_name(true)
        .disable_help_flag(true)
        .color(clap::ColorChoice::Never);
    let parsed = T::augment_args(command).try_get_matches_from(words);
    parsed
        .and_then(|matches| T::from_arg_matches(&matches))
        .map_err(|error| {
            let text = error.to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            // The usage of a command line comes behind.
            let text = text.split("\n\nUsage").next().unwrap_or(text);
            Error::new(Kind::Usage, text.trim_end())
        })
}
