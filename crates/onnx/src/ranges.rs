//! Ranges of a network's maps, which stand in its ONNX file, and by which it is computed in whole numbers.

use std::collections::HashMap;

use bytes::Bytes;
use cutout::Error;
use net::{AnyPlan, Plan, int};
use prost::Message;

use crate::lower::plan_of;
use crate::proto::{Entry, Model};
use crate::reader::Source;
use crate::unusable;

/// Key of the ranges among a file's `metadata_props`.
const KEY: &str = "cutout.ranges";
/// Name of the input among the ranges: steps in one unit, where the others are largest magnitudes.
const INPUT: &str = "input-steps";

/// The largest magnitude of each operator's result over images.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// Whole steps of the input in one unit of it: the power of two that makes the input's values whole numbers.
    pub input_steps: f32,
    /// For each operator, in the order of [`Plan::ops`].
    pub most: Vec<f32>,
}

impl Ranges {
    /// Lines of a name and a number, the input's first.
    fn to_text(&self, plan: &Plan) -> String {
        let mut text = format!("{INPUT} {}\n", self.input_steps);
        for (op, most) in plan.ops().zip(&self.most) {
            text += &format!("{} {most}\n", op.name);
        }
        text
    }

    /// The ranges in `text` of the operators of `plan`.
    fn of_text(text: &str, plan: &Plan) -> Result<Self, Error> {
        let wrong = |what: &str| {
            unusable(format!(
                "the model's file has damaged ranges ({what}); make them again: cutout quantize"
            ))
        };
        let mut known = HashMap::new();
        for line in text.lines() {
            let pair = line.rsplit_once(' ');
            let number = pair.and_then(|(name, number)| Some((name, number.parse::<f32>().ok()?)));
            let (name, number) = number.ok_or_else(|| wrong(&format!("the line {line:?}")))?;
            known.insert(name, number);
        }
        let find = |name: &str| {
            let found = known.get(name).copied();
            found.ok_or_else(|| wrong(&format!("none for {name:?}")))
        };
        Ok(Self {
            input_steps: find(INPUT)?,
            most: plan
                .ops()
                .map(|op| find(&op.name))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The plan of an ONNX file for inputs of `side` × `side` pixels: in whole numbers where the file has ranges, else in f32.
///
/// # Errors
/// Kind `model`: as [`lower`](crate::lower), and where the ranges are damaged or of another network.
pub fn compile(onnx: &Bytes, side: u32) -> Result<AnyPlan, Error> {
    let source = Source::read(onnx)?;
    let plan = plan_of(&source, side)?;
    let Some(text) = source.metadata.get(KEY) else {
        return Ok(AnyPlan::Float(plan));
    };
    let ranges = Ranges::of_text(text, &plan)?;
    let plan = int::Plan::quantise(&plan, &ranges.most, ranges.input_steps).map_err(unusable)?;
    Ok(AnyPlan::Int(plan))
}

/// An ONNX file with ranges: `onnx`, whose plan is `plan`, and one more entry of its metadata.
///
/// # Errors
/// Kind `model` when the network cannot be computed in whole numbers, or two operators have one name, or one has none.
pub fn with_ranges(onnx: &Bytes, plan: &Plan, ranges: &Ranges) -> Result<Vec<u8>, Error> {
    let mut names: Vec<_> = plan.ops().map(|op| op.name).collect();
    names.sort_unstable();
    let unclear = names.windows(2).find(|pair| pair[0] == pair[1]);
    if let Some(name) = unclear
        .map(|pair| &pair[0])
        .or(names.iter().find(|name| name.is_empty()))
    {
        return Err(unusable(format!(
            "ranges are kept by the operators' names, and {name:?} names none or several; name the nodes of the graph"
        )));
    }
    int::Plan::quantise(plan, &ranges.most, ranges.input_steps).map_err(unusable)?;
    let entry = Entry {
        key: KEY.to_owned(),
        value: ranges.to_text(plan),
    };
    let more = Model {
        graph: None,
        metadata_props: vec![entry],
    };
    // Messages of protocol buffers are joined by putting them behind each other; of two entries the later counts.
    Ok([&onnx[..], &more.encode_to_vec()].concat())
}
