//! ONNX models, read with tract-onnx. tract is named in this crate only.

mod reader;
mod tract;

pub use reader::input_side;
pub use tract::Tract;
