//! The header `Server-Timing`: how long each stage took (<https://www.w3.org/TR/server-timing/>).

use std::time::Duration;

use bytes::Bytes;
use cutout::Stage;
use http::Response;

use crate::answer::add;

/// The header's value: names with their durations.
pub fn server_timing<'a>(entries: impl IntoIterator<Item = (&'a str, Duration)>) -> String {
    let entries = entries
        .into_iter()
        .map(|(name, time)| format!("{name};dur={:.3}", time.as_secs_f64() * 1e3));
    entries.collect::<Vec<_>>().join(", ")
}

/// The stages in a header's value; anything else in it is passed over.
pub fn read_server_timing(value: &str) -> Vec<(Stage, Duration)> {
    let entry = |entry: &str| {
        let (name, time) = entry.trim().split_once(";dur=")?;
        let stage = Stage::ALL.into_iter().find(|s| s.as_str() == name)?;
        let seconds = time.parse::<f64>().ok()? / 1e3;
        Some((stage, Duration::try_from_secs_f64(seconds).ok()?))
    };
    value.split(',').filter_map(entry).collect()
}

/// Adds the header to `response`, if there are stages.
pub fn add_timing(response: &mut Response<Bytes>, stages: &[(Stage, Duration)]) {
    if !stages.is_empty() {
        let entries = stages.iter().map(|(stage, time)| (stage.as_str(), *time));
        add(response, "server-timing", &server_timing(entries));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_from_server_timing_and_nothing_else_is() {
        let text = "wait;dur=1.5, decode;dur=12.000, segment;dur=250.5, x;dur=1, matte";
        let found = read_server_timing(text);
        let found = found
            .iter()
            .map(|(stage, time)| (stage.as_str(), time.as_secs_f64()));
        let found: Vec<_> = found.collect();
        assert_eq!(found, [("decode", 0.012), ("segment", 0.2505)]);
        for text in ["", "decode;dur=-1", "decode;dur=nan", "decode;dur=1e300"] {
            assert_eq!(read_server_timing(text), [], "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_written_alike() {
        for micros in [0, 1, 999, 12_345, 1_000_001, 59_999_999] {
            let stages = [(Stage::Decode, Duration::from_micros(micros))];
            let write = |stages: &[(Stage, Duration)]| {
                server_timing(stages.iter().map(|(stage, time)| (stage.as_str(), *time)))
            };
            let text = write(&stages);
            assert_eq!(write(&read_server_timing(&text)), text);
        }
    }
}
