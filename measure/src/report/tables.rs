//! Tables of a report, for markdown and HTML alike.

use std::iter::once;

use super::format::{pair, value};
use super::stats::{median, percentile};
use crate::figure::{Figure, Shown, Unit};
use crate::record::{Record, Series};

/// The figures of the table of times, in its order.
const TIMES: [Figure; 9] = [
    Figure::ProcessCold,
    Figure::ProcessWarm,
    Figure::Written,
    Figure::WrittenAboveSteady,
    Figure::Load,
    Figure::Instantiate,
    Figure::First,
    Figure::Steady,
    Figure::Fresh,
];

/// The figures of the table of memory, in its order.
const MEMORY: [Figure; 11] = [
    Figure::ProcessPeak,
    Figure::LinearPeak,
    Figure::IdleRss,
    Figure::IdlePss,
    Figure::IdlePrivateDirty,
    Figure::IdleInstance,
    Figure::BusyInstance,
    Figure::IdleInGibibyte,
    Figure::BusyInGibibyte,
    Figure::AfterBurst,
    Figure::LongRun,
];

/// The figures a reader wants first.
const MAIN: [Figure; 6] = [
    Figure::ProcessWarm,
    Figure::Instantiate,
    Figure::Steady,
    Figure::Fresh,
    Figure::ProcessPeak,
    Figure::IdleRss,
];

/// A table: the first column has names, the others mostly numbers.
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) head: Vec<String>,
    pub(super) body: Vec<Vec<String>>,
}

/// Times of processes, instances and images.
pub(super) fn times(record: &Record) -> Table {
    by_figure(record, "Times, median (p95 of 20 samples or more)", &TIMES)
}

/// Memory of processes and instances.
pub(super) fn memory(record: &Record) -> Table {
    by_figure(record, "Memory, median", &MEMORY)
}

/// The main figures of every row.
pub(super) fn main_numbers(record: &Record) -> Table {
    by_figure(
        record,
        "Main numbers, median (p95 of 20 samples or more)",
        &MAIN,
    )
}

/// The rows, less the files.
pub(super) fn measured(record: &Record) -> Vec<&str> {
    let figures = record.series.iter().map(|series| series.figure);
    let figures: Vec<Figure> = figures.filter(|figure| *figure != Figure::Size).collect();
    rows(record, &figures)
}

/// The series that have samples of one of the figures.
pub(super) fn with_samples<'a>(
    record: &'a Record,
    figures: &[Figure],
) -> impl Iterator<Item = &'a Series> {
    record
        .series
        .iter()
        .filter(|series| figures.contains(&series.figure) && !series.samples.is_empty())
}

/// The rows that have samples of one of the figures, in the record's order.
pub(super) fn rows<'a>(record: &'a Record, figures: &[Figure]) -> Vec<&'a str> {
    let mut rows = Vec::new();
    for series in with_samples(record, figures) {
        if !rows.contains(&series.row.as_str()) {
            rows.push(&series.row);
        }
    }
    rows
}

/// The figures that have samples, in the order given.
pub(super) fn present(record: &Record, figures: &[Figure]) -> Vec<Figure> {
    let has_samples = |figure: &Figure| with_samples(record, &[*figure]).next().is_some();
    figures.iter().copied().filter(has_samples).collect()
}

/// A line for each figure, a column for each row of the record, and how many samples there are of each.
fn by_figure(record: &Record, title: &'static str, figures: &[Figure]) -> Table {
    let figures = present(record, figures);
    let rows = rows(record, &figures);
    let line = |figure: &Figure| {
        let find = |row: &&str| with_samples(record, &[*figure]).find(|series| series.row == *row);
        let found: Vec<Option<&Series>> = rows.iter().map(find).collect();
        let numbers = found
            .iter()
            .map(|found| or_dash(found.map(cell).unwrap_or_default()));
        let counts = found.iter().flatten().map(|series| series.samples.len());
        once(heading(*figure))
            .chain(numbers)
            .chain([joined(counts)])
            .collect()
    };
    Table {
        title,
        head: head("figure", &rows),
        body: figures.iter().map(line).collect(),
    }
}

