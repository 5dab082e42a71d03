//! Rows of a comparison, and their processes.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use crate::commands::{EngineName, ModelFlags};
use crate::engine::Runtime;
use crate::{Error, Kind};

/// A row of a comparison.
pub struct Row {
    pub(super) name: String,
    pub(super) kind: RowKind,
}

pub(super) enum RowKind {
    /// One of our engines with one runtime.
    Ours(EngineName, Runtime),
    /// The words of a command.
    Peer(Vec<String>),
}

impl Row {
    /// One of our engines with one runtime.
    pub fn ours(engine: EngineName, runtime: Runtime) -> Self {
        let engine_name = word(&engine);
        Self {
            name: format!("{engine_name} {}", runtime.as_str()),
            kind: RowKind::Ours(engine, runtime),
        }
    }

    /// Another program, from `NAME=COMMAND` with `{input}` and `{output}` in the command.
    ///
    /// # Errors
    /// Kind `usage` when it is not of that form.
    pub fn peer(text: &str) -> Result<Self, Error> {
        let usage = |why: &str| {
            let text =
                format!("--peer {text:?}: {why}; it takes 'NAME=COMMAND {{input}} {{output}}'");
            Error::new(Kind::Usage, text)
        };
        let (name, command) = text.split_once('=').ok_or_else(|| usage("no name"))?;
        let words = shell_words::split(command).map_err(|e| usage(&e.to_string()))?;
        let has = |place: &str| words.iter().any(|word| word.contains(place));
        if name.is_empty() || !has("{input}") || !has("{output}") {
            return Err(usage("something is missing"));
        }
        Ok(Self {
            name: name.to_owned(),
            kind: RowKind::Peer(words),
        })
    }

    /// `error`, with the row's name before.
    pub(super) fn named(&self, error: &Error) -> Error {
        Error::new(error.kind(), format!("{}: {error}", self.name))
    }

    pub(super) fn is_peer(&self) -> bool {
        matches!(self.kind, RowKind::Peer(_))
    }

    pub(super) fn is_wasm(&self) -> bool {
        matches!(self.kind, RowKind::Ours(EngineName::Wasm, _))
    }

    /// Whether something of an image stays for the next one; tract natively takes all it needs anew.
    pub(super) fn keeps_memory(&self) -> bool {
        self.is_wasm() || matches!(self.kind, RowKind::Ours(_, Runtime::Net))
    }

    /// A whole process: image in, image out.
    ///
    /// # Errors
    /// Kind `usage` for a path that is no text, where a peer's command needs one.
    pub(super) fn whole(
        &self,
        program: &Path,
        picture: &Path,
        output: &Path,
        model: &ModelFlags,
    ) -> Result<Command, Error> {
        let RowKind::Peer(words) = &self.kind else {
            let mut command = Command::new(program);
            command.arg("run").arg(picture).arg("-o").arg(output);
            self.choose(&mut command, model);
            return Ok(command);
        };
        let (input, output) = (text(picture)?, text(output)?);
        // The output first: its name is ours, and holds no braces.
        let mut words = words
            .iter()
            .map(|word| word.replace("{output}", output).replace("{input}", input));
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        Ok(command)
    }

    /// The flags that choose one of our engines.
    pub(super) fn choose(&self, command: &mut Command, model: &ModelFlags) {
        if let RowKind::Ours(engine, runtime) = self.kind {
            command
                .args(["--engine", &word(&engine)])
                .args(["--runtime", runtime.as_str()]);
            model.give(command);
        }
    }
}

fn text(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let text = format!("{} is no text, which --peer needs", path.display());
        Error::new(Kind::Usage, text)
    })
}

/// Refuses rows of one name: their samples would be mixed.
///
/// # Errors
/// Kind `usage`, with the name.
pub fn refuse_same_names(rows: &[Row]) -> Result<(), Error> {
    for (index, row) in rows.iter().enumerate() {
        if rows[..index].iter().any(|other| other.name == row.name) {
            let text = format!(
                "two rows are called {:?}; give each a name of its own",
                row.name
            );
            return Err(Error::new(Kind::Usage, text));
        }
    }
    Ok(())
}

/// The word of a flag.
pub(super) fn word<T: ValueEnum>(value: &T) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}
