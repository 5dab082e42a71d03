//! The place of the network in the pipeline.

use crate::Error;

/// Computes the network: a picture of the model's input size to a map of foreground probabilities.
pub trait Segmenter {
    /// `input`: side × side × 3 values, row-major, channel-last, normalised as the model's
    /// [`ModelSpec`](crate::ModelSpec) says. Returns side × side values, row-major, unscaled.
    ///
    /// # Errors
    /// Kind `model` when `input` has another size or the network fails.
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error>;
}

impl<S: Segmenter + ?Sized> Segmenter for Box<S> {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        (**self).segment(input)
    }
}
