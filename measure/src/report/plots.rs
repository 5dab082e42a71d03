//! Which plots a record has, and what they say.

use plotters::prelude::{BindKeyPoints, IntoLogRange};

use super::canvas::{self, DrawError, LegendEntry, Look, WIDTHS};
use super::format::{mebibytes, value};
use super::lanes::{self, Lane, Lanes, Mark};
use super::lines::{self, Line, Lines};
use super::stats::{extent, median};
use super::tables::{instances, present, rows, with_samples};
use crate::figure::{Figure, Unit};
use crate::record::{Record, Series};

/// A plot with its words.
pub(super) struct Plot {
    pub(super) title: &'static str,
    /// In each of [`WIDTHS`].
    pub(super) svgs: [String; 2],
    pub(super) caption: String,
}

const DISTRIBUTION: [Figure; 3] = [Figure::First, Figure::Steady, Figure::Fresh];
const PROCESS: [Figure; 2] = [Figure::ProcessCold, Figure::ProcessWarm];
const THROUGHPUT: [Figure; 2] = [Figure::ThroughputReused, Figure::ThroughputFresh];
const MEMORY: [Figure; 3] = [Figure::IdleRss, Figure::LinearPeak, Figure::ProcessPeak];

/// How to read bars.
const BARS: &str = "A bar is as long as the median, which stands above its end; \
    the line across it reaches from the least to the greatest sample.";

/// Every plot that has data.
pub(super) fn all(record: &Record) -> Result<Vec<Plot>, DrawError> {
    let plots = [
        with_lanes(
            record,
            "Time for an image",
            &DISTRIBUTION,
            Mark::Dots,
            "Every dot is a sample; the upright line is the median, which stands above it.",
        )?,
        with_lanes(record, "Time of a whole process", &PROCESS, Mark::Bar, BARS)?,
        latency(record)?,
        throughput(record)?,
        with_lanes(record, "Memory", &MEMORY, Mark::Bar, BARS)?,
        long_run(record)?,
    ];
    Ok(plots.into_iter().flatten().collect())
}

fn with_lanes(
    record: &Record,
    title: &'static str,
    figures: &[Figure],
    mark: Mark,
    reading: &str,
) -> Result<Option<Plot>, DrawError> {
    let figures = present(record, figures);
    let Some(unit) = figures.first().map(|figure| figure.unit()) else {
        return Ok(None);
    };
    let lanes_of = |row| {
        let of_figure = |(kind, figure): (usize, &Figure)| -> Vec<Lane> {
            with_samples(record, &[*figure])
                .filter(|series| series.row == row)
                .map(|series| lane(kind, series))
                .collect()
        };
        figures.iter().enumerate().flat_map(of_figure).collect()
    };
    let lanes = Lanes {
        axis: if unit == Unit::Bytes {
            "memory, MiB"
        } else {
            "time, ms"
        },
        mark,
        kinds: figures
            .iter()
            .map(|figure| figure.title().to_owned())
            .collect(),
        rows: rows(record, &figures)
            .into_iter()
            .map(|row| (row, lanes_of(row)))
            .collect(),
    };
    Ok(Some(Plot {
        title,
        svgs: in_each_width(|width| lanes::draw(&lanes, width))?,
        caption: caption(reading, &figures),
    }))
}

fn in_each_width(
    draw: impl Fn(i32) -> Result<String, DrawError>,
) -> Result<[String; 2], DrawError> {
    let [wide, narrow] = WIDTHS.map(draw);
    Ok([wide?, narrow?])
}

fn lane(kind: usize, series: &Series) -> Lane {
    let unit = series.figure.unit();
    let scaled = |sample: &f64| match unit {
        Unit::Bytes => mebibytes(*sample),
        _ => *sample,
    };
    Lane {
        kind,
        samples: series.samples.iter().map(scaled).collect(),
        label: format!("median {}", value(unit, median(&series.samples))),
    }
}

fn throughput(record: &Record) -> Result<Option<Plot>, DrawError> {
    let figures = present(record, &THROUGHPUT);
    let mut lines = Vec::new();
    for figure in &figures {
        for row in rows(record, &[*figure]) {
            let mut points: Vec<(f64, f64)> = with_samples(record, &[*figure])
                .filter(|series| series.row == row)
                .filter_map(|series| Some((series.count? as f64, median(&series.samples))))
                .collect();
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            let mut line = line(record, row, points);
            line.entry.label = format!("{}, {}", line.entry.label, instances(*figure));
            if *figure == Figure::ThroughputFresh {
                line.entry.look = Look::Dashes;
            }
            lines.push(line);
        }
    }
    let caption = caption(
        "A point is the median for that number of workers.",
        &figures,
    );
    let axes = ["workers", "images per second"];
    against_count(
        "Throughput against workers",
        axes,
        Some(0.5),
        lines,
        caption,
    )
}

