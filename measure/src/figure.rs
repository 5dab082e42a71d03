//! The table of figures: everything that can be measured.

use serde::{Deserialize, Serialize};

/// Idle instances that a process tries to hold at once: each reserves some 4 GiB of addresses.
pub(crate) const MOST_IDLE: u32 = 12_000;
/// Instances that a process will try to have at once which have served an image each.
pub(crate) const MOST_BUSY: u32 = 256;

/// The unit of a figure's samples.
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
    ImagesPerSecond,
    /// A count.
    #[serde(rename = "count")]
    Count,
    /// A quotient.
    #[serde(rename = "quotient")]
    Quotient,
}

/// How a table shows a figure's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Their median.
    Median,
    /// Their median, and the 95th percentile in brackets.
    MedianAndP95,
    /// Their median, and the 99th percentile in brackets.
    MedianAndP99,
    /// Their median, which says "at least" where it is the most that is tried.
    CountUpTo(u32),
    /// The first and the last.
    FirstAndLast,
}

/// Makes the enum of figures from one table: for each its unit, how tables show it, its name for people, and what it is.
macro_rules! figures {
    ($($figure:ident: $unit:ident, $shown:expr, $title:literal, $definition:literal;)*) => {
        /// A figure that can be measured. Records call it by its name in kebab-case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Figure {
            $(#[doc = $definition] $figure,)*
        }

        impl Figure {
            /// Every figure, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$figure),*];

            /// The unit of the samples.
            pub fn unit(self) -> Unit {
                match self { $(Self::$figure => Unit::$unit),* }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$figure => $title),* }
            }

            /// The figure as a phrase.
            pub fn definition(self) -> &'static str {
                match self { $(Self::$figure => $definition),* }
            }

            pub(crate) fn shown(self) -> Shown {
                use Shown::{CountUpTo, FirstAndLast, Median, MedianAndP95, MedianAndP99};
                match self { $(Self::$figure => $shown),* }
            }
        }
    };
}

figures! {
    ProcessWarm: Milliseconds, MedianAndP95, "process cold, page cache warm",
        "from exec to exit, the image written, the page cache warm";
    Written: Milliseconds, MedianAndP95, "process cold, image written",
        "from exec to the image under its name, the page cache warm";
    WrittenAboveSteady: Milliseconds, MedianAndP95, "image written, above steady",
        "from exec to the image under its name, less a later image in the same round";
    ProcessCold: Milliseconds, MedianAndP95, "process cold, page cache cold",
        "from exec to exit, the image written; program and host image dropped from the page cache before";
    Load: Milliseconds, MedianAndP95, "load",
        "mapping and linking the host image; natively, making the model ready";
    Instantiate: Milliseconds, MedianAndP99, "instantiate",
        "from the linked component to an instance";
    First: Milliseconds, MedianAndP95, "first result",
        "the first image on a fresh instance, instantiation included";
    Steady: Milliseconds, MedianAndP95, "steady",
        "a later image on the same instance";
    Fresh: Milliseconds, MedianAndP95, "per-request instance",
        "a fresh instance, an image, and the instance dropped";
    ThroughputReused: ImagesPerSecond, Median, "throughput, instances kept",
        "images per second, each worker keeping its instance";
    ThroughputFresh: ImagesPerSecond, Median, "throughput, fresh instances",
        "images per second, a fresh instance for each image";
    ProcessPeak: Bytes, Median, "process, peak RSS",
        "the largest resident set of a whole process";
    LinearPeak: Bytes, Median, "peak linear memory",
        "the largest linear memory of an instance";
    IdleRss: Bytes, Median, "idle, RSS",
        "the resident set with the model ready and no image seen";
    IdlePss: Bytes, Median, "idle, PSS",
        "the proportional set with the model ready and no image seen";
    IdlePrivateDirty: Bytes, Median, "idle, private dirty",
        "the private dirty pages with the model ready and no image seen";
    IdleInstance: Bytes, Median, "one more idle instance, PSS",
        "the proportional set that one more idle instance adds";
    BusyInstance: Bytes, Median, "one more busy instance, PSS",
        "the proportional set that one more instance adds that keeps an image's memory";
    IdleInGibibyte: Count, CountUpTo(MOST_IDLE), "idle instances in 1 GiB",
        "idle instances alive within 1 GiB of proportional set; 12,000 are started at most";
    BusyInGibibyte: Count, CountUpTo(MOST_BUSY), "busy instances in 1 GiB",
        "instances within 1 GiB of proportional set that keep an image's memory; 256 are started at most";
    AfterBurst: Quotient, Median, "RSS after a burst ÷ before",
        "the resident set after a burst has ended over that before it";
    LongRun: Bytes, FirstAndLast, "RSS through a long run",
        "the resident set after each image of a long run with a fresh instance for each";
    Size: Bytes, Median, "file size",
        "the size of a program, component or host image as a file";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_each_figure_as_the_table_has_it() {
        let documentation = include_str!("../../docs/measuring.md");
        for figure in Figure::ALL {
            let unit = match figure.unit() {
                Unit::Milliseconds => "ms",
                Unit::Bytes => "bytes",
                Unit::ImagesPerSecond => "images/s",
                Unit::Count => "count",
                Unit::Quotient => "quotient",
            };
            let shown = match figure.shown() {
                Shown::Median | Shown::CountUpTo(_) => "median",
                Shown::MedianAndP95 => "median (p95)",
                Shown::MedianAndP99 => "median (p99)",
                Shown::FirstAndLast => "first → last",
            };
            let (title, definition) = (figure.title(), figure.definition());
            let row = format!("| {title} | {unit}, {shown} | {definition} | ");
            let rows = documentation.lines().filter(|line| line.starts_with(&row));
            assert_eq!(rows.count(), 1, "{row}");
        }
        let rows = documentation.lines();
        let rows =
            rows.filter(|line| line.matches(" | ").count() == 3 && line.contains(", median"));
        assert_eq!(
            rows.count() + 1,
            Figure::ALL.len(),
            "rows of figures that are not measured"
        );
    }
}
