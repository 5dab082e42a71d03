//! `cutout bench`: our engines side by side, and beside other programs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cutout_measure::{Group, Measured, Ours, Plan, Program, Record, Row, Session, report, word};

use super::artifacts;
use super::command::{Command, announce};
use super::model::ModelFlags;
use super::sandbox::EngineName;
use crate::engine::{Runtime, WASMTIME};
use crate::files::{self, Place};
use crate::models::Model;
use crate::stop::{INTERRUPTED, Stop};
use crate::{Error, Kind, program};

/// Flags that say what to measure.
const MEASURES: [&str; 9] = [
    "image", "full", "rows", "peers", "groups", "samples", "workers", "images", "seed",
];

/// Measure engines and other programs side by side, in fresh processes and shuffled order.
#[derive(Args, Clone, Debug)]
pub struct Bench {
    /// The image that everything runs on.
    #[arg(required_unless_present = "record")]
    image: Option<PathBuf>,

    /// Where bench.json, bench.csv, bench.md and bench.html go.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,

    /// Measure nothing, and write the reports of an earlier run's bench.json anew.
    #[arg(long, value_name = "FILE", conflicts_with_all = MEASURES)]
    record: Option<PathBuf>,

    /// Measure memory, density and throughput too, and tract where the program has it. Takes up to half an hour.
    #[arg(long)]
    full: bool,

    /// Cutout's rows, as ENGINE:RUNTIME; all others are divided by the first one. Default: wasm:net and native:net.
    #[arg(long = "row", value_name = "ENGINE:RUNTIME", value_parser = engine_and_runtime)]
    rows: Vec<(EngineName, Runtime)>,

    /// Another program as a whole process: `NAME=COMMAND {input} {output}`, the output being a PNG.
    #[arg(long = "peer", value_name = "NAME=COMMAND")]
    peers: Vec<String>,

    /// The groups of figures to measure. Default: process and times.
    #[arg(long = "measure", value_enum, value_delimiter = ',')]
    groups: Vec<Group>,

    /// Processes per row and question.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    samples: u16,

    /// Workers at most; 0 is as many as there are cores.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=256))]
    workers: u16,

    /// Images of the long run.
    #[arg(long, alias = "pictures", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    images: u32,

    /// Seed of the order of the processes.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    model: ModelFlags,
}

/// The default, and what `--full` adds.
const ROWS: [&[(EngineName, Runtime)]; 2] = [
    &[
        (EngineName::Wasm, Runtime::Net),
        (EngineName::Native, Runtime::Net),
    ],
    if cfg!(feature = "tract") {
        &[
            (EngineName::Wasm, Runtime::Tract),
            (EngineName::Native, Runtime::Tract),
        ]
    } else {
        &[]
    },
];
/// The default, and what `--full` adds.
const GROUPS: [&[Group]; 2] = [
    &[Group::Process, Group::Times],
    &[Group::Memory, Group::Density, Group::Throughput],
];

fn engine_and_runtime(text: &str) -> Result<(EngineName, Runtime), String> {
    let (engine, runtime) = text
        .split_once(':')
        .ok_or("it takes an engine and a runtime, such as wasm:net")?;
    Ok((
        EngineName::from_str(engine, false)?,
        Runtime::from_str(runtime, false)?,
    ))
}

/// The values of a flag, or where there are none, its default and what `--full` adds.
fn or_default<T: Copy>(given: Vec<T>, [default, more]: [&[T]; 2], full: bool) -> Vec<T> {
    match (given.is_empty(), full) {
        (false, _) => given,
        (true, true) => [default, more].concat(),
        (true, false) => default.to_vec(),
    }
}

impl Command for Bench {
    fn execute(mut self) -> Result<u8, Error> {
        if let Some(path) = &self.record {
            let record = read(path)?;
            create(&self.output)?;
            write(&record, &self.output)?;
            return Ok(0);
        }
        // There is one where there is no record.
        let Some(image) = self.image.take() else {
            return Err(Error::new(Kind::Usage, "name an image, or --record FILE"));
        };
        let stop = Stop::on_signals(|| {})?;
        let (folder, rounds) = (self.output.clone(), self.samples);
        let measured = self.measure(image, &stop)?;
        if !stop.is_by_signal() {
            measured.map_or(Ok(()), |measured| measured.ended)?;
            return Ok(0);
        }
        announce(&match measured {
            Some(measured) => format!(
                "interrupted; {} of {rounds} rounds are in {}",
                measured.record.about.rounds,
                folder.display()
            ),
            None => "interrupted before the first round had ended; nothing is written".to_owned(),
        });
        Ok(INTERRUPTED)
    }
}

