//! Settings that the host gives in the environment.

use std::io::Write;
use std::str::FromStr;

use cutout::Limits;

/// The variable's value, if it is there. One that cannot be read counts as none, and the host's log says so.
pub(crate) fn value<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let value = text.parse().ok();
    if value.is_none() {
        let said =
            format!("cutout: {name} is {text:?} and counts as not set; it takes a whole number\n");
        // A host without a log loses nothing else.
        let _ = std::io::stderr().write_all(said.as_bytes());
    }
    value
}

/// `CUTOUT_MAX_BYTES` and `CUTOUT_MAX_PIXELS`, or the defaults.
pub(crate) fn limits() -> Limits {
    let default = Limits::default();
    Limits {
        max_bytes: value("CUTOUT_MAX_BYTES").unwrap_or(default.max_bytes),
        max_pixels: value("CUTOUT_MAX_PIXELS").unwrap_or(default.max_pixels),
        ..default
    }
}
