//! A persistent process over the harness, for comparisons. The commands on standard input, one a line:
//!
//! - `run IMAGE [MASK.pgm]` makes the mask (and writes it);
//! - `remove IMAGE` makes the cut-out: the whole pipeline.
//!
//! Each answers one line of JSON.

use std::fs;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use benches::{Choice, Sample, Subject};
use clap::Parser;
use cutout::Mask;
use host_harness::{Error, Kind};
use serde::Serialize;

/// Answers `run IMAGE [MASK.pgm]` and `remove IMAGE` on standard input, one line of JSON each.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    choice: Choice,
}

/// One answer.
#[derive(Serialize)]
struct Answer {
    segment_ms: f64,
    total_ms: f64,
    /// BLAKE3 of the mask's values, or of the encoded cut-out.
    digest: String,
    width: u32,
    height: u32,
    /// Bytes; of the wasm engine only.
    peak_linear_memory: Option<usize>,
}

fn main() -> ExitCode {
    match serve(&Cli::parse().choice) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn serve(choice: &Choice) -> Result<(), Error> {
    let mut subject = Subject::start(choice)?;
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|e| failed("read a command", &e))?;
        let answer = command(&mut subject, &line)?;
        let text = serde_json::to_string(&answer).map_err(|e| failed("write JSON", &e))?;
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(|e| failed("answer", &e))?;
    }
    Ok(())
}

fn command(subject: &mut Subject, line: &str) -> Result<Answer, Error> {
    let words: Vec<_> = line.split_whitespace().collect();
    match *words.as_slice() {
        ["run", image] => mask(subject, image).map(|(_, answer)| answer),
        ["run", image, file] => {
            let (mask, answer) = mask(subject, image)?;
            write_pgm(&mask, file)?;
            Ok(answer)
        }
        ["remove", image] => {
            let made = subject.remove(&read(image)?)?;
            let (value, size) = (&made.value, (made.value.width, made.value.height));
            Ok(Answer::new(&made, &value.bytes, size, subject))
        }
        _ => {
            let text = format!("{line:?} is not `run IMAGE [MASK.pgm]` or `remove IMAGE`");
            Err(Error::new(Kind::Usage, text))
        }
    }
}

fn mask(subject: &mut Subject, image: &str) -> Result<(Mask, Answer), Error> {
    let made = subject.mask(&read(image)?)?;
    let size = (made.value.width, made.value.height);
    let answer = Answer::new(&made, &made.value.data, size, subject);
    Ok((made.value, answer))
}

impl Answer {
    fn new<T>(sample: &Sample<T>, bytes: &[u8], size: (u32, u32), subject: &Subject) -> Self {
        let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
        Self {
            segment_ms: milliseconds(sample.segment),
            total_ms: milliseconds(sample.total),
            digest: blake3::hash(bytes).to_hex().to_string(),
            width: size.0,
            height: size.1,
            peak_linear_memory: subject.peak_memory(),
        }
    }
}

fn read(path: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|e| failed(&format!("read {path}"), &e))
}

fn write_pgm(mask: &Mask, path: &str) -> Result<(), Error> {
    let mut bytes = format!("P5 {} {} 255\n", mask.width, mask.height).into_bytes();
    bytes.extend_from_slice(&mask.data);
    fs::write(path, bytes).map_err(|e| failed(&format!("write {path}"), &e))
}

fn failed(doing: &str, error: &dyn std::error::Error) -> Error {
    Error::new(Kind::Io, format!("cannot {doing}: {error}"))
}

#[allow(
    clippy::print_stderr,
    reason = "the one place that tells a person of an error"
)]
fn report(error: &Error) -> ExitCode {
    eprintln!("peer: error[{}]: {error}", error.kind().as_str());
    match error.kind() {
        Kind::Usage => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}