/// The names of all columns; the last one has numbers of samples.
fn head(first: &str, columns: &[impl ToString]) -> Vec<String> {
    let columns = columns.iter().map(ToString::to_string);
    once(first.to_owned())
        .chain(columns)
        .chain(["samples".to_owned()])
        .collect()
}

/// Numbers of samples: one number where all are the same.
fn joined(counts: impl Iterator<Item = usize>) -> String {
    let mut counts: Vec<usize> = counts.collect();
    if counts.windows(2).all(|two| two[0] == two[1]) {
        counts.truncate(1);
    }
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    counts.join(", ")
}

/// Sizes of files.
pub(super) fn sizes(record: &Record) -> Table {
    let files = with_samples(record, &[Figure::Size]);
    Table {
        title: "File sizes",
        head: ["file", "file size"].map(str::to_owned).to_vec(),
        body: files
            .map(|file| vec![file.row.clone(), cell(file)])
            .collect(),
    }
}

fn heading(figure: Figure) -> String {
    match figure.shown() {
        Shown::MedianAndP99 => format!("{} (p99)", figure.title()),
        Shown::FirstAndLast => format!("{}, first → last", figure.title()),
        Shown::Median | Shown::MedianAndP95 | Shown::CountUpTo(_) => figure.title().to_owned(),
    }
}

fn cell(series: &Series) -> String {
    let (unit, samples) = (series.figure.unit(), &series.samples);
    match series.figure.shown() {
        Shown::Median => value(unit, median(samples)),
        Shown::MedianAndP95 => with_percentile(unit, samples, 95),
        Shown::MedianAndP99 => with_percentile(unit, samples, 99),
        Shown::CountUpTo(most) => count(median(samples), most),
        Shown::FirstAndLast => samples
            .first()
            .zip(samples.last())
            .map(|(first, last)| format!("{} → {}", value(unit, *first), value(unit, *last)))
            .unwrap_or_default(),
    }
}

/// The median, and the percentile in brackets where there are samples enough.
fn with_percentile(unit: Unit, samples: &[f64], percent: u32) -> String {
    let median = median(samples);
    match percentile(samples, percent) {
        Some(percentile) => pair(unit, median, percentile),
        None => value(unit, median),
    }
}

/// A count, of which nobody knows more when it is the most that is tried.
fn count(found: f64, most: u32) -> String {
    let at_least = if found >= f64::from(most) { "≥ " } else { "" };
    format!("{at_least}{}", value(Unit::Count, found))
}

/// Images per second by workers.
pub(super) fn throughput(record: &Record) -> Table {
    let figures = [Figure::ThroughputReused, Figure::ThroughputFresh];
    let mut counts: Vec<usize> = with_samples(record, &figures)
        .filter_map(|series| series.count)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let line = |row: &str, figure: Figure| {
        let find = |count: &usize| {
            with_samples(record, &[figure])
                .find(|series| series.row == row && series.count == Some(*count))
        };
        let found: Vec<Option<&Series>> = counts.iter().map(find).collect();
        let numbers = found
            .iter()
            .map(|found| or_dash(found.map(cell).unwrap_or_default()));
        let samples = found.iter().flatten().map(|series| series.samples.len());
        let name = format!("{row}, {}", instances(figure));
        once(name).chain(numbers).chain([joined(samples)]).collect()
    };
    let column = |count: &usize| match count {
        1 => "1 worker".to_owned(),
        _ => format!("{count} workers"),
    };
    let of_figure = |figure: &Figure| {
        let rows = rows(record, &[*figure]).into_iter();
        rows.map(|row| line(row, *figure)).collect::<Vec<_>>()
    };
    Table {
        title: "Throughput, images per second, median",
        head: head("row", &counts.iter().map(column).collect::<Vec<_>>()),
        body: figures.iter().flat_map(of_figure).collect(),
    }
}

/// Whether instances are kept while the throughput is measured.
pub(super) fn instances(figure: Figure) -> &'static str {
    match figure {
        Figure::ThroughputFresh => "fresh instances",
        _ => "instances kept",
    }
}

pub(super) fn or_dash(cell: String) -> String {
    if cell.is_empty() {
        "–".to_owned()
    } else {
        cell
    }
}
