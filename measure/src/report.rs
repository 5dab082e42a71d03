//! A record as people and programs read it: markdown, CSV, and a page of HTML with plots.

mod about;
mod canvas;
mod comparison;
mod contents;
mod format;
mod interval;
mod lanes;
mod lines;
mod markdown;
mod page;
mod plots;
mod stats;
mod tables;
mod verdict;

pub use page::html;
pub use stats::median;

use crate::error::Error;
use crate::record::{Record, Series};

/// The record's tables in markdown, which is also what a terminal shows.
pub fn table(record: &Record) -> String {
    let verdict = verdict::verdict(record);
    let mut parts = Vec::new();
    if !verdict.is_empty() {
        parts.push(format!("{}\n", markdown::escape(&verdict)));
    }
    parts.extend(contents::tables(record).iter().map(markdown::table));
    let about: Vec<String> = about::about(record)
        .into_iter()
        .map(|(name, value)| format!("{name} {}", markdown::escape(&value)))
        .collect();
    parts.push(format!("{}\n", about::notes()));
    parts.push(format!("Measured: {}.\n", about.join("; ")));
    parts.join("\n")
}

/// Every sample as a line of CSV: `row,figure,count,unit,index,value`.
///
/// # Errors
///
/// Only if the CSV writer fails.
pub fn csv(record: &Record) -> Result<String, Error> {
    samples(record).map_err(Error::io("write the samples"))
}

fn samples(record: &Record) -> Result<String, csv::Error> {
    let mut bytes = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    writer.write_record(["row", "figure", "count", "unit", "index", "value"])?;
    for series in &record.series {
        for (index, value) in series.samples.iter().enumerate() {
            let Series {
                row, figure, count, ..
            } = series;
            writer.serialize((row, figure, count, figure.unit(), index, value))?;
        }
    }
    writer.flush()?;
    drop(writer);
    String::from_utf8(bytes).map_err(|error| std::io::Error::other(error).into())
}

#[cfg(test)]
mod tests;
