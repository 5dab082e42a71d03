//! Background removal as a pure function: encoded image in, encoded image out.
//!
//! [`Pipeline`] is the whole job: `open`, `matte` and `render` are its steps, and [`Stage`] lists their stages in order:
//! decode → preprocess → segment → matte → colour → encode.
//! There is no file system, network, environment, thread or clock here, so the
//! same code runs natively and inside a WebAssembly sandbox.

mod budget;
mod colour;
mod compose;
mod decode;
mod encode;
mod error;
mod foreground;
mod grid;
mod limits;
mod looks;
mod mask;
mod matte;
mod model;
mod options;
pub mod parse;
mod picture;
mod pipeline;
mod preprocess;
mod profile;
mod render;
mod resample;
mod segmenter;
mod smooth;
mod thumbnail;
mod transparency;

pub use budget::{Budget, within};
pub use colour::Cutout;
pub use compose::{Background, Canvas, Layout, Length, Margins};
pub use decode::decode;
pub use encode::{Encoding, Format, PngEffort, WebpQuality};
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use mask::{Mask, Matte};
pub use model::{ModelSpec, OutputRule, Scaling};
pub use options::{Options, Output, OutputKind, Quality, Thumbnails};
pub use picture::{BoundingBox, Density, Picture, Size};
pub use pipeline::{Pipeline, Stage};
pub use profile::Profile;
pub use segmenter::{Net, Segmenter};
