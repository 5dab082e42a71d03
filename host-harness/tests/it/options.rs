//! The options of a result, wherever they are written down once more.

use std::fs;

use clap::{Arg, Args, Command};
use cutout::{
    Compat, Format, MARKS, Margins, OPTIONS, OptionSpec, OptionValue, Options, OutputKind,
    PngEffort, Quality, Values, WebpQuality,
};
use host_harness::commands::OutputFlags;

use crate::support::{cutout, finish, root};

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Texts in double quotes, with `between` them.
fn quoted(texts: &[&str], between: &str) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    quoted.join(between)
}

/// The words of an option, those that are not written included.
fn words<T: OptionValue>() -> &'static [&'static str] {
    match T::OPTION.values {
        Values::Words(words) => words,
        values => panic!("no words: {values}"),
    }
}

fn margins() -> [u32; 2] {
    match Margins::OPTION.values {
        Values::Margins { pixels, percent } => [pixels, percent],
        values => panic!("no margins: {values}"),
    }
}

/// The values that a flag's help shows.
fn shown(flag: &Arg) -> String {
    let listed = flag.get_possible_values();
    if listed.is_empty() {
        let names = flag.get_value_names().unwrap_or_default();
        return names.join(" ");
    }
    let listed = listed.iter().flat_map(|value| value.get_name_and_aliases());
    listed.collect::<Vec<_>>().join("|")
}

/// The values that a flag's help should show, where they can be listed.
fn listed(option: &OptionSpec) -> Option<String> {
    match option.values {
        Values::Words(words) => Some(words.join("|")),
        Values::Number { most: u32::MAX, .. }
        | Values::Colour
        | Values::Rectangle
        | Values::Margins { .. } => None,
        Values::Number { least, most, or } => {
            let word = or.map_or(String::new(), |word| format!("|{word}"));
            Some(format!("{least}-{most}{word}"))
        }
    }
}

#[test]
fn the_flags_of_a_result_are_its_options() {
    let command = OutputFlags::augment_args(Command::new("run"));
    let flags: Vec<_> = command.get_arguments().collect();
    let mut names: Vec<_> = flags.iter().map(|flag| flag.get_long().unwrap()).collect();
    names.sort_unstable();
    // `--output` is where the result goes.
    let option = |option: &OptionSpec| match *option == OutputKind::OPTION {
        true => "mask",
        false => option.name,
    };
    let mut expected: Vec<_> = OPTIONS.iter().map(option).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);

    for option in OPTIONS.iter().filter(|o| **o != OutputKind::OPTION) {
        let name = option.name;
        let flag = flags.iter().find(|flag| flag.get_long() == Some(name));
        let flag = flag.unwrap();
        let help = flag.get_help().unwrap().to_string();
        assert!(help.starts_with(option.about), "{name}: {help}");
        if let Some(listed) = listed(option) {
            assert_eq!(shown(flag), listed, "{name}");
        }
        if let [default] = flag.get_default_values() {
            assert_eq!(default.to_str(), option.default, "{name}");
        }
    }
}

#[test]
fn run_and_batch_have_the_flags_of_every_option() {
    for verb in ["run", "batch"] {
        let (done, said) = finish(cutout().args([verb, "--help"]));
        assert!(done.status.success(), "{said}");
        let help = String::from_utf8(done.stdout).unwrap();
        let help: Vec<_> = help.split_whitespace().collect();
        let help = help.join(" ");
        assert!(help.contains("--mask "), "{verb}");
        for option in OPTIONS.iter().filter(|o| **o != OutputKind::OPTION) {
            let flag = format!("--{}", option.name);
            assert!(help.contains(&flag), "{verb}: {flag}");
            assert!(help.contains(option.about), "{verb}: {flag}");
        }
    }
}

