//! The main figures as sentences.

use super::format::value;
use super::interval::{FEWEST, Interval};
use super::stats::median;
use super::tables::{rows, with_samples};
use crate::figure::{Figure, Unit};
use crate::record::Record;

/// What the record says in short; empty where it has no times of an image.
pub(super) fn verdict(record: &Record) -> String {
    let mut sentences: Vec<String> = Vec::new();
    sentences.extend(image(record));
    sentences.extend(sandbox(record));
    sentences.extend(process(record));
    sentences.extend(peers(record));
    // Early records do not say their rounds.
    if !sentences.is_empty() && (1..FEWEST).contains(&record.about.rounds) {
        sentences.push(format!(
            "Measured in only {} round{}: the numbers are rough.",
            record.about.rounds,
            if record.about.rounds == 1 { "" } else { "s" }
        ));
    }
    sentences.join(" ")
}

/// Where an engine of ours runs; `None` for another program.
fn place(row: &str) -> Option<&'static str> {
    match row.split_once(' ')?.0 {
        "wasm" => Some("in the sandbox"),
        "native" => Some("natively"),
        _ => None,
    }
}

fn median_of(record: &Record, figure: Figure, row: &str) -> Option<f64> {
    let found = with_samples(record, &[figure]).find(|series| series.row == row);
    found.map(|series| median(&series.samples))
}

/// Whether a row's times may be compared with those of the first one.
fn agrees(record: &Record, row: &str) -> bool {
    let first = rows(record, Figure::ALL).first() == Some(&row);
    first
        || record
            .agreement
            .iter()
            .any(|found| found.row == row && found.agrees)
}

/// The time of an image, of the first row and, where there is one, of the first that runs elsewhere.
fn image(record: &Record) -> Option<String> {
    let figure = Figure::Steady;
    let rows = rows(record, &[figure]);
    let first = *rows.first()?;
    let other = rows.iter().find(|row| place(row) != place(first));
    let said = |row: &str| {
        let time = time(median_of(record, figure, row)?);
        let place = place(row).map(|place| format!(" {place}"));
        Some(format!("{time}{} ({row})", place.unwrap_or_default()))
    };
    let size = format!("{} × {} pixels", record.about.width, record.about.height);
    let other = other
        .and_then(|row| said(row))
        .map(|other| format!(", and {other}"));
    Some(format!(
        "One image of {size} takes about {}{}.",
        said(first)?,
        other.unwrap_or_default()
    ))
}

/// The time in the sandbox over that without it, by one runtime.
fn sandbox(record: &Record) -> Option<String> {
    let figure = Figure::Steady;
    let rows = rows(record, &[figure]);
    let (inside, outside) = rows.iter().find_map(|row| {
        let outside = format!("native {}", row.strip_prefix("wasm ")?);
        rows.contains(&&*outside).then_some((*row, outside))
    })?;
    if !agrees(record, inside) || !agrees(record, &outside) {
        return Some("The cost of the sandbox is left out, since the cut-outs differ.".to_owned());
    }
    let ratio = median_of(record, figure, inside)? / median_of(record, figure, &outside)?;
    let found = Interval::of_ratio(record, figure, inside, &outside);
    Some(match found {
        Some(found) if found.has_one() => format!(
            "Whether the sandbox costs time is not clear from these samples: it takes {} times as long as native, {}.",
            rounded(ratio),
            between(found)
        ),
        Some(found) => format!(
            "The sandbox takes {} times as long as native, {}.",
            rounded(ratio),
            between(found)
        ),
        None => format!(
            "The sandbox takes about {} times as long as native.",
            rounded(ratio)
        ),
    })
}

fn between(Interval { least, greatest }: Interval) -> String {
    let [least, greatest] = [least, greatest].map(|end| value(Unit::Quotient, end));
    format!("with 95 % confidence {least} to {greatest}")
}

/// A whole process of the first row.
fn process(record: &Record) -> Option<String> {
    let figure = Figure::ProcessWarm;
    let row = *rows(record, &[figure]).first()?;
    let whole = time(median_of(record, figure, row)?);
    let memory = median_of(record, Figure::ProcessPeak, row);
    let memory =
        memory.map(|bytes| format!(" and {} MiB of memory", rounded(bytes / f64::from(1 << 20))));
    let memory = memory.unwrap_or_default();
    Some(format!(
        "A process for one image takes about {whole}{memory} ({row})."
    ))
}

/// Whole processes of other programs beside that of the first row.
fn peers(record: &Record) -> Vec<String> {
    let figure = Figure::ProcessWarm;
    let rows = rows(record, &[figure]);
    let Some(first) = rows.first() else {
        return Vec::new();
    };
    let said = |row: &&str| {
        let (own, other) = (
            median_of(record, figure, first)?,
            median_of(record, figure, row)?,
        );
        let ratio = match agrees(record, first) && agrees(record, row) {
            true => {
                let found = Interval::of_ratio(record, figure, row, first);
                let found = found.map(|found| format!(", {}", between(found)));
                let found = found.unwrap_or_default();
                format!("{} times as long{found}", rounded(other / own))
            }
            false => "without a ratio, since its cut-out differs".to_owned(),
        };
        Some(format!("{row} takes about {}, {ratio}.", time(other)))
    };
    let others = rows
        .iter()
        .filter(|row| place(row).is_none() && *row != first);
    others.filter_map(said).collect()
}

