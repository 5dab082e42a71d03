//! Parts that benches and their programs share: subjects that answer one image, convolutions with a known
//! answer, photos with their masks, and this machine's peak.

pub mod conv;
pub mod fixture;
pub mod peak;
mod subject;

pub use subject::{Choice, Sample, Subject};
