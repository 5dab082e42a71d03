//! The place of the network in the pipeline.

use std::ops::ControlFlow;

use cutout_net::{Executor, Plan, Shape, Simd};

use crate::{Error, ErrorKind, budget};

/// Computes the network: an image of the model's input size to a map of foreground probabilities.
pub trait Segmenter {
    /// `input`: side × side × 3 values, row-major, channel-last, normalised as the model's
    /// [`ModelSpec`](crate::ModelSpec) says. Returns side × side values, row-major, unscaled.
    ///
    /// # Errors
    /// Kind `model` when `input` has another size or the network fails.
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error>;

    /// Told once an image needs no more of the network.
    fn rest(&mut self) {}
}

impl<S: Segmenter + ?Sized> Segmenter for Box<S> {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        (**self).segment(input)
    }

    fn rest(&mut self) {
        (**self).rest();
    }
}

/// The runtime `net`. Its working memory is taken with the first image, in wasm with each.
#[derive(Debug)]
pub struct Net(Executor);

impl Net {
    /// A plan for images of `side` × `side` pixels.
    ///
    /// # Errors
    /// Kind `model` when the plan takes or gives another shape.
    pub fn new(plan: impl Into<Plan>, side: u32) -> Result<Self, Error> {
        let plan = plan.into();
        let shape = |channels| Shape::new(side as usize, side as usize, channels);
        if (plan.input_shape(), plan.output_shape()) != (shape(3), shape(1)) {
            let text = format!(
                "the plan turns {} into {}, the model's entry asks for {side}×{side}; bake it again",
                plan.input_shape(),
                plan.output_shape()
            );
            return Err(Error::new(ErrorKind::Model, text));
        }
        Executor::new(plan, Simd::Best).map(Self).map_err(unusable)
    }

    /// A plan file for images of `side` × `side` pixels.
    ///
    /// # Errors
    /// Kind `model` when the file is damaged, of another version, or for another shape.
    pub fn load(plan: &[u8], side: u32) -> Result<Self, Error> {
        Self::new(Plan::from_bytes(plan).map_err(unusable)?, side)
    }
}

impl Segmenter for Net {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        let observe = &mut |_| match budget::is_spent() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        self.0.run_observed(input, observe).map_err(unusable)
    }

    /// Linear memory never shrinks: what the network has done with is the place for the stages behind it. Natively it
    /// would have to be taken from the system for every image.
    fn rest(&mut self) {
        if cfg!(target_family = "wasm") {
            self.0.rest();
        }
    }
}

fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Model, reason.to_string())
}
