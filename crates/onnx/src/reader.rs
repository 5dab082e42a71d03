//! From the bytes of an ONNX file to the nodes that its first output needs.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use cutout::Error;
use prost::Message;

use crate::proto::{DimensionValue, Model, Node, Tensor, ValueInfo, data_type};
use crate::unusable;

/// A graph with one image as its input.
pub(crate) struct Source {
    /// Name of the input.
    pub(crate) input: String,
    /// Name of the first output, which is the mask.
    pub(crate) output: String,
    /// The nodes that the output needs, in the file's order, in which a node comes after those that it reads.
    pub(crate) nodes: Vec<Node>,
    /// Weights and other constants by name.
    pub(crate) initializers: HashMap<String, Tensor>,
    /// The side that the file declares for its square input, in pixels; `None` when it leaves it open.
    pub(crate) side: Option<u32>,
    /// The file's own metadata, by key.
    pub(crate) metadata: HashMap<String, String>,
}

/// The side that an ONNX file of the family declares for its square input, in pixels; `None` when the file leaves it
/// open.
///
/// # Errors
/// Kind `model` when the bytes are not an ONNX graph with one 1 × 3 × side × side input.
pub fn input_side(onnx: &Bytes) -> Result<Option<u32>, Error> {
    Source::read(onnx).map(|source| source.side)
}

/// A text that an ONNX file of the family holds among its metadata (`metadata_props`).
///
/// # Errors
/// As [`input_side`].
pub fn metadata(onnx: &Bytes, key: &str) -> Result<Option<String>, Error> {
    Source::read(onnx).map(|mut source| source.metadata.remove(key))
}

/// Checks that an ONNX file of the family takes inputs of `side` × `side` pixels.
///
/// # Errors
/// As [`input_side`], and kind `model` when the file declares another side.
pub fn check_side(onnx: &Bytes, side: u32) -> Result<(), Error> {
    Source::read(onnx)?.check_side(side)
}

impl Source {
    /// Refuses a side that is not the declared one.
    ///
    /// # Errors
    /// Kind `model`.
    pub(crate) fn check_side(&self, side: u32) -> Result<(), Error> {
        match self.side {
            Some(declared) if declared != side => Err(unusable(format!(
                "the graph takes images of {declared}×{declared}, the model's entry says {side}×{side}; correct `side`"
            ))),
            _ => Ok(()),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`input_side`].
    pub(crate) fn read(onnx: &Bytes) -> Result<Self, Error> {
        let not_onnx = |reason: &str| {
            unusable(format!(
                "the file is not an ONNX graph that can be read ({reason}); is it complete?"
            ))
        };
        let model = Model::decode(onnx.clone()).map_err(|e| not_onnx(&e.to_string()))?;
        let graph = model.graph.ok_or_else(|| not_onnx("it has no graph"))?;
        let initializers: HashMap<_, _> = graph
            .initializer
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor))
            .collect();
        // Old files list their weights among the inputs.
        let mut inputs = graph
            .input
            .into_iter()
            .filter(|input| !initializers.contains_key(&input.name));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            return Err(foreign("no input, or several"));
        };
        let output = graph.output.into_iter().next().ok_or_else(|| {
            unusable("the graph has no output; export it again with the first output as the mask")
        })?;
        Ok(Self {
            side: declared_side(&input)?,
            metadata: model
                .metadata_props
                .into_iter()
                .map(|entry| (entry.key, entry.value))
                .collect(),
            nodes: needed(graph.node, &output.name),
            input: input.name,
            output: output.name,
            initializers,
        })
    }
}

fn foreign(found: &str) -> Error {
    unusable(format!(
        "a model of the U²-Net family has one input of 1 × 3 × side × side, this graph has {found}"
    ))
}

fn declared_side(input: &ValueInfo) -> Result<Option<u32>, Error> {
    let tensor = input
        .r#type
        .as_ref()
        .and_then(|of| of.tensor_type.as_ref())
        .ok_or_else(|| foreign("an input that is no tensor"))?;
    if !data_type::is_float(tensor.elem_type) {
        return Err(foreign("an input of whole numbers"));
    }
    let Some(shape) = &tensor.shape else {
        return Ok(None);
    };
    let dims: Vec<_> = shape
        .dim
        .iter()
        .map(|dim| match dim.value {
            Some(DimensionValue::Value(value)) => Some(value),
            Some(DimensionValue::Param(_)) | None => None,
        })
        .collect();
    match dims[..] {
        [None | Some(1), None | Some(3), None, None] => Ok(None),
        [None | Some(1), None | Some(3), Some(height), Some(width)] if height == width => {
            let side = u32::try_from(height).ok().filter(|side| *side > 0);
            side.map(Some)
                .ok_or_else(|| foreign(&format!("an input of {height} × {width}")))
        }
        _ => {
            let dims: Vec<_> = dims
                .iter()
                .map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string()))
                .collect();
            Err(foreign(&format!("an input of {}", dims.join(" × "))))
        }
    }
}

/// Leaves out the nodes that `output` does not need, such as U²-Net's six other outputs.
fn needed(nodes: Vec<Node>, output: &str) -> Vec<Node> {
    let mut wanted = HashSet::from([output.to_owned()]);
    let mut kept: Vec<_> = nodes
        .into_iter()
        .rev()
        .filter(|node| {
            let is_needed = node.output.iter().any(|name| wanted.contains(name));
            if is_needed {
                // An input that is left out has no name.
                let inputs = node.input.iter().filter(|name| !name.is_empty());
                wanted.extend(inputs.cloned());
            }
            is_needed
        })
        .collect();
    kept.reverse();
    kept
}