#[test]
fn run_and_the_page_on_options_have_the_marks_of_corrections() {
    let (done, said) = finish(cutout().args(["run", "--help"]));
    assert!(done.status.success(), "{said}");
    let help = String::from_utf8(done.stdout).unwrap();
    let help: Vec<_> = help.split_whitespace().collect();
    let (help, page) = (help.join(" "), file("docs/options.md"));
    for mark in MARKS {
        let flag = format!("--{} <X,Y,WIDTH,HEIGHT|IMAGE> {}", mark.name, mark.about);
        assert!(help.contains(&flag), "{flag}");
        let row = format!(
            "| **{}** | {}, or an image | {} |\n",
            mark.name, mark.values, mark.about
        );
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn the_page_on_options_has_all_of_them() {
    let page = file("docs/options.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let expected = OPTIONS.iter().map(|option| {
        let values = match option.values {
            Values::Words(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            }
            values => values.to_string(),
        };
        let default = option.default.map_or("none".into(), |d| format!("`{d}`"));
        format!(
            "| `{}` | {values} | {default} | {} |",
            option.name, option.about
        )
    });
    let expected: Vec<_> = expected.collect();
    assert_eq!(
        rows.collect::<Vec<_>>(),
        expected,
        "{}",
        expected.join("\n")
    );
}

#[test]
fn the_npm_package_has_the_words_and_ranges_of_the_options() {
    let (config, types) = (
        file("deploy/npm/lib/config.js"),
        file("deploy/npm/index.d.ts"),
    );
    let qualities = words::<Quality>();
    let media: Vec<_> = Format::WORDS.iter().map(|f| f.value.media_type()).collect();
    // A component knows each format by the end of its media type.
    let formats: Vec<_> = media
        .iter()
        .map(|m| format!("\"{m}\": {:?}", &m[6..]))
        .collect();
    let [pixels, percent] = margins();
    let encoding = Options::default().encoding;
    let (png, jpeg) = (encoding.png, encoding.jpeg);
    for line in [
        format!("const QUALITIES = [{}];\n", quoted(qualities, ", ")),
        format!("const FORMATS = {{ {} }};\n", formats.join(", ")),
        format!("const MOST_PIXELS = {pixels};"),
        format!("const MOST_PERCENT = {percent};"),
        format!(" quality = \"{}\",", Quality::default()),
        format!(" png: \"{png}\", webp: percent, jpeg: percent ?? {jpeg} "),
        // Options that `output` and its keys have no room for.
        "\"quality\", \"background\", \"crop\", \"maxSide\", ...".into(),
    ] {
        assert!(config.contains(&line), "config.js is without {line}");
    }
    for line in [
        format!("\n  quality?: {};\n", quoted(qualities, " | ")),
        format!("\n    format?: {};\n", quoted(&media, " | ")),
        format!("each up to {pixels} pixels or {percent} % of"),
        format!("Default: `{}`.", Quality::default()),
        format!("Quality of JPEG (default: .{})", jpeg / 10),
        "\n  background?: ".into(),
        "\n  crop?: ".into(),
        "\n  maxSide?: ".into(),
    ] {
        assert!(types.contains(&line), "index.d.ts is without {line}");
    }
}

#[test]
fn the_python_package_has_the_names_and_words_of_the_options() {
    let options = file("deploy/python/python/cutout/_options.py");
    let classes = options.split_once("class MaskOptions").unwrap().1;
    let classes = classes.split("\n\n\ndef ").next().unwrap();
    let key = |line: &str| {
        let (key, _) = line.strip_prefix("    ")?.split_once(": ")?;
        Some(key.to_owned())
    };
    let mut keys: Vec<_> = classes.lines().filter_map(key).collect();
    keys.sort_unstable();
    let mut expected: Vec<_> = OPTIONS
        .iter()
        .map(|option| match *option == OutputKind::OPTION {
            true => "mask_only".to_owned(),
            false => option.name.replace('-', "_"),
        })
        .collect();
    expected.sort_unstable();
    assert_eq!(keys, expected);

    for (name, words) in [
        ("Quality", words::<Quality>()),
        ("Compat", words::<Compat>()),
        ("Format", words::<Format>()),
        ("PngEffort", words::<PngEffort>()),
    ] {
        let line = format!("\n{name} = Literal[{}]\n", quoted(words, ", "));
        assert!(options.contains(&line), "_options.py is without {line}");
    }
    let webp = WebpQuality::LOSSLESS;
    let line = format!("\nWebpQuality = Union[int, Literal[\"{webp}\"]]\n");
    assert!(options.contains(&line), "_options.py is without {line}");

    for path in ["_session.py", "__init__.py"] {
        let text = file(&format!("deploy/python/python/cutout/{path}"));
        for key in &keys {
            let argument = format!("{key}: ");
            let mut lines = text.lines().map(str::trim_start);
            assert!(lines.any(|l| l.starts_with(&argument)), "{path}: {key}");
        }
    }
}
