//! `cutout bench`: our engines side by side, and beside other programs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::command::{Command, announce};
use super::model::ModelFlags;
use super::sandbox::EngineName;
use crate::bench::plan::Plan;
use crate::bench::record::Record;
use crate::bench::report;
use crate::bench::row::{self, Row};
use crate::bench::session::{Measured, Session};
use crate::engine::Runtime;
use crate::files::{self, Place};
use crate::stop::{INTERRUPTED, Stop};
use crate::{Error, Kind};

/// Measure engines and other programs side by side, in fresh processes and shuffled order.
#[derive(Args, Clone, Debug)]
pub struct Bench {
    /// The image that everything runs on.
    picture: PathBuf,

    /// Where bench.json, bench.csv, bench.md and bench.html go.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,

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
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pictures: u32,

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

/// A group of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Whole processes: time with the page cache warm and cold, and peak memory.
    Process,
    /// Loading, instantiating, first and later images.
    Times,
    /// Memory when idle and after a burst.
    Memory,
    /// Memory of more instances, and how many fit in 1 GiB.
    Density,
    /// Images per second by workers.
    Throughput,
    /// Memory through a long run with a fresh instance per image.
    LongRun,
}

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
    fn execute(self) -> Result<u8, Error> {
        let stop = Stop::on_signals(|| {})?;
        let (folder, rounds) = (self.output.clone(), self.samples);
        let measured = self.measure(&stop)?;
        if !stop.is_by_signal() {
            return measured
                .map_or(Ok(()), |measured| measured.ended)
                .map(|()| 0);
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
    fn measure(self, stop: &Stop) -> Result<Option<Measured>, Error> {
        let rows = or_default(self.rows, ROWS, self.full);
        for (_, runtime) in &rows {
            runtime.check()?;
        }
        let mut rows: Vec<_> = rows
            .iter()
            .map(|&(engine, runtime)| Row::ours(engine, runtime))
            .collect();
        for peer in &self.peers {
            rows.push(Row::peer(peer)?);
        }
        row::refuse_same_names(&rows)?;
        let workers = match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |cores| {
                u16::try_from(cores.get()).unwrap_or(256).min(256)
            }),
            workers => workers,
        };
        let plan = Plan {
            picture: self.picture,
            model: self.model,
            peers: self.peers,
            groups: or_default(self.groups, GROUPS, self.full),
            samples: self.samples.into(),
            workers,
            pictures: self.pictures,
            seed: self.seed,
        };
        plan.check(&rows)?;
        std::fs::create_dir_all(&self.output).map_err(Error::io(format!(
            "make the folder {}",
            self.output.display()
        )))?;
        let session = Session::open(plan, rows, stop, &announce);
        let measured = session.and_then(|session| session.measure(&announce));
        // The process that a signal ended has failed, too.
        if measured.is_err() && stop.is_by_signal() {
            return Ok(None);
        }
        let measured = measured?;
        write(&measured.record, &self.output)?;
        Ok(Some(measured))
    }
}

fn write(record: &Record, folder: &Path) -> Result<(), Error> {
    let table = report::table(record);
    let json = serde_json::to_string_pretty(record).map_err(Error::io("write the record"))?;
    let csv = report::csv(record).map_err(Error::io("write the samples"))?;
    let html = report::html(record).map_err(|e| Error::new(Kind::Io, e.to_string()))?;
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
