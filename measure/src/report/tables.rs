//! Tables of a report, for markdown and HTML alike.

use std::iter::once;

use super::format::{pair, value};
use super::stats::{median, quantile};
use crate::figure::{Figure, Shown, Unit};
use crate::record::{About, Agreement, Ratio, Record, Series};

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

/// Every table that has something to say.
pub(super) fn all(record: &Record) -> Vec<Table> {
    let mut tables = vec![
        by_figure(record, "Times, median (p95)", &TIMES),
        throughput(record),
        by_figure(record, "Memory, median", &MEMORY),
        by_figure(record, "File sizes", &[Figure::Size]),
        ratios(record),
        agreement(record),
    ];
    tables.retain(|table| !table.body.is_empty());
    tables
}

/// The main figures of every row.
pub(super) fn main_numbers(record: &Record) -> Table {
    by_figure(record, "Main numbers, median (p95)", &MAIN)
}

/// Where the record's figures come from, as name and value.
pub(super) fn about(record: &Record) -> Vec<(&'static str, String)> {
    let about = &record.about;
    vec![
        ("date", about.date.clone()),
        ("cpu", about.cpu.clone()),
        ("cores", about.cores.to_string()),
        ("system", about.system.clone()),
        ("cutout", about.version.clone()),
        ("rustc", about.rustc.clone()),
        ("wasmtime", about.wasmtime.clone()),
        (
            "model",
            format!(
                "{} at {side} × {side} ({})",
                about.model,
                about.model_digest,
                side = about.side
            ),
        ),
        ("image", image(record)),
        ("workers", about.workers.to_string()),
        ("seed", about.seed.to_string()),
        ("rounds", rounds(about)),
        ("peers", or_dash(about.peers.join(", "))),
    ]
}

fn rounds(about: &About) -> String {
    let About {
        rounds, samples, ..
    } = about;
    match rounds < samples {
        true => format!("{rounds} of {samples}, ended early"),
        false => rounds.to_string(),
    }
}

/// The image's name and size.
pub(super) fn image(record: &Record) -> String {
    let about = &record.about;
    format!(
        "{} ({} × {} pixels)",
        about.image, about.width, about.height
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

fn by_figure(record: &Record, title: &'static str, figures: &[Figure]) -> Table {
    let figures = present(record, figures);
    let numbers = |row: &str, figure: Figure| {
        let found = with_samples(record, &[figure]).find(|series| series.row == row);
        or_dash(found.map(cell).unwrap_or_default())
    };
    let line = |row: &str| {
        once(row.to_owned())
            .chain(figures.iter().map(|figure| numbers(row, *figure)))
            .collect()
    };
    Table {
        title,
        head: once(String::new())
            .chain(figures.iter().copied().map(heading))
            .collect(),
        body: rows(record, &figures).into_iter().map(line).collect(),
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
        Shown::MedianAndP95 => pair(unit, median(samples), quantile(samples, 0.95)),
        Shown::MedianAndP99 => pair(unit, median(samples), quantile(samples, 0.99)),
        Shown::CountUpTo(most) => count(median(samples), most),
        Shown::FirstAndLast => samples
            .first()
            .zip(samples.last())
            .map(|(first, last)| format!("{} → {}", value(unit, *first), value(unit, *last)))
            .unwrap_or_default(),
    }
}

/// A count, of which nobody knows more when it is the most that is tried.
fn count(found: f64, most: u32) -> String {
    let at_least = if found >= f64::from(most) { "≥ " } else { "" };
    format!("{at_least}{}", value(Unit::Count, found))
}

fn throughput(record: &Record) -> Table {
    let figures = [Figure::ThroughputReused, Figure::ThroughputFresh];
    let mut counts: Vec<usize> = with_samples(record, &figures)
        .filter_map(|series| series.count)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let line = |row: &str, figure: Figure| {
        let number = |count: &usize| {
            let found = with_samples(record, &[figure])
                .find(|series| series.row == row && series.count == Some(*count));
            or_dash(found.map(cell).unwrap_or_default())
        };
        let name = format!("{row}, {}", instances(figure));
        once(name).chain(counts.iter().map(number)).collect()
    };
    let column = |count: &usize| match count {
        1 => "1 worker".to_owned(),
        _ => format!("{count} workers"),
    };
    Table {
        title: "Throughput, images per second, median",
        head: once(String::new())
            .chain(counts.iter().map(column))
            .collect(),
        body: figures
            .iter()
            .flat_map(|figure| {
                rows(record, &[*figure])
                    .into_iter()
                    .map(|row| line(row, *figure))
            })
            .collect(),
    }
}

/// Whether instances are kept while the throughput is measured.
pub(super) fn instances(figure: Figure) -> &'static str {
    match figure {
        Figure::ThroughputFresh => "fresh instances",
        _ => "instances kept",
    }
}

fn ratios(record: &Record) -> Table {
    let line = |ratio: &Ratio| {
        let quotient = match &ratio.value {
            Ok(quotient) => value(Unit::Quotient, *quotient),
            Err(reason) => format!("refused: {reason}"),
        };
        let rows = format!("{} ÷ {}", ratio.row, ratio.over);
        vec![ratio.figure.title().to_owned(), rows, quotient]
    };
    Table {
        title: "Ratios of medians",
        head: ["", "rows", "ratio"].map(str::to_owned).to_vec(),
        body: record.ratios.iter().map(line).collect(),
    }
}

fn agreement(record: &Record) -> Table {
    let line = |agreement: &Agreement| {
        let difference = match &agreement.difference {
            Ok(difference) => format!("{difference:.6}"),
            Err(reason) => format!("not comparable: {reason}"),
        };
        let [agrees, same] = [agreement.agrees, agreement.same_bytes].map(yes_or_no);
        vec![agreement.row.clone(), difference, agrees, same]
    };
    Table {
        title: "Agreement with the first row's cut-out",
        head: ["", "mean difference of alpha, 0…1", "agrees", "same bytes"]
            .map(str::to_owned)
            .to_vec(),
        body: record.agreement.iter().map(line).collect(),
    }
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn or_dash(cell: String) -> String {
    if cell.is_empty() {
        "–".to_owned()
    } else {
        cell
    }
}
