//! Errors as Python raises them.

use std::collections::HashSet;
use std::sync::LazyLock;

use clap::{Args, Command};
use host_harness::Error;
use host_harness::commands::{OutputFlags, Sandbox};
use pyo3::prelude::*;

/// Names of the flags that options stand for.
static FLAGS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let commands = [
        Sandbox::augment_args(Command::new("session")),
        OutputFlags::augment_args(Command::new("output")),
    ];
    let names = commands.iter().flat_map(Command::get_arguments);
    names
        .filter_map(|flag| flag.get_long().map(str::to_owned))
        .collect()
});

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

/// Options in the place of the command line's flags: `max_memory` for `--max-memory`. Paths that have `--` in them stay.
fn in_python(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("--") {
        told.push_str(before);
        let starts_word = told
            .chars()
            .next_back()
            .is_none_or(|c| c.is_whitespace() || "'\"`([,".contains(c));
        let end = behind
            .find(|c: char| !c.is_ascii_lowercase() && c != '-')
            .unwrap_or(behind.len());
        let (flag, tail) = behind.split_at(end);
        if starts_word && FLAGS.contains(flag) {
            told.push_str(&flag.replace('-', "_"));
            rest = tail;
        } else {
            told.push_str("--");
            rest = behind;
        }
    }
    told + rest
}
