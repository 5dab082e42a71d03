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
        ErrorKind::InvalidSubcommand if Path::new(verb).is_file() => Some(format!(
            "to remove the background of {verb}: cutout run '{verb}' -o cutout.png"
        )),
        ErrorKind::InvalidSubcommand if Path::new(verb).is_dir() => Some(format!(
            "to remove the backgrounds of all images in {verb}: cutout batch '{verb}' -o FOLDER"
        )),
        ErrorKind::InvalidSubcommand => {
            Some("to remove the background of an image: cutout run IMAGE -o cutout.png".to_owned())
        }
        ErrorKind::UnknownArgument if verb == "run" => second_image(error, &arguments),
        ErrorKind::UnknownArgument if verb == "serve" => address(error),
        _ => None,
    }
}

/// The margin of `--crop MARGIN`, which would otherwise be read as one more image.
fn crop_without_equals(arguments: &[String]) -> Option<&String> {
    let at = arguments.iter().position(|argument| argument == "--crop")?;
    let margin = arguments.get(at + 1)?;
    margin.parse::<cutout::Margins>().ok().map(|_| margin)
}

/// For the flags by which other servers are told where to listen.
fn address(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_address = ["--port", "-p", "--host", "--bind", "-b", "--listen", "-l"]
        .iter()
        .any(|known| flag == known);
    is_address.then(|| "--addr says where to listen: cutout serve --addr 127.0.0.1:8080".to_owned())
}

/// For `cutout run a.png b.png`: the second one may be meant as the output or, where there is one, as one more input.
fn second_image(error: &clap::Error, arguments: &[String]) -> Option<String> {
    let Some(ContextValue::String(second)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_image = |name: &str| {
        let extension = Path::new(name).extension().and_then(|e| e.to_str());
        extension
            .is_some_and(|e| matches!(&*e.to_ascii_lowercase(), "png" | "webp" | "jpg" | "jpeg"))
    };
    if !is_image(second) {
        return None;
    }
    let has_output =
        |argument: &String| argument.starts_with("-o") || argument.starts_with("--output");
    let output = match arguments.iter().any(has_output) {
        true => String::new(),
        false => format!(", and -o names the output: cutout run IMAGE -o '{second}'"),
    };
    Some(format!(
        "run takes one image{output}; for several images: cutout batch IMAGES -o FOLDER"
    ))
}
