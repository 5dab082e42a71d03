//! `cutout run`: one image.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::Args;
use cutout::{Matte, Output};
use serde::Serialize;

use super::command::{Command, announce};
use super::marks::MarkFlags;
use super::output::OutputFlags;
use super::remote::{self, ServerFlags};
use super::sandbox::Sandbox;
use crate::engine::{Engine, Timed};
use crate::files::{self, Place};
use crate::json::{self, Foreground};
use crate::models::Model;
use crate::{Error, Kind};

/// Remove the background of one image.
#[derive(Args, Clone, Debug)]
pub struct Run {
    /// JPEG, PNG, WebP, HEIC, AVIF, BMP, GIF or TIFF; `-` reads standard input.
    input: PathBuf,

    /// Where the result goes, in the format of its name; `-` is standard output.
    #[arg(short, long)]
    output: PathBuf,

    /// Print a report in JSON: on standard output, or on standard error when the image goes there.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    result: OutputFlags,

    #[command(flatten)]
    marks: MarkFlags,

    #[command(flatten)]
    sandbox: Sandbox,

    #[command(flatten)]
    server: ServerFlags,
}

impl Command for Run {
    fn execute(self) -> Result<u8, Error> {
        let (input, output) = (Place::from(&*self.input), Place::of_output(&self.output));
        files::refuse_same(&input, &output)?;
        refuse_folder_and_url(&input)?;
        let format = self.result.format_of(&output)?;
        let options = self.result.options(format, self.sandbox.limits())?;
        files::refuse_terminal(&output, "cutout.png")?;
        let marks = self.marks.read(options.limits.max_bytes)?;
        let image = files::read(&input, options.limits.max_bytes)?;
        let settings = self.sandbox.settings()?;
        if let Some(client) = self.server.client(settings.timeout)? {
            let job = remote::Job {
                client: &client,
                fields: self.result.fields(&options),
                marks: &marks,
                background: &options.background,
                format,
            };
            job.write(image, &output)?;
            return Ok(0);
        }
        let (model, engines) = self.sandbox.start(settings)?;
        let mut engine = engines.engine()?;
        let result = match marks.is_empty() {
            true => engine.remove(&image, &options),
            false => engine.refine(&image, None, &marks.marks(), &options),
        };
        let result = result.map_err(|e| Error::new(e.kind(), format!("{input}: {e}")))?;
        files::write(&output, &result.value.bytes)?;
        if result.foreground.is_none() {
            announce(&format!(
                "warning[{}]: {input}: no subject can be told from the background; the result is empty",
                Matte::NO_SUBJECT
            ));
        }
        if self.json {
            let report = Report::new(&self, image.len(), &*engine, &model, &result);
            print(&report, &output)?;
        }
        // The process ends here; the kernel takes its memory back sooner than wasmtime would give it.
        std::mem::forget((engine, engines));
        Ok(0)
    }
}

/// Refuses an input that is no file: `run` takes one image, and nothing is downloaded.
fn refuse_folder_and_url(input: &Place) -> Result<(), Error> {
    let Place::File(path) = input else {
        return Ok(());
    };
    let text = if path.is_dir() {
        format!(
            "{input} is a folder, and run takes one image; for all images in it: cutout batch {input} -o FOLDER"
        )
    } else if path.starts_with("http:") || path.starts_with("https:") {
        format!(
            "{input} is a URL, and Cutout downloads nothing; download it first: curl -fLO '{input}'"
        )
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Usage, text))
}

/// The report of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    input: Cow<'a, str>,
    output: Cow<'a, str>,
    input_bytes: usize,
    output_bytes: usize,
    width: u32,
    height: u32,
    engine: &'a str,
    runtime: &'a str,
    model: &'a str,
    model_digest: &'a str,
    /// Side of the network's input in pixels.
    side: u32,
    version: &'a str,
    foreground: Option<Foreground>,
    /// 0…1; see [`cutout::Matte::uncertainty`].
    uncertainty: f32,
    /// `unknown_foreground` where there is no subject.
    warning: Option<String>,
    /// Bytes; of the wasm engine only.
    peak_linear_memory: Option<usize>,
    stages_ms: serde_json::Map<String, serde_json::Value>,
}

impl<'a> Report<'a> {
    fn new(
        run: &'a Run,
        input_bytes: usize,
        engine: &dyn Engine,
        model: &'a Model,
        result: &Timed<Output>,
    ) -> Self {
        Self {
            input: run.input.to_string_lossy(),
            output: run.output.to_string_lossy(),
            input_bytes,
            output_bytes: result.value.bytes.len(),
            width: result.value.width,
            height: result.value.height,
            engine: engine.name(),
            runtime: run.sandbox.runtime.as_str(),
            model: &model.spec.name,
            model_digest: &model.digest,
            side: model.spec.side,
            version: env!("CARGO_PKG_VERSION"),
            foreground: result.foreground.map(Foreground::from),
            uncertainty: result.value.uncertainty,
            warning: json::warning(result.foreground),
            peak_linear_memory: engine.peak_memory(),
            stages_ms: json::stages(&result.stages),
        }
    }
}

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report that was asked for"
)]
fn print(report: &Report<'_>, output: &Place) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(report).map_err(Error::io("write the report"))?;
    match output {
        Place::Stream => eprintln!("{text}"),
        Place::File(_) => println!("{text}"),
    }
    Ok(())
}
