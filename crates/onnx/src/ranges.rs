//! Ranges of a network's maps, which stand in its ONNX file, and by which it is computed in whole numbers.

use std::collections::HashMap;

use bytes::Bytes;
use cutout::Error;
use cutout_net::{Plan, float, int};
use prost::encoding::{DecodeContext, decode_key, skip_field};
use prost::{DecodeError, Message};

use crate::lower::plan_of;
use crate::proto::{Entry, Model};
use crate::reader::Source;
use crate::unusable;

/// Key of the ranges among a file's `metadata_props`.
const KEY: &str = "cutout.ranges";
/// The field of a model's message that holds its metadata.
const METADATA: u32 = 14;
/// Name of the input among the ranges: steps in one unit, where the others are largest magnitudes.
const INPUT: &str = "input-steps";

/// The largest magnitude of each operator's result over images.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// Whole steps of the input in one unit of it: the power of two that makes the input's values whole numbers.
    pub input_steps: f32,
    /// For each operator, in the order of [`float::Plan::ops`].
    pub most: Vec<f32>,
}

impl Ranges {
    /// Lines of a name and a number, the input's first.
    fn to_text(&self, plan: &float::Plan) -> String {
        let mut text = format!("{INPUT} {}\n", self.input_steps);
        for (op, most) in plan.ops().zip(&self.most) {
            text += &format!("{} {most}\n", op.name);
        }
        text
    }

    /// The ranges in `text` of the operators of `plan`.
    fn of_text(text: &str, plan: &float::Plan) -> Result<Self, Error> {
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
pub fn compile(onnx: &Bytes, side: u32) -> Result<Plan, Error> {
    let source = Source::read(onnx)?;
    let plan = plan_of(&source, side)?;
    let Some(text) = source.metadata.get(KEY) else {
        return Ok(Plan::Float(plan));
    };
    let ranges = Ranges::of_text(text, &plan)?;
    let plan = int::Plan::quantise(&plan, &ranges.most, ranges.input_steps).map_err(unusable)?;
    Ok(Plan::Int(plan))
}

/// An ONNX file with ranges: `onnx`, whose plan is `plan`, and one more entry of its metadata.
///
/// # Errors
/// Kind `model` when the network cannot be computed in whole numbers, or two operators have one name, or one has none.
pub fn with_ranges(onnx: &Bytes, plan: &float::Plan, ranges: &Ranges) -> Result<Vec<u8>, Error> {
    let mut names: Vec<_> = plan.ops().map(|op| op.name).collect();
    names.sort_unstable();
    let unclear = names.windows(2).find(|pair| pair[0] == pair[1]);
    if let Some(name) = unclear
        .map(|pair| &pair[0])
        .or(names.iter().find(|name| name.is_empty()))
    {
        return Err(unusable(format!(
            "ranges are kept by the first 64 bytes of the operators' names, and {name:?} names none or several; name the nodes of the graph"
        )));
    }
    int::Plan::quantise(plan, &ranges.most, ranges.input_steps).map_err(unusable)?;
    let text = ranges.to_text(plan);
    if Ranges::of_text(&text, plan)? != *ranges {
        return Err(unusable(format!(
            "a node of the graph is called {INPUT:?}, or has a line break in its name; name it otherwise"
        )));
    }
    let more = Model {
        graph: None,
        metadata_props: vec![Entry {
            key: KEY.to_owned(),
            value: text,
        }],
    };
    // Messages of protocol buffers are joined by putting them behind each other.
    Ok([without_ranges(onnx)?, more.encode_to_vec()].concat())
}

/// The file without the ranges that it may have: its fields one by one, as they are.
fn without_ranges(onnx: &Bytes) -> Result<Vec<u8>, Error> {
    let damaged = |e: DecodeError| unusable(format!("the file cannot be read: {e}"));
    let (mut rest, mut kept) = (&onnx[..], Vec::with_capacity(onnx.len()));
    while !rest.is_empty() {
        let field = rest;
        let (tag, wire) = decode_key(&mut rest).map_err(damaged)?;
        skip_field(wire, tag, &mut rest, DecodeContext::default()).map_err(damaged)?;
        let field = &field[..field.len() - rest.len()];
        let is_ranges = tag == METADATA
            && Model::decode(field)
                .is_ok_and(|model| model.metadata_props.iter().any(|entry| entry.key == KEY));
        if !is_ranges {
            kept.extend_from_slice(field);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower;

    fn cutnet() -> Bytes {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/cutnet.onnx");
        std::fs::read(path).unwrap().into()
    }

    fn entries(onnx: &[u8]) -> Vec<Entry> {
        Model::decode(onnx).unwrap().metadata_props
    }

    #[test]
    fn ranges_replace_those_that_a_file_has_and_nothing_else() {
        let onnx = cutnet();
        let plan = lower(&onnx, 64).unwrap();
        let ranges = Ranges {
            input_steps: 128.0,
            most: plan.ops().map(|op| op.output.c as f32 + 0.125).collect(),
        };
        let once = Bytes::from(with_ranges(&onnx, &plan, &ranges).unwrap());
        let twice = with_ranges(&once, &plan, &ranges).unwrap();
        assert_eq!(once, twice);
        let keys = entries(&once).into_iter().map(|entry| entry.key);
        assert_eq!(keys.collect::<Vec<_>>(), ["cutout.model", KEY]);
        assert_eq!(
            Model::decode(once.clone()).unwrap().graph,
            Model::decode(onnx).unwrap().graph
        );
        let text = entries(&once).pop().unwrap().value;
        assert_eq!(Ranges::of_text(&text, &plan).unwrap(), ranges);
        assert!(matches!(compile(&once, 64).unwrap(), Plan::Int(_)));
    }

    #[test]
    fn damaged_ranges_are_refused_with_the_way_out() {
        let plan = lower(&cutnet(), 64).unwrap();
        let text = entries(&cutnet()).pop().unwrap().value;
        assert!(Ranges::of_text(&text, &plan).is_ok());
        let cases = [
            (
                text.replacen("input-steps", "input", 1),
                "none for \"input-steps\"",
            ),
            (text.replacen('\n', " x\n", 1), "the line"),
            (
                text.lines().take(9).collect::<Vec<_>>().join("\n"),
                "none for",
            ),
        ];
        for (text, reason) in cases {
            let said = Ranges::of_text(&text, &plan).unwrap_err().to_string();
            assert!(
                said.contains(reason) && said.contains("cutout quantize"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_network_of_another_kind_is_refused_by_the_operator() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/u2netp.onnx");
        let onnx = Bytes::from(std::fs::read(path).unwrap());
        let plan = lower(&onnx, 320).unwrap();
        let ranges = Ranges {
            input_steps: 512.0,
            most: vec![1.0; plan.ops().len()],
        };
        let said = with_ranges(&onnx, &plan, &ranges).unwrap_err().to_string();
        assert!(
            said.contains("cannot be computed in whole numbers"),
            "{said}"
        );
    }
}
