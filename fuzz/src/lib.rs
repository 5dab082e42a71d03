//! What the fuzz targets share.

pub mod files;
mod image;
mod network;
pub mod plan;

pub use image::{MEMORY, decode};
pub use network::{Bright, SIDE, pipeline};
