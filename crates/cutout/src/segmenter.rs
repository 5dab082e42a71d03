//! The place of the network in the pipeline.

use net::{Executor, Plan, Shape, Simd};

use crate::{Error, ErrorKind};

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

/// The runtime `net`: a plan, and from the first picture on the memory it runs in.
///
/// The memory is taken late so that a snapshot of a loaded instance holds the plan alone.
#[derive(Debug)]
pub struct Net(State);

#[derive(Debug)]
enum State {
    Loaded(Option<Plan>),
    Ready(Executor),
}

impl Net {
    /// A plan for pictures of `side` × `side` pixels.
    ///
    /// # Errors
    /// Kind `model` when the plan takes or gives another shape.
    pub fn new(plan: Plan, side: u32) -> Result<Self, Error> {
        let shape = |channels| Shape::new(side as usize, side as usize, channels);
        if (plan.input_shape(), plan.output_shape()) != (shape(3), shape(1)) {
            let text = format!(
                "the plan turns {} into {}, the model's entry asks for {side}×{side}; bake it again",
                plan.input_shape(),
                plan.output_shape()
            );
            return Err(Error::new(ErrorKind::Model, text));
        }
        Ok(Self(State::Loaded(Some(plan))))
    }

    /// A plan file for pictures of `side` × `side` pixels.
    ///
    /// # Errors
    /// Kind `model` when the file is damaged, of another version, or for another shape.
    pub fn load(plan: &[u8], side: u32) -> Result<Self, Error> {
        Self::new(Plan::from_bytes(plan).map_err(unusable)?, side)
    }
}

impl Segmenter for Net {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        if let State::Loaded(plan) = &mut self.0 {
            let plan = plan
                .take()
                .ok_or_else(|| unusable("the plan is gone after an earlier failure"))?;
            self.0 = State::Ready(Executor::new(plan, Simd::Best).map_err(unusable)?);
        }
        match &mut self.0 {
            State::Ready(executor) => executor.run(input).map_err(unusable),
            State::Loaded(_) => Err(unusable("the plan is not ready")),
        }
    }
}

fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Model, reason.to_string())
}
