//! Parts that reports in JSON have in common.

use std::time::Duration;

use cutout::{BoundingBox, Matte, Stage};
use serde::{Deserialize, Serialize};

/// A box in pixels of the result.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Foreground {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl From<BoundingBox> for Foreground {
    fn from(b: BoundingBox) -> Self {
        Self {
            left: b.left,
            top: b.top,
            width: b.width,
            height: b.height,
        }
    }
}

/// The warning of an image without a subject, as a word for programs.
pub(crate) fn warning(foreground: Option<BoundingBox>) -> Option<String> {
    foreground.is_none().then(|| Matte::NO_SUBJECT.to_owned())
}

/// Stage times as reports have them.
pub(crate) fn stages(stages: &[(Stage, Duration)]) -> serde_json::Map<String, serde_json::Value> {
    let named = stages
        .iter()
        .map(|(stage, time)| (stage.as_str().into(), milliseconds(*time).into()));
    named.collect()
}

/// Rounded to microseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