fn latency(record: &Record) -> Result<Option<Plot>, DrawError> {
    let figures = [Figure::Instantiate];
    let all: Vec<(&str, Vec<f64>)> = with_samples(record, &figures)
        .map(|series| (series.row.as_str(), sorted_micros(&series.samples)))
        .collect();
    if all.is_empty() {
        return Ok(None);
    }
    let samples: Vec<f64> = all
        .iter()
        .flat_map(|(_, samples)| samples)
        .copied()
        .collect();
    let (least, greatest) = extent(&samples);
    let draw = |width| {
        let (x, ticks) = lines::decades(least, greatest, width);
        let lines = Lines {
            x_axis: "time to instantiate, µs (logarithmic)",
            y_axis: "share of instances, %",
            x_ticks: ticks.len(),
            marks: false,
            lines: all
                .iter()
                .map(|(row, samples)| line(record, row, steps(samples, x.end)))
                .collect(),
        };
        lines::draw(lines, x.log_scale().with_key_points(ticks), 104.0, width)
    };
    Ok(Some(Plot {
        title: "Time to instantiate",
        svgs: in_each_width(draw)?,
        caption: caption(
            "The height of a line is the share of instances that were ready within that time: the farther left, the faster.",
            &figures,
        ),
    }))
}

fn sorted_micros(samples: &[f64]) -> Vec<f64> {
    // Less than a nanosecond no clock here tells from nothing, which has no logarithm.
    const LEAST: f64 = 0.001;
    let micros = samples.iter().map(|sample| (sample * 1000.0).max(LEAST));
    let mut micros: Vec<f64> = micros.collect();
    micros.sort_by(f64::total_cmp);
    micros
}

/// The share of sorted samples that are at most x, as corners up to the axis' end.
fn steps(samples: &[f64], end: f64) -> Vec<(f64, f64)> {
    let share = |index: usize| 100.0 * index as f64 / samples.len() as f64;
    let corners = samples
        .iter()
        .enumerate()
        .flat_map(|(index, sample)| [(*sample, share(index)), (*sample, share(index + 1))]);
    corners.chain([(end, 100.0)]).collect()
}

fn long_run(record: &Record) -> Result<Option<Plot>, DrawError> {
    let figures = [Figure::LongRun];
    let lines: Vec<Line> = with_samples(record, &figures)
        .map(|series| {
            let point = |(index, bytes): (usize, &f64)| (index as f64 + 1.0, mebibytes(*bytes));
            let points = series.samples.iter().enumerate().map(point).collect();
            line(record, &series.row, points)
        })
        .collect();
    let caption = caption(
        "A line that stays level is a process that keeps nothing of its images.",
        &figures,
    );
    let axes = ["images so far", "RSS, MiB"];
    against_count("Memory through a long run", axes, None, lines, caption)
}

/// Lines over a count. `marks` is the room at the right where points have marks.
fn against_count(
    title: &'static str,
    [x_axis, y_axis]: [&str; 2],
    marks: Option<f64>,
    mut lines: Vec<Line>,
    caption: String,
) -> Result<Option<Plot>, DrawError> {
    lines.retain(|line| !line.points.is_empty());
    if lines.is_empty() {
        return Ok(None);
    }
    let most = |coordinate: fn(&(f64, f64)) -> f64| {
        let points = lines.iter().flat_map(|line| &line.points);
        points.map(coordinate).fold(0.0, f64::max)
    };
    let (right, top) = (most(|point| point.0), most(|point| point.1));
    let draw = |width| {
        let lines = Lines {
            x_axis,
            y_axis,
            // Few enough ticks for none to lie between whole numbers, nor on another.
            x_ticks: (right as usize)
                .saturating_add(1)
                .min((width / 80) as usize),
            marks: marks.is_some(),
            lines: lines.clone(),
        };
        lines::draw(lines, 0.0..right + marks.unwrap_or(0.0), top * 1.1, width)
    };
    Ok(Some(Plot {
        title,
        svgs: in_each_width(draw)?,
        caption,
    }))
}

/// A row's line, in the row's colour, which is the same in all plots with lines.
fn line(record: &Record, row: &str, points: Vec<(f64, f64)>) -> Line {
    let figures = [Figure::Instantiate, Figure::LongRun];
    let all = rows(record, &[&THROUGHPUT[..], &figures].concat());
    let index = all.iter().position(|other| *other == row).unwrap_or(0);
    Line {
        entry: LegendEntry {
            label: row.to_owned(),
            colour: canvas::colour(index),
            look: Look::Line,
        },
        points,
    }
}

fn caption(reading: &str, figures: &[Figure]) -> String {
    let mut caption = reading.to_owned();
    for figure in figures {
        caption.push_str(&format!(" “{}”: {}.", figure.title(), figure.definition()));
    }
    caption
}