/// A number with two digits that say something.
fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    // Rounding may add a digit: 9.96 is 10.
    let scale = |value: f64| 10_f64.powf(value.abs().log10().floor() - 1.0);
    let scaled = |value: f64| (value / scale(value)).round() * scale(value);
    let value = scaled(scaled(value));
    let decimals = (1.0 - value.abs().log10().floor()).max(0.0) as usize;
    format!("{value:.decimals$}")
}

/// Milliseconds in the unit that people take for such a time.
fn time(milliseconds: f64) -> String {
    match milliseconds {
        short if short < 0.995 => format!("{} µs", rounded(short * 1000.0)),
        long if long >= 995.0 => format!("{} s", rounded(long / 1000.0)),
        some => format!("{} ms", rounded(some)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;
    use crate::record::Agreement;

    fn agreement(row: &str, agrees: bool) -> Agreement {
        Agreement {
            row: row.to_owned(),
            difference: Ok(0.0),
            agrees,
            same_bytes: false,
        }
    }

    const STEADY: [f64; 6] = [290.0, 300.0, 296.0, 310.0, 280.0, 296.0];

    #[test]
    fn numbers_have_two_digits_that_say_something() {
        for (value, expected) in [
            (296.0, "300"),
            (1.304, "1.3"),
            (0.7665, "0.77"),
            (12.79, "13"),
            (9.96, "10"),
            (0.0996, "0.10"),
            (4848.0, "4800"),
            (0.0, "0"),
        ] {
            assert_eq!(rounded(value), expected, "{value}");
        }
        for (value, expected) in [
            (0.0353, "35 µs"),
            (0.9, "900 µs"),
            (0.999, "1.0 ms"),
            (34.7, "35 ms"),
            (994.0, "990 ms"),
            (999.0, "1.0 s"),
            (4848.0, "4.8 s"),
        ] {
            assert_eq!(time(value), expected, "{value}");
        }
    }

    #[test]
    fn the_verdict_says_what_an_image_takes_and_what_the_sandbox_costs() {
        let half = STEADY.map(|time| time / 2.0);
        let process = [380.0, 379.0, 381.0];
        let mut record = record(&[
            ("wasm net", Figure::Steady, None, &STEADY),
            ("wasm net", Figure::ProcessWarm, None, &process),
            ("wasm net", Figure::ProcessPeak, None, &[41.3 * 1048576.0]),
            ("native net", Figure::Steady, None, &half),
            (
                "rembg",
                Figure::ProcessWarm,
                None,
                &[4848.0, 4850.0, 4840.0],
            ),
        ]);
        record.about.rounds = 6;
        record.agreement = vec![agreement("native net", true), agreement("rembg", false)];
        let start = "One image of 640 × 480 pixels takes about 300 ms in the sandbox (wasm net), and 150 ms natively (native net). ";
        let end = " A process for one image takes about 380 ms and 41 MiB of memory (wasm net).";
        let sandbox =
            "The sandbox takes 2.0 times as long as native, with 95 % confidence 2.00 to 2.00.";
        let rembg = " rembg takes about 4.8 s, without a ratio, since its cut-out differs.";
        assert_eq!(verdict(&record), format!("{start}{sandbox}{end}{rembg}"));
        record.agreement[1].agrees = true;
        assert!(verdict(&record).ends_with(" rembg takes about 4.8 s, 13 times as long."));
        record.agreement[0].agrees = false;
        assert!(verdict(&record).contains("is left out, since the cut-outs differ"));
    }

    #[test]
    fn the_verdict_claims_no_more_than_was_measured() {
        let other = [300.0, 290.0, 310.0, 296.0, 296.0, 281.0];
        let mut record = record(&[
            ("wasm net", Figure::Steady, None, &STEADY),
            ("native net", Figure::Steady, None, &other),
        ]);
        record.agreement = vec![agreement("native net", true)];
        record.about.rounds = 6;
        let text = verdict(&record);
        assert!(
            text.contains("is not clear from these samples: it takes 1.0 times as long as native, with 95 % confidence 0."),
            "{text}"
        );
        record.about.rounds = 3;
        let text = verdict(&record);
        assert!(
            text.contains("The sandbox takes about 1.0 times as long as native."),
            "{text}"
        );
        assert!(
            text.ends_with("Measured in only 3 rounds: the numbers are rough."),
            "{text}"
        );
        record.series.truncate(1);
        assert!(!verdict(&record).contains("costs"));
        record.series.clear();
        assert_eq!(verdict(&record), "");
    }
}
