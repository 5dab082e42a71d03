//! What the host has said in the environment.

use std::str::FromStr;

use cutout::Limits;

/// The variable's value, if it is there and can be read as one.
pub(crate) fn value<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
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
