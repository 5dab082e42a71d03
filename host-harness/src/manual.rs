//! The manual: sections that `--help` and the man pages have beside the flags.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use rustix::fs::OFlags;

use crate::Kind;

/// Lines of a section: a term, and its meaning.
type Terms = &'static [(&'static str, &'static str)];

/// Sections of one verb.
struct CommandPage {
    verb: &'static str,
    examples: Terms,
    exit_status: Terms,
}

const EXIT_STATUS: Terms = &[
    ("0", "done"),
    (
        "1",
        "failed; the last line of standard error says why, with a stable kind",
    ),
    ("2", "wrong usage"),
];

const PAGES: [CommandPage; 8] = [
    CommandPage {
        verb: "run",
        examples: &[
            (
                "cutout run photo.jpg -o cutout.png",
                "cut out the foreground",
            ),
            (
                "cutout run photo.jpg -o card.jpg --background 81d4fa --crop=5%",
                "on a colour, cropped with a margin",
            ),
            (
                "cutout run photo.jpg -o mask.png --mask --json",
                "the mask alone, and a report on standard output",
            ),
            (
                "cutout run photo.jpg -o cutout.png --keep 250,150,60,40 --erase painted.png",
                "corrected by hand: a rectangle is kept, what is painted is erased",
            ),
            (
                "cutout run - -o - < photo.jpg > cutout.png",
                "from standard input to standard output",
            ),
            (
                "cutout run photo.jpg -o cutout.png --server http://127.0.0.1:7000",
                "made by `cutout serve`",
            ),
        ],
        exit_status: EXIT_STATUS,
    },
    CommandPage {
        verb: "batch",
        examples: &[
            (
                "cutout batch photos -o cutouts",
                "a folder; the same command goes on after an interruption",
            ),
            (
                "cutout batch 'photos/**/*.jpg' -o cutouts --report report.jsonl",
                "files by a pattern, with a report",
            ),
            (
                "cutout batch inbox -o cutouts --watch",
                "a folder that new images come to",
            ),
            (
                "cutout batch photos -o cutouts --nats nats://127.0.0.1:4222",
                "by a fleet of workers",
            ),
        ],
        exit_status: &[
            ("0", "all done"),
            ("1", "some failed; the others are done"),
            ("2", "wrong usage"),
            ("3", "no image was found"),
            ("130", "interrupted; the same command goes on"),
        ],
    },
    CommandPage {
        verb: "serve",
        examples: &[
            ("cutout serve", "on 127.0.0.1:7000"),
            (
                "CUTOUT_TOKEN=secret cutout serve --addr 0.0.0.0:7000",
                "for others, who have to send the token",
            ),
            (
                "curl --fail-with-body --data-binary @photo.jpg -o cutout.png http://127.0.0.1:7000/v1/remove",
                "a request",
            ),
        ],
        exit_status: EXIT_STATUS,
    },
    CommandPage {
        verb: "health",
        examples: &[
            ("cutout health", "a server with the default address"),
            (
                "cutout health http://127.0.0.1:8080",
                "one with another address",
            ),
        ],
        exit_status: &[
            ("0", "the server is ready for images"),
            (
                "1",
                "it is not ready, or there was no answer within five seconds",
            ),
            ("2", "wrong usage"),
        ],
    },
    CommandPage {
        verb: "quantize",
        examples: &[
            (
                "cutout quantize --model my.onnx photos/*.jpg -o my-ranges.onnx",
                "a network of cutnet's kind, with ranges of its maps",
            ),
            (
                "cutout run photo.jpg -o cutout.png --model my-ranges.onnx",
                "the same network, computed in whole numbers",
            ),
        ],
        exit_status: EXIT_STATUS,
    },
    CommandPage {
        verb: "bake",
        examples: &[
            (
                "cutout bake -o cutout.wasm",
                "a component for any host of wasi:http",
            ),
            (
                "wasmtime serve -Scli --addr 127.0.0.1:8080 cutout.wasm",
                "one such host",
            ),
        ],
        exit_status: EXIT_STATUS,
    },
    CommandPage {
        verb: "bench",
        examples: &[
            (
                "cutout bench photo.jpg -o results",
                "both engines: processes and times, in two minutes",
            ),
            ("cutout bench photo.jpg -o results --full", "everything"),
            (
                "cutout bench photo.jpg -o results --row wasm:net --peer 'rembg=rembg i -m u2netp {input} {output}'",
                "beside another program",
            ),
            (
                "cutout bench --record results/bench.json -o again",
                "the reports of an earlier run, made anew",
            ),
        ],
        exit_status: &[
            ("0", "measured"),
            ("1", "a process failed; whole rounds before it are written"),
            ("2", "wrong usage"),
            ("130", "interrupted; whole rounds are written"),
        ],
    },
    CommandPage {
        verb: "doctor",
        examples: &[("cutout doctor", "check this machine")],
        exit_status: &[
            ("0", "all is well"),
            (
                "1",
                "a check failed; lines that begin with FAIL say which, and the way out",
            ),
        ],
    },
];

