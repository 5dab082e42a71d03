//! Flags of corrections by hand.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use cutout::{Area, BoundingBox, Brush, InvalidValue, Mark, check_count};

use crate::files::{self, Place};
use crate::{Error, Kind};

/// Corrections by hand, in the order of the command line: a later one wins where they overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct MarkFlags(Vec<(Brush, String)>);

/// Corrections with their files read.
pub(super) struct Marks(Vec<(Brush, Source)>);

/// The part of an image that is painted.
enum Source {
    /// A rectangle, also as it was written.
    Rectangle(BoundingBox, String),
    /// An encoded image.
    File(Vec<u8>),
}

impl Args for MarkFlags {
    fn augment_args(command: Command) -> Command {
        command.args(Brush::ALL.map(|brush| {
            let option = brush.option();
            Arg::new(option.name)
                .long(option.name)
                .value_name("X,Y,WIDTH,HEIGHT|IMAGE")
                .action(ArgAction::Append)
                .help(format!("{}. May be given several times", option.about))
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for MarkFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        for brush in Brush::ALL {
            let name = brush.as_str();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            let places = matches.indices_of(name).into_iter().flatten();
            found.extend(
                places
                    .zip(values)
                    .map(|(place, value)| (place, brush, value)),
            );
        }
        found.sort_by_key(|(place, ..)| *place);
        let marks = found
            .into_iter()
            .map(|(_, brush, value)| (brush, value.clone()));
        Ok(Self(marks.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl MarkFlags {
    /// The corrections, of which files have at most `max_bytes`.
    ///
    /// # Errors
    /// Kind `usage` for a value that cannot be, `correction` for too many of them, `io` for a file that cannot be read.
    pub(super) fn read(&self, max_bytes: u64) -> Result<Marks, Error> {
        // Before the files are read.
        check_count(self.0.len())?;
        let read = |(brush, text): &(Brush, String)| Ok((*brush, source(*brush, text, max_bytes)?));
        self.0.iter().map(read).collect::<Result<_, _>>().map(Marks)
    }
}

fn source(brush: Brush, text: &str, max_bytes: u64) -> Result<Source, Error> {
    let refused: InvalidValue = match text.parse() {
        Ok(part) => return Ok(Source::Rectangle(part, text.to_owned())),
        Err(refused) => refused,
    };
    let path = Path::new(text);
    if !path.exists() {
        let flag = format!("--{}", brush.as_str());
        let refused = refused.or("the path of an image, and there is no such file");
        return Err(Error::new(Kind::Usage, refused.message(&flag, text)));
    }
    files::read(&Place::File(path.to_owned()), max_bytes).map(Source::File)
}

impl Marks {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For an engine.
    pub(super) fn marks(&self) -> Vec<Mark<'_>> {
        let marks = self.0.iter().map(|(brush, source)| Mark {
            brush: *brush,
            area: match source {
                Source::Rectangle(part, _) => Area::Rectangle(*part),
                Source::File(bytes) => Area::Painted(bytes),
            },
        });
        marks.collect()
    }

    /// For a form: name, name of the file, and value of each field.
    pub(super) fn fields(
        &self,
    ) -> impl Iterator<Item = (&'static str, Option<&'static str>, &[u8])> {
        self.0.iter().map(|(brush, source)| match source {
            Source::Rectangle(_, text) => (brush.as_str(), None, text.as_bytes()),
            Source::File(bytes) => (brush.as_str(), Some("mark"), bytes.as_slice()),
        })
    }
}
