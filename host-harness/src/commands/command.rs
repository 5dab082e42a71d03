//! The interface of all commands.

use std::io::{self, Write};

use crate::Error;

/// Tells people what takes long or is missing, beside the results.
pub(crate) fn announce(text: &str) {
    // Nobody may be there to hear it.
    let _ = writeln!(io::stderr(), "cutout: {text}");
}

/// A command of the command line.
pub trait Command {
    /// Does what was asked; the exit code, 0 but for what ends well in more than one way.
    ///
    /// # Errors
    /// With the kind that decides the exit code.
    fn execute(self) -> Result<u8, Error>;
}
