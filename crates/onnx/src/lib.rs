//! ONNX files of the U²-Net family, lowered to a plan for the runtime `net`.
//!
//! Only what the family needs is read: maps of images on one side, and on the other the small constants by which
//! PyTorch's exporter works out sizes. Everything else is refused by name.

mod constant;
mod fold;
mod lower;
mod node;
mod proto;
mod ranges;
mod reader;

pub use lower::lower;
pub use ranges::{Ranges, compile, with_ranges};
pub use reader::{check_side, input_side, metadata};

use cutout::{Error, ErrorKind};

/// An error about a model.
fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Model, reason.to_string())
}

#[cfg(test)]
mod tests;
