//! Rows of a comparison, and their processes.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use crate::error::Error;

/// A row of a comparison.
pub struct Row {
    pub(crate) name: String,
    pub(crate) kind: RowKind,
}

pub(crate) enum RowKind {
    /// One of our engines with one runtime.
    Ours(Ours),
    /// The words of a command.
    Peer(Vec<String>),
}

/// One of our engines with one runtime.
pub struct Ours {
    /// The flags that choose it.
    pub flags: Vec<String>,
    /// Whether it has instances in the sandbox.
    pub has_instances: bool,
    /// Whether state is kept between images.
    pub keeps_memory: bool,
}

impl Row {
    /// One of our engines with one runtime.
    pub fn ours(name: String, ours: Ours) -> Self {
        let kind = RowKind::Ours(ours);
        Self { name, kind }
    }

    /// Another program, from `NAME=COMMAND` with `{input}` and `{output}` in the command.
    ///
    /// # Errors
    /// Kind `usage` when it is not of that form.
    pub fn peer(text: &str) -> Result<Self, Error> {
        let usage = |why: &str| {
            let text =
                format!("--peer {text:?}: {why}; it takes 'NAME=COMMAND {{input}} {{output}}'");
            Error::Usage(text)
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

    pub(crate) fn is_peer(&self) -> bool {
        matches!(self.kind, RowKind::Peer(_))
    }

    pub(crate) fn has_instances(&self) -> bool {
        matches!(&self.kind, RowKind::Ours(ours) if ours.has_instances)
    }

    pub(crate) fn keeps_memory(&self) -> bool {
        matches!(&self.kind, RowKind::Ours(ours) if ours.keeps_memory)
    }

    /// A whole process: image in, image out.
    ///
    /// # Errors
    /// Kind `usage` for a path that is no text, where a peer's command needs one.
    pub(crate) fn whole(
        &self,
        program: &Path,
        image: &Path,
        output: &Path,
        model: &[String],
    ) -> Result<Command, Error> {
        let RowKind::Peer(words) = &self.kind else {
            let mut command = Command::new(program);
            command.arg("run").arg(image).arg("-o").arg(output);
            self.choose(&mut command, model);
            return Ok(command);
        };
        let (input, output) = (text(image)?, text(output)?);
        // The output first: its name is ours, and holds no braces.
        let mut words = words
            .iter()
            .map(|word| word.replace("{output}", output).replace("{input}", input));
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        Ok(command)
    }

    /// Gives `command` the flags that choose one of our engines, and `model`.
    pub(crate) fn choose(&self, command: &mut Command, model: &[String]) {
        if let RowKind::Ours(ours) = &self.kind {
            command.args(&ours.flags).args(model);
        }
    }
}

fn text(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let text = format!("{} is no text, which --peer needs", path.display());
        Error::Usage(text)
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
            return Err(Error::Usage(text));
        }
    }
    Ok(())
}

/// The word of a flag.
pub fn word<T: ValueEnum>(value: &T) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}
