//! How a model wants its input, and what its output means.

use crate::{Error, ErrorKind};

/// How pixel values, 0…255, become numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// Divide by the resized image's own maximum over all channels, at least 1e-6 (rembg's recipe).
    #[default]
    PictureMax,
    /// Leave them as they are.
    None,
}

/// How the network's output becomes a mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputRule {
    /// `(p - min) / (max - min)` over the map (rembg's recipe); a flat map is an empty mask. The map is of probabilities,
    /// 0…1: what the network is sure of says whether there is a subject.
    #[default]
    MinMax,
    /// The map as it is: probabilities of 0…1.
    Probability,
}

/// The interface of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// The model's name, for instance `u2netp`.
    pub name: String,
    /// Side of the square input in pixels, 1…[`ModelSpec::MAX_SIDE`].
    pub side: u32,
    /// Per channel (red, green, blue), subtracted after scaling.
    pub mean: [f32; 3],
    /// Per channel, divided by after the mean is subtracted; not 0.
    pub std: [f32; 3],
    /// How pixel values become numbers.
    pub scaling: Scaling,
    /// From the network's output to a mask.
    pub output: OutputRule,
}

impl ModelSpec {
    /// The longest side of a model's input: four times that of the largest known model (1,024).
    pub const MAX_SIDE: u32 = 4_096;

    /// Checks that the numbers can be computed with.
    ///
    /// # Errors
    /// Kind `model`.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| {
            Err(Error::new(
                ErrorKind::Model,
                format!("model {}: {what}", self.name),
            ))
        };
        if self.side == 0 || self.side > Self::MAX_SIDE {
            return wrong(&format!(
                "its side is {}; it has to be 1 to {}",
                self.side,
                Self::MAX_SIDE
            ));
        }
        if !self.mean.iter().all(|m| m.is_finite()) || !self.std.iter().all(|s| s.is_normal()) {
            return wrong("mean and std have to be finite, and std not 0");
        }
        Ok(())
    }

    /// Values in one channel of the input, and in the output map: side × side.
    pub fn area(&self) -> usize {
        self.side as usize * self.side as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cannot_be_computed_with_are_refused() {
        let good = ModelSpec {
            name: "m".into(),
            side: 8,
            mean: [0.5; 3],
            std: [1.0; 3],
            scaling: Scaling::PictureMax,
            output: OutputRule::MinMax,
        };
        assert!(good.check().is_ok());
        let bad = [
            ModelSpec {
                side: 0,
                ..good.clone()
            },
            ModelSpec {
                side: ModelSpec::MAX_SIDE + 1,
                ..good.clone()
            },
            ModelSpec {
                std: [1.0, 0.0, 1.0],
                ..good.clone()
            },
            ModelSpec {
                std: [1.0, f32::INFINITY, 1.0],
                ..good.clone()
            },
            ModelSpec {
                mean: [f32::NAN, 0.0, 0.0],
                ..good
            },
        ];
        for spec in bad {
            assert_eq!(
                spec.check().unwrap_err().kind(),
                ErrorKind::Model,
                "{spec:?}"
            );
        }
    }
}
