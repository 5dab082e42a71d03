//! From ONNX bytes to tract's graph, with the input pinned and one output kept.

use std::io::Cursor;

use cutout::{Error, ErrorKind};
use tract_onnx::prelude::{
    DatumExt, Framework, InferenceFact, InferenceModel, InferenceModelExt, TypedModel,
};
use tract_onnx::tract_hir::infer::Factoid;

/// The side that an ONNX file of the family declares for its square input, in pixels;
/// `None` when the file leaves it open.
///
/// # Errors
/// Kind `model` when the bytes are not an ONNX graph with one 1 × 3 × side × side input.
pub fn input_side(onnx: &[u8]) -> Result<Option<u32>, Error> {
    declared_side(&parse(onnx)?)
}

/// Reads `onnx`, pins its input to 1 × 3 × `side` × `side` and keeps the first output.
pub(crate) fn typed(onnx: &[u8], side: u32) -> Result<TypedModel, Error> {
    let mut model = parse(onnx)?;
    if let Some(declared) = declared_side(&model)?
        && declared != side
    {
        return Err(unusable(format!(
            "the graph takes pictures of {declared}×{declared}, the model's entry says {side}×{side}; correct `side`"
        )));
    }
    let side = side as usize;
    let first = *model
        .output_outlets()
        .map_err(unusable)?
        .first()
        .ok_or_else(|| {
            unusable("the graph has no output; export it again with the first output as the mask")
        })?;
    model
        .set_input_fact(0, f32::fact([1, 3, side, side]).into())
        .map_err(unusable)?;
    model.select_output_outlets(&[first]).map_err(unusable)?;
    let model = model.into_typed().map_err(unusable)?;
    let shape = model
        .output_fact(0)
        .map_err(unusable)?
        .shape
        .as_concrete()
        .map(<[_]>::to_vec);
    if shape.as_deref() != Some(&[1, 1, side, side]) {
        return Err(unusable(format!(
            "the first output has the shape {shape:?}, a model of the family gives [1, 1, {side}, {side}]"
        )));
    }
    Ok(model)
}

fn parse(onnx: &[u8]) -> Result<InferenceModel, Error> {
    tract_onnx::onnx()
        .model_for_read(&mut Cursor::new(onnx))
        .map_err(|e| {
            unusable(format!(
                "the file is not an ONNX graph that can be read ({e:#}); is it complete?"
            ))
        })
}

fn declared_side(model: &InferenceModel) -> Result<Option<u32>, Error> {
    let foreign = |found: String| {
        unusable(format!(
            "a model of the U²-Net family has one input of 1 × 3 × side × side, this graph has {found}"
        ))
    };
    let inputs = model.input_outlets().map_err(unusable)?;
    let [input] = inputs else {
        return Err(foreign(format!("{} inputs", inputs.len())));
    };
    let fact: &InferenceFact = model.outlet_fact(*input).map_err(unusable)?;
    let dims: Vec<Option<i64>> = fact
        .shape
        .dims()
        .map(|d| d.concretize().and_then(|d| d.to_i64().ok()))
        .collect();
    match (fact.shape.is_open(), dims.as_slice()) {
        (true, []) => Ok(None),
        (_, [None | Some(1), None | Some(3), height, width]) => match (height, width) {
            (Some(h), Some(w)) if h == w => Ok(u32::try_from(*h).ok()),
            (None, None) => Ok(None),
            _ => Err(foreign(format!("an input of {height:?} × {width:?}"))),
        },
        _ => Err(foreign(format!("an input of the shape {:?}", fact.shape))),
    }
}

pub(crate) fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Model, format!("{reason:#}"))
}