impl Bench {
    /// Measures, and writes what was found in whole rounds; `None` when it was interrupted before there was one.
    fn measure(self, image: PathBuf, stop: &Stop) -> Result<Option<Measured>, Error> {
        let ours = or_default(self.rows, ROWS, self.full);
        for (_, runtime) in &ours {
            runtime.check()?;
        }
        let mut rows: Vec<_> = ours.iter().map(|row| row_of(*row)).collect();
        for peer in &self.peers {
            rows.push(Row::peer(peer)?);
        }
        cutout_measure::refuse_same_names(&rows)?;
        let plan = Plan {
            image,
            model: self.model.flags(),
            peers: self.peers,
            groups: or_default(self.groups, GROUPS, self.full),
            samples: self.samples.into(),
            workers: match self.workers {
                0 => cores(),
                workers => workers,
            },
            images: self.images,
            seed: self.seed,
        };
        plan.check(&rows)?;
        create(&self.output)?;
        let session = open(plan, rows, &ours, &self.model, stop);
        let measured = session.and_then(|session| Ok(session.measure(&announce)?));
        // The process that a signal ended has failed, too.
        if measured.is_err() && stop.is_by_signal() {
            return Ok(None);
        }
        let measured = measured?;
        write(&measured.record, &self.output)?;
        Ok(Some(measured))
    }
}

/// One of our engines with one runtime.
fn row_of((engine, runtime): (EngineName, Runtime)) -> Row {
    let engine_word = word(&engine);
    let has_instances = engine == EngineName::Wasm;
    let flags = ["--engine", &engine_word, "--runtime", runtime.as_str()];
    let ours = Ours {
        flags: flags.map(str::to_owned).to_vec(),
        has_instances,
        // tract natively takes all it needs anew.
        keeps_memory: has_instances || runtime == Runtime::Net,
    };
    Row::ours(format!("{engine_word} {}", runtime.as_str()), ours)
}

fn cores() -> u16 {
    let cores = std::thread::available_parallelism();
    cores.map_or(1, |cores| {
        u16::try_from(cores.get()).unwrap_or(256).min(256)
    })
}

/// Opens a session, and sees to it that its processes map what the first ones have compiled.
fn open(
    plan: Plan,
    rows: Vec<Row>,
    ours: &[(EngineName, Runtime)],
    model: &ModelFlags,
    stop: &Stop,
) -> Result<Session, Error> {
    let model: Model = model.find()?;
    let images = artifacts::host_images(ours, &model)?;
    let path = program::path().map_err(Error::io("find this program"))?;
    let program = Program {
        path: path.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rustc: env!("CUTOUT_RUSTC").to_owned(),
        wasmtime: WASMTIME.to_owned(),
        model: model.spec.name.clone(),
        model_digest: model.digest.to_string(),
        side: model.spec.side,
        host_images: images.iter().map(|(_, path)| path.clone()).collect(),
    };
    let closed = stop.closed().clone();
    let stopped = move || {
        // Disconnected when the time has come.
        let _ = closed.recv();
    };
    let session = Session::open(plan, rows, program, stopped, &announce)?;
    artifacts::refuse_unmapped(&images, &model)?;
    Ok(session.with_sizes(artifacts::sizes(&path, &images, &model)?))
}

fn create(folder: &Path) -> Result<(), Error> {
    let doing = format!("make the folder {}", folder.display());
    std::fs::create_dir_all(folder).map_err(Error::io(doing))
}

/// A record as a run of any version has written it.
fn read(path: &Path) -> Result<Record, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(format!("read {}", path.display())))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let text = format!(
            "{} is no record of cutout bench: {error}; name a bench.json, unpacked",
            path.display()
        );
        Error::new(Kind::Usage, text)
    })
}

fn write(record: &Record, folder: &Path) -> Result<(), Error> {
    let table = report::table(record);
    let json = serde_json::to_string_pretty(record).map_err(Error::io("write the record"))?;
    let csv = report::csv(record)?;
    let html = report::html(record)?;
    let texts = [
        ("bench.md", &table),
        ("bench.json", &json),
        ("bench.csv", &csv),
        ("bench.html", &html),
    ];
    for (name, text) in texts {
        // The name is not the user's choice, so no link that has it is followed.
        let path = folder.join(name);
        let written = files::replace(&path, text.as_bytes());
        written.map_err(Error::io(format!("write {}", path.display())))?;
    }
    files::write(&Place::Stream, table.as_bytes())
}
