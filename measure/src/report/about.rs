//! How to read a report, and what was measured on what.

use super::interval::{DRAWS, FEWEST};
use super::tables::or_dash;
use crate::record::{About, Record};

/// How to read the tables.
pub(super) fn notes() -> String {
    format!(
        "p95 is the 95th percentile, shown of 20 samples or more, and p99 the 99th, of 100 or more: with fewer, it is hardly more than the \
         greatest sample. A quantile between two samples is interpolated (Hyndman and Fan's eighth definition). The interval of a ratio \
         is the middle 95 % of the ratios in {DRAWS} draws of rounds with replacement (percentile bootstrap, by the record's \
         seed), given for {FEWEST} rounds or more. Where a record does not say its rounds, or a round lacks a sample, single samples are drawn."
    )
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
    match (*rounds, *samples) {
        (0, 0) => "not recorded".to_owned(),
        (rounds, samples) if rounds < samples => format!("{rounds} of {samples}, ended early"),
        (rounds, _) => rounds.to_string(),
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
