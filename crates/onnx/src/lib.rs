//! ONNX models, read with tract-onnx. tract is named in this crate only.

mod lower;
mod reader;
mod tract;

pub use lower::lower;
pub use reader::input_side;
pub use tract::Tract;
