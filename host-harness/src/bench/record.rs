//! What was measured: raw samples, and what a reader needs to judge them.

use serde::{Deserialize, Serialize};

/// A run of `cutout bench`, as its JSON has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Where and when.
    pub about: About,
    /// Everything measured, in the order in which tables show it.
    pub series: Vec<Series>,
    /// Quotients of medians, or why there is none.
    pub ratios: Vec<Ratio>,
    /// Rows whose cut-outs were compared with the first row's.
    pub agreement: Vec<Agreement>,
}

/// What the figures depend on; nothing that names the machine itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// UTC, RFC 3339, to the second.
    pub date: String,
    /// Version of this program.
    pub version: String,
    /// The processor's own name.
    pub cpu: String,
    /// Processors that this process may use.
    pub cores: usize,
    /// Kernel name and release.
    pub system: String,
    /// Version of wasmtime.
    pub wasmtime: String,
    /// Name of the model.
    pub model: String,
    /// The picture's file name.
    pub picture: String,
    /// Its size in pixels.
    pub width: u32,
    /// Its size in pixels.
    pub height: u32,
    /// Workers at most.
    pub workers: usize,
    /// Seed of the order of the processes.
    pub seed: u64,
}

/// Samples of one figure of one row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    /// The row: an engine with a runtime such as `wasm net`, or a peer's name.
    pub row: String,
    /// What was measured.
    pub figure: Figure,
    /// Workers or instances, where the figure depends on their number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<usize>,
    /// In the figure's unit; never empty, every one finite.
    pub samples: Vec<f64>,
}

/// A quotient of two rows' medians of one figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// The figure.
    pub figure: Figure,
    /// The row above the line.
    pub row: String,
    /// The row below it.
    pub over: String,
    /// The quotient, or why it is refused.
    pub value: Result<f64, String>,
}

/// How far a row's cut-out is from the first row's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Agreement {
    /// The row.
    pub row: String,
    /// Mean absolute difference of the alpha channels, 0…1; the reason when they cannot be compared.
    pub difference: Result<f64, String>,
    /// Whether that is close enough for a ratio.
    pub agrees: bool,
}

/// What can be measured. Times are in the words of `docs/measuring.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// exec → exit of a process that writes the picture, page cache warm.
    ProcessWarm,
    /// The same, program and host image dropped from the page cache.
    ProcessCold,
    /// Host image mapped and linked, or model made ready natively.
    Load,
    /// Linked component → instance.
    Instantiate,
    /// The first picture on a fresh instance, instantiation included.
    First,
    /// A later picture on the same instance.
    Steady,
    /// A fresh instance, a picture, the instance dropped.
    Fresh,
    /// Pictures per second, each worker keeping its instance; `count` is workers.
    ThroughputReused,
    /// Pictures per second, a fresh instance for each; `count` is workers.
    ThroughputFresh,
    /// Largest resident set of a whole process.
    ProcessPeak,
    /// Largest linear memory of an instance.
    LinearPeak,
    /// Resident set with the model ready and no picture seen.
    IdleRss,
    /// Proportional set at the same moment.
    IdlePss,
    /// Private dirty pages at the same moment.
    IdlePrivateDirty,
    /// Proportional set that one more idle instance adds.
    IdleInstance,
    /// Proportional set that one more instance adds that keeps a picture's memory.
    BusyInstance,
    /// Idle instances alive within 1 GiB of proportional set.
    IdleInGibibyte,
    /// Instances within 1 GiB that keep a picture's memory.
    BusyInGibibyte,
    /// Resident set after a burst has ended ÷ before it, one picture having been served already.
    AfterBurst,
    /// Resident set after each picture of a long run with a fresh instance each.
    LongRun,
    /// Size of a file: program, component, host image; the row is the file.
    Size,
}

/// How a figure's numbers are to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Pictures per second.
    PicturesPerSecond,
    /// A count.
    Count,
    /// A quotient.
    Quotient,
}

impl Figure {
    /// The stable name in JSON and CSV.
    pub fn as_str(self) -> &'static str {
        self.describe().0
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        self.describe().1
    }

    /// The unit of the samples.
    pub fn unit(self) -> Unit {
        self.describe().2
    }

    fn describe(self) -> (&'static str, &'static str, Unit) {
        use Unit::{Bytes, Count, Milliseconds, PicturesPerSecond, Quotient};
        match self {
            Self::ProcessWarm => (
                "process-warm",
                "process cold, page cache warm",
                Milliseconds,
            ),
            Self::ProcessCold => (
                "process-cold",
                "process cold, page cache cold",
                Milliseconds,
            ),
            Self::Load => ("load", "load", Milliseconds),
            Self::Instantiate => ("instantiate", "instantiate", Milliseconds),
            Self::First => ("first", "first result", Milliseconds),
            Self::Steady => ("steady", "steady", Milliseconds),
            Self::Fresh => ("fresh", "per-request instance", Milliseconds),
            Self::ThroughputReused => (
                "throughput-reused",
                "throughput, instances kept",
                PicturesPerSecond,
            ),
            Self::ThroughputFresh => (
                "throughput-fresh",
                "throughput, fresh instances",
                PicturesPerSecond,
            ),
            Self::ProcessPeak => ("process-peak", "process, peak RSS", Bytes),
            Self::LinearPeak => ("linear-peak", "peak linear memory", Bytes),
            Self::IdleRss => ("idle-rss", "idle, RSS", Bytes),
            Self::IdlePss => ("idle-pss", "idle, PSS", Bytes),
            Self::IdlePrivateDirty => ("idle-private-dirty", "idle, private dirty", Bytes),
            Self::IdleInstance => ("idle-instance", "one more idle instance, PSS", Bytes),
            Self::BusyInstance => ("busy-instance", "one more busy instance, PSS", Bytes),
            Self::IdleInGibibyte => ("idle-in-gibibyte", "idle instances in 1 GiB", Count),
            Self::BusyInGibibyte => ("busy-in-gibibyte", "busy instances in 1 GiB", Count),
            Self::AfterBurst => ("after-burst", "RSS after a burst ÷ before", Quotient),
            Self::LongRun => ("long-run", "RSS through a long run", Bytes),
            Self::Size => ("size", "file size", Bytes),
        }
    }
}
