//! The reference runtime: ONNX models run by tract-onnx. tract is named in this crate only.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use cutout::{Error, ErrorKind, Segmenter};
use tract_onnx::prelude::{
    DatumExt, Framework, InferenceModelExt, IntoRunnable, Tensor, TypedModel, TypedRunnableModel,
    tvec,
};

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
        cutout_onnx::check_side(&Bytes::copy_from_slice(onnx), side)?;
        let side = side as usize;
        let model = typed(onnx, side)?.into_optimized().map_err(unusable)?;
        Ok(Self {
            model: model.into_runnable().map_err(unusable)?,
            side,
            output: vec![0.0; side * side],
        })
    }
}

/// Reads `onnx`, pins its input to 1 × 3 × `side` × `side` and keeps the first output.
fn typed(onnx: &[u8], side: usize) -> Result<TypedModel, Error> {
    let mut model = tract_onnx::onnx()
        .model_for_read(&mut Cursor::new(onnx))
        .map_err(unusable)?;
    let outputs = model.output_outlets().map_err(unusable)?;
    let first = *outputs
        .first()
        .ok_or_else(|| unusable("the graph has no output"))?;
    model
        .set_input_fact(0, f32::fact([1, 3, side, side]).into())
        .map_err(unusable)?;
    model.select_output_outlets(&[first]).map_err(unusable)?;
    let model = model.into_typed().map_err(unusable)?;
    let fact = model.output_fact(0).map_err(unusable)?;
    let shape = fact.shape.as_concrete().map(<[_]>::to_vec);
    if shape.as_deref() != Some(&[1, 1, side, side]) {
        return Err(unusable(format!(
            "the first output has the shape {shape:?}, a model of the family gives [1, 1, {side}, {side}]"
        )));
    }
    Ok(model)
}

fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Model, format!("{reason:#}"))
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
