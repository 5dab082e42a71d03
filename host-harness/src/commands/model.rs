//! The flags that say which model runs.

use clap::Args;

use super::command::announce;
use crate::Error;
use crate::models::{self, Model};

/// Which model runs.
#[derive(Args, Clone, Debug)]
pub struct ModelFlags {
    /// A known model's name, or the path of an ONNX file of the U²-Net family.
    #[arg(long, value_name = "NAME|PATH", default_value = models::DEFAULT)]
    model: String,

    /// Side of the image that the network sees, in pixels; cutnet takes multiples of 32. Default: the model's own.
    #[arg(long, value_name = "PIXELS")]
    side: Option<u32>,
}

impl ModelFlags {
    /// The model that they name.
    ///
    /// # Errors
    /// Those of [`models::find`], and kind `usage` for a side that it does not take.
    pub fn find(&self) -> Result<Model, Error> {
        let model = models::find(&self.model)?;
        if model.is_guess {
            announce(&format!(
                "warning: {} is not a known model; its input and output are taken to be like u2netp's, and the result is wrong if \
                 they are not (models/README.md)",
                self.model
            ));
        }
        match self.side {
            Some(side) => model.with_side(side),
            None => Ok(model),
        }
    }

    /// The same flags for another process of this program.
    #[cfg(feature = "wasm")]
    pub(super) fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--model".to_owned(), self.model.clone()];
        if let Some(side) = self.side {
            flags.extend(["--side".to_owned(), side.to_string()]);
        }
        flags
    }
}
