//! Background removal as a pure function: encoded image in, encoded image out.
//!
//! [`Pipeline`] is the whole job: `open`, `matte` and `render` are its steps, and [`Stage`] lists their stages in order:
//! decode → preprocess → segment → matte → colour → encode.
//! There is no file system, network, environment, thread or clock here, so the
//! same code runs natively and inside a WebAssembly sandbox.
//!
//! ```
//! use cutout::{Error, ModelSpec, Options, OutputRule, Pipeline, Scaling, Segmenter};
//!
//! /// Takes whatever is bright for the foreground; [`Net`](cutout::Net) computes a network in its place.
//! struct Bright(Vec<f32>);
//!
//! impl Segmenter for Bright {
//!     fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
//!         self.0 = input.as_chunks::<3>().0.iter().map(|[r, g, b]| (r + g + b) / 3.0).collect();
//!         Ok(&self.0)
//!     }
//! }
//!
//! let spec = ModelSpec {
//!     name: "bright".into(),
//!     side: 32,
//!     mean: [0.0; 3],
//!     std: [255.0; 3],
//!     scaling: Scaling::None,
//!     output: OutputRule::Probability,
//! };
//! let mut pipeline = Pipeline::new(spec, Bright(Vec::new()));
//! let photo = include_bytes!("../../../fixtures/photos/rocket.jpg");
//! let output = pipeline.remove(photo, &Options::default(), &mut |_| {})?;
//! assert!(output.bytes.starts_with(b"\x89PNG"));
//! # Ok::<(), Error>(())
//! ```

mod brush;
mod budget;
mod colour;
mod compose;
mod decode;
mod encode;
mod error;
mod foreground;
mod grid;
mod lanes;
mod limits;
mod looks;
mod mask;
mod matte;
mod model;
mod options;
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

pub use brush::{Area, Brush, MARKS, Mark, check_count};
pub use budget::{Budget, within};
pub use colour::Cutout;
pub use compose::{Background, Canvas, Colour, Layout, Length, Margins};
pub use decode::decode;
pub use encode::{Encoding, Format, JpegQuality, PngEffort, WebpQuality};
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use mask::{Mask, Matte};
pub use model::{ModelSpec, OutputRule, Scaling};
pub use options::{
    Compat, InvalidValue, OPTIONS, OptionSpec, OptionValue, Options, Output, OutputKind, Quality,
    Thumbnails, Values, Word,
};
pub use picture::{BoundingBox, Density, MaxSide, Picture, Size};
pub use pipeline::{Pipeline, Stage};
pub use profile::Profile;
pub use segmenter::{Net, Segmenter};