const ENVIRONMENT: Terms = &[
    (
        "CUTOUT_CACHE",
        "folder of compiled models; default: `cutout` in XDG_CACHE_HOME or ~/.cache",
    ),
    (
        "CUTOUT_HOST_IMAGES",
        "folder of models compiled ahead of time by `bake --host-images`, which is looked into first",
    ),
    (
        "CUTOUT_MODELS",
        "folder where --model looks first for the file of a known model",
    ),
    (
        "U2NET_HOME, REMBG_HOME, XDG_DATA_HOME",
        "folders of rembg and of Cutout, where --model looks next",
    ),
    ("CUTOUT_TOKEN", "token that clients of `serve` must send"),
    (
        "CUTOUT_NATS_LOGIN",
        "USER:PASSWORD or TOKEN for the server of `batch --nats`",
    ),
    (
        "SSL_CERT_FILE",
        "certificates that `batch --nats` trusts in place of the system's",
    ),
    ("TMPDIR", "folder of the copies that `bench` starts cold"),
];

/// `command` with examples and exit status in the long help of each verb.
pub(crate) fn with_sections(mut command: Command) -> Command {
    for page in &PAGES {
        // Without the sandbox some verbs are not there.
        if command.find_subcommand(page.verb).is_some() {
            let help = format!(
                "{}\n{}",
                section("Examples", page.examples),
                section("Exit status", page.exit_status)
            );
            command = command.mut_subcommand(page.verb, |verb| verb.after_long_help(help));
        }
    }
    let help = format!(
        "{}\n{}",
        section("Environment", ENVIRONMENT),
        section("Exit status", EXIT_STATUS)
    );
    command.after_long_help(help)
}

fn section(title: &str, terms: Terms) -> String {
    let lines = terms
        .iter()
        .map(|(term, meaning)| format!("  {term}\n          {meaning}\n"));
    format!("{title}:\n{}", lines.collect::<String>())
}

/// Writes the man pages: cutout.1, and one for each verb.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write(command: Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let page = PAGES.iter().find(|page| page.verb == verb.get_name());
        let mut sections = Roff::default();
        if let Some(page) = page {
            add(&mut sections, "EXAMPLES", page.examples);
            add(&mut sections, "EXIT STATUS", page.exit_status);
        }
        add(&mut sections, "ENVIRONMENT", ENVIRONMENT);
        write_page(verb.clone(), &sections, folder)?;
    }
    let mut sections = Roff::default();
    add(&mut sections, "ENVIRONMENT", ENVIRONMENT);
    add(&mut sections, "EXIT STATUS", EXIT_STATUS);
    let kinds = Kind::all();
    let kinds = kinds.iter().map(|kind| (kind.as_str(), kind.meaning()));
    add(&mut sections, "ERROR KINDS", &kinds.collect::<Vec<_>>());
    write_page(command, &sections, folder)
}

fn add(roff: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
}

/// A page with `sections` in place of the long help's, and the version.
fn write_page(command: Command, sections: &Roff, folder: &Path) -> io::Result<()> {
    let command = command
        .after_long_help(None::<&str>)
        .version(env!("CARGO_PKG_VERSION"));
    let man = Man::new(command);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // The name is not the user's choice, so no link that has it is followed.
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let mut file = options.open(folder.join(man.get_filename()))?;
    man.render(&mut file)?;
    sections.to_writer(&mut file)?;
    file.flush()
}
