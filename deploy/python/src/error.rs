//! Errors as Python raises them.

use host_harness::Error;
use pyo3::prelude::*;

/// The exception of `error`, of the class that belongs to its kind.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let text = in_python(&error.to_string());
    let made = PyModule::import(py, "cutout._errors").and_then(|errors| {
        errors
            .getattr("of_kind")?
            .call1((error.kind().as_str(), text))
    });
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}

/// Options in the place of the command line's flags: `max_memory` for `--max-memory`.
fn in_python(text: &str) -> String {
    let mut parts = text.split("--");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_lowercase() && c != '-')
            .unwrap_or(part.len());
        let (flag, rest) = part.split_at(end);
        told.push_str(&flag.replace('-', "_"));
        told.push_str(rest);
    }
    told
}
