//! What the fuzz targets share.

pub mod files;
pub mod graph;
mod image;
mod network;
pub mod plan;
mod protobuf;

pub use image::{MEMORY, decode};
pub use network::{Bright, SIDE, pipeline};
