//! The verbs of the command line, one file each.

#[cfg(feature = "wasm")]
mod bake;
mod batch;
#[cfg(feature = "wasm")]
mod bench;
mod doctor;
mod health;
mod model;
mod output;
#[cfg(feature = "wasm")]
mod probe;
mod quantize;
mod run;
mod sandbox;
mod serve;

#[cfg(feature = "wasm")]
pub use bake::Bake;
pub use batch::{Also, Batch};
#[cfg(feature = "wasm")]
pub use bench::{Bench, Group};
pub use doctor::Doctor;
pub use health::Health;
pub use model::ModelFlags;
pub use output::OutputFlags;
#[cfg(feature = "wasm")]
pub use probe::Probe;
pub use quantize::Quantize;
pub use run::Run;
pub use sandbox::{EngineName, Sandbox};
pub use serve::{Log, Serve};

use std::io::{self, Write};

use crate::Error;

/// Tells people what takes long or is missing, beside the results.
pub(crate) fn announce(text: &str) {
    // Nobody may be there to hear it.
    let _ = writeln!(io::stderr(), "cutout: {text}");
}

/// A verb of the command line.
pub trait Command {
    /// Does what was asked; the exit code, 0 but for what ends well in more than one way.
    ///
    /// # Errors
    /// With the kind that decides the exit code.
    fn execute(self) -> Result<u8, Error>;
}
