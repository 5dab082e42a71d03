//! Hints about common mistakes on the command line, where clap's own text does not name what works.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The hint for `error`, which came of `arguments`, if there is one.
pub(crate) fn of(error: &clap::Error, arguments: impl Iterator<Item = String>) -> Option<String> {
    let arguments: Vec<String> = arguments.skip(1).collect();
    if let Some(margin) = crop_without_equals(&arguments) {
        return Some(format!(
            "--crop takes its margin behind an equals sign: --crop={margin}"
        ));
    }
    let verb = arguments.first()?;
    match error.kind() {
        ErrorKind::InvalidSubcommand if Path::new(verb).exists() => Some(format!(
            "to remove the background of {verb}: cutout run {verb} -o cutout.png"
        )),
        ErrorKind::UnknownArgument if verb == "run" => second_image(error),
        _ => None,
    }
}

/// The margin of `--crop MARGIN`, which would otherwise be read as one more image.
fn crop_without_equals(arguments: &[String]) -> Option<&String> {
    let at = arguments.iter().position(|argument| argument == "--crop")?;
    let margin = arguments.get(at + 1)?;
    cutout::parse::margins(margin).is_some().then_some(margin)
}

/// For `cutout run a.png b.png`: where the second one is meant as output, and where as one more input.
fn second_image(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(second)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    (!second.starts_with('-')).then(|| {
        format!(
            "run takes one image, and -o names the output: cutout run IMAGE -o {second}; for several images: \
             cutout batch IMAGES -o FOLDER"
        )
    })
}
