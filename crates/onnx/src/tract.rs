//! The reference runtime.

use std::sync::Arc;

use cutout::{Error, Segmenter};
use tract_onnx::prelude::{IntoRunnable, Tensor, TypedModel, TypedRunnableModel, tvec};

use crate::reader::{typed, unusable};

/// A model of the family, run by tract.
pub struct Tract {
    model: Arc<TypedRunnableModel>,
    side: usize,
    output: Vec<f32>,
}

impl Tract {
    /// Reads and optimises an ONNX file for inputs of `side` × `side` pixels.
    ///
    /// # Errors
    /// Kind `model` when the file is damaged, not of the family, or has an operator that tract lacks.
    pub fn load(onnx: &[u8], side: u32) -> Result<Self, Error> {
        let model: TypedModel = typed(onnx, side)?.into_optimized().map_err(unusable)?;
        let model = model.into_runnable().map_err(unusable)?;
        let side = side as usize;
        Ok(Self {
            model,
            side,
            output: vec![0.0; side * side],
        })
    }
}

impl Segmenter for Tract {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        let area = self.side * self.side;
        if input.len() != area * 3 {
            return Err(unusable(format!(
                "the model takes {} values, got {}",
                area * 3,
                input.len()
            )));
        }
        let mut planes = vec![0.0; area * 3];
        for (at, pixel) in input.chunks_exact(3).enumerate() {
            for (channel, value) in pixel.iter().enumerate() {
                planes[channel * area + at] = *value;
            }
        }
        let planes =
            Tensor::from_shape(&[1, 3, self.side, self.side], &planes).map_err(unusable)?;
        let outputs = self.model.run(tvec!(planes.into())).map_err(unusable)?;
        let map = outputs[0].view();
        self.output
            .copy_from_slice(map.as_slice::<f32>().map_err(unusable)?);
        Ok(&self.output)
    }
}
