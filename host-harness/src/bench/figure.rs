//! Figures that can be measured.

use serde::{Deserialize, Serialize};

/// Idle instances that a process will try to have at once: each reserves some 4 GiB of addresses.
pub const MOST_IDLE: u32 = 12_000;
/// Instances that a process will try to have at once which have served an image each.
pub const MOST_BUSY: u32 = 256;

/// Figures that can be measured. Times are in the words of `docs/measuring.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// exec → exit of a process that writes the image, page cache warm.
    ProcessWarm,
    /// exec → the image under its name, page cache warm.
    Written,
    /// Time of a process up to its image, less that of a later image in the same round.
    WrittenAboveSteady,
    /// exec → exit of a process, program and host image dropped from the page cache.
    ProcessCold,
    /// Host image mapped and linked, or model made ready natively.
    Load,
    /// Linked component → instance.
    Instantiate,
    /// The first image on a fresh instance, instantiation included.
    First,
    /// A later image on the same instance.
    Steady,
    /// A fresh instance, an image, the instance dropped.
    Fresh,
    /// Images per second, each worker keeping its instance; `count` is workers.
    ThroughputReused,
    /// Images per second, a fresh instance for each; `count` is workers.
    ThroughputFresh,
    /// Largest resident set of a whole process.
    ProcessPeak,
    /// Largest linear memory of an instance.
    LinearPeak,
    /// Resident set with the model ready and no image seen.
    IdleRss,
    /// Proportional set at the same moment.
    IdlePss,
    /// Private dirty pages at the same moment.
    IdlePrivateDirty,
    /// Proportional set that one more idle instance adds.
    IdleInstance,
    /// Proportional set that one more instance adds that keeps an image's memory.
    BusyInstance,
    /// Idle instances alive within 1 GiB of proportional set.
    IdleInGibibyte,
    /// Instances within 1 GiB that keep an image's memory.
    BusyInGibibyte,
    /// Resident set after a burst has ended ÷ before it, one image having been served already.
    AfterBurst,
    /// Resident set after each image of a long run with a fresh instance each.
    LongRun,
    /// Size of a file: program, component, host image; the row is the file.
    Size,
}

/// How a figure's numbers are to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Bytes.
    #[serde(rename = "bytes")]
    Bytes,
    /// Images per second.
    #[serde(rename = "pictures/s")]
    PicturesPerSecond,
    /// A count.
    #[serde(rename = "count")]
    Count,
    /// A quotient.
    #[serde(rename = "quotient")]
    Quotient,
}

impl Figure {
    /// The unit of the samples.
    pub fn unit(self) -> Unit {
        self.describe().0
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        self.describe().1
    }

    /// The figure as a phrase.
    pub fn definition(self) -> &'static str {
        self.describe().2
    }

    fn describe(self) -> (Unit, &'static str, &'static str) {
        use Unit::{Bytes, Count, Milliseconds, PicturesPerSecond, Quotient};
        match self {
            Self::Written => (
                Milliseconds,
                "process cold, image written",
                "from exec to the image under its name, the page cache warm",
            ),
            Self::WrittenAboveSteady => (
                Milliseconds,
                "image written, above steady",
                "from exec to the image under its name, less a later image in the same round",
            ),
            Self::ProcessWarm => (
                Milliseconds,
                "process cold, page cache warm",
                "from exec to exit, the image written, the page cache warm",
            ),
            Self::ProcessCold => (
                Milliseconds,
                "process cold, page cache cold",
                "from exec to exit, the image written; program and host image dropped from the page cache before",
            ),
            Self::Load => (
                Milliseconds,
                "load",
                "mapping and linking the host image; natively, making the model ready",
            ),
            Self::Instantiate => (
                Milliseconds,
                "instantiate",
                "from the linked component to an instance",
            ),
            Self::First => (
                Milliseconds,
                "first result",
                "the first image on a fresh instance, instantiation included",
            ),
            Self::Steady => (Milliseconds, "steady", "a later image on the same instance"),
            Self::Fresh => (
                Milliseconds,
                "per-request instance",
                "a fresh instance, an image, and the instance dropped",
            ),
            Self::ThroughputReused => (
                PicturesPerSecond,
                "throughput, instances kept",
                "images per second, each worker keeping its instance",
            ),
            Self::ThroughputFresh => (
                PicturesPerSecond,
                "throughput, fresh instances",
                "images per second, a fresh instance for each image",
            ),
            Self::ProcessPeak => (
                Bytes,
                "process, peak RSS",
                "the largest resident set of a whole process",
            ),
            Self::LinearPeak => (
                Bytes,
                "peak linear memory",
                "the largest linear memory of an instance",
            ),
            Self::IdleRss => (
                Bytes,
                "idle, RSS",
                "the resident set with the model ready and no image seen",
            ),
            Self::IdlePss => (
                Bytes,
                "idle, PSS",
                "the proportional set with the model ready and no image seen",
            ),
            Self::IdlePrivateDirty => (
                Bytes,
                "idle, private dirty",
                "the private dirty pages with the model ready and no image seen",
            ),
            Self::IdleInstance => (
                Bytes,
                "one more idle instance, PSS",
                "the proportional set that one more idle instance adds",
            ),
            Self::BusyInstance => (
                Bytes,
                "one more busy instance, PSS",
                "the proportional set that one more instance adds that keeps an image's memory",
            ),
            Self::IdleInGibibyte => (
                Count,
                "idle instances in 1 GiB",
                "idle instances alive within 1 GiB of proportional set; 12,000 are started at most",
            ),
            Self::BusyInGibibyte => (
                Count,
                "busy instances in 1 GiB",
                "instances within 1 GiB of proportional set that keep an image's memory; 256 are started at most",
            ),
            Self::AfterBurst => (
                Quotient,
                "RSS after a burst ÷ before",
                "the resident set after a burst has ended over that before it",
            ),
            Self::LongRun => (
                Bytes,
                "RSS through a long run",
                "the resident set after each image of a long run with a fresh instance for each",
            ),
            Self::Size => (
                Bytes,
                "file size",
                "the size of a program, component or host image as a file",
            ),
        }
    }
}
