//! Tables that compare rows.

use super::format::value;
use super::interval::Interval;
use super::tables::{Table, or_dash};
use crate::figure::Unit;
use crate::record::{Agreement, Ratio, Record};

/// The title of the table of ratios.
pub(super) const RATIOS: &str = "Ratios of medians";

/// Ratios with their intervals.
pub(super) fn ratios(record: &Record) -> Table {
    let line = |ratio: &Ratio| {
        let Ratio {
            figure, row, over, ..
        } = ratio;
        let (quotient, interval) = match &ratio.value {
            Ok(quotient) => {
                let interval = Interval::of_ratio(record, *figure, row, over);
                let shown = |quotient| value(Unit::Quotient, quotient);
                let interval = interval.map(|Interval { least, greatest }| {
                    format!("{} to {}", shown(least), shown(greatest))
                });
                (shown(*quotient), or_dash(interval.unwrap_or_default()))
            }
            Err(reason) => (format!("refused: {reason}"), or_dash(String::new())),
        };
        let rows = format!("{row} ÷ {over}");
        vec![figure.title().to_owned(), rows, quotient, interval]
    };
    Table {
        title: RATIOS,
        head: ["figure", "rows", "ratio", "95 % interval"]
            .map(str::to_owned)
            .to_vec(),
        body: record.ratios.iter().map(line).collect(),
    }
}

/// How near the cut-outs are to the first row's.
pub(super) fn agreement(record: &Record) -> Table {
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
        head: [
            "row",
            "mean difference of alpha, 0…1",
            "agrees",
            "same bytes",
        ]
        .map(str::to_owned)
        .to_vec(),
        body: record.agreement.iter().map(line).collect(),
    }
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
