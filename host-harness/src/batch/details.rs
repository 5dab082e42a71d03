//! Details of a result, as reports and manifests have them.

use std::time::Duration;

use cutout::Output;
use serde::{Deserialize, Serialize};

use crate::engine::Timed;
use crate::json::{Foreground, milliseconds, stages, warning};

/// Details of a result, so that a later run can report them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Details {
    input_bytes: u64,
    output_bytes: u64,
    width: u32,
    height: u32,
    foreground: Option<Foreground>,
    /// `unknown_foreground` where there is no subject.
    pub(super) warning: Option<String>,
    /// See [`cutout::Matte::uncertainty`].
    pub(super) uncertainty: f32,
    /// From the file's first byte read to the results written.
    milliseconds: f64,
    stages_ms: serde_json::Map<String, serde_json::Value>,
}

impl Details {
    pub(super) fn new(image: &[u8], result: &Timed<Output>, time: Duration) -> Self {
        Self {
            input_bytes: image.len() as u64,
            output_bytes: result.value.bytes.len() as u64,
            width: result.value.width,
            height: result.value.height,
            foreground: result.foreground.map(Foreground::from),
            warning: warning(result.foreground),
            uncertainty: result.value.uncertainty,
            milliseconds: milliseconds(time),
            stages_ms: stages(&result.stages),
        }
    }
}
