//! The arithmetic on constants by which exporters work out sizes.

use std::ops::Range;
use std::rc::Rc;

use crate::constant::{Constant, Values, few, refuse_many};
use crate::proto::Node;

/// Computes `node`, all inputs of which are constants; `None` for an input that was left out. `Ok(None)` when the operator
/// is not one that works out sizes.
pub(crate) fn fold(node: &Node, inputs: &[Option<Constant>]) -> Result<Option<Constant>, String> {
    let input = |index: usize| inputs.get(index).and_then(Option::as_ref);
    let required = |index| input(index).ok_or_else(|| format!("its input {index} is missing"));
    Ok(Some(match node.op_type.as_str() {
        "Constant" => constant(node)?,
        "Identity" => required(0)?.clone(),
        "Cast" => required(0)?.cast(node.int("to").unwrap_or(0) as i32)?,
        "Concat" => concat(inputs)?,
        "Gather" => gather(node, required(0)?, required(1)?)?,
        "Slice" => slice(node, inputs)?,
        "Unsqueeze" | "Squeeze" => squeeze(node, required(0)?, input(1))?,
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(&node.op_type, required(0)?, required(1)?)?,
        "DequantizeLinear" => dequantize(node, required(0)?, required(1)?, input(2))?,
        "Floor" => to_whole(required(0)?, f32::floor)?,
        "Ceil" => to_whole(required(0)?, f32::ceil)?,
        _ => return Ok(None),
    }))
}

fn constant(node: &Node) -> Result<Constant, String> {
    let attribute = node.attribute.first().ok_or("it has no value")?;
    match (attribute.name.as_str(), attribute) {
        ("value", of) => Constant::read(of.t.as_ref().ok_or("it has no value")?),
        ("value_int", of) => Constant::new(Vec::new(), Values::Ints([of.i.unwrap_or(0)].into())),
        ("value_float", of) => {
            Constant::new(Vec::new(), Values::Floats([of.f.unwrap_or(0.0)].into()))
        }
        ("value_ints", of) => Ok(Constant::ints(of.ints.clone())),
        ("value_floats", of) => Constant::new(
            vec![of.floats.len()],
            Values::Floats(of.floats.as_slice().into()),
        ),
        (other, _) => Err(format!("its value is a {other}")),
    }
}

fn concat(inputs: &[Option<Constant>]) -> Result<Constant, String> {
    let parts: Vec<_> = inputs.iter().flatten().collect();
    if parts.iter().any(|part| part.shape.len() != 1) {
        return Err("only lists of constants can be joined".into());
    }
    let length = parts.iter().map(|part| part.shape[0]).sum();
    refuse_many(length)?;
    let values = match parts.first().map(|part| &part.values) {
        Some(Values::Floats(_)) => {
            let floats = |part: &&Constant| match &part.values {
                Values::Floats(values) => Ok(values.clone()),
                _ => Err("it joins constants of different types".to_owned()),
            };
            let parts: Result<Vec<_>, _> = parts.iter().map(floats).collect();
            Values::Floats(parts?.concat().into())
        }
        _ => {
            let parts: Result<Vec<_>, _> = parts.iter().map(|part| part.as_ints()).collect();
            Values::Ints(parts?.concat().into())
        }
    };
    Constant::new(vec![length], values)
}

fn gather(node: &Node, from: &Constant, indices: &Constant) -> Result<Constant, String> {
    let ([length], 0) = (&from.shape[..], node.int("axis").unwrap_or(0)) else {
        return Err("it gathers from something that is no list".into());
    };
    let positions: Result<Vec<_>, _> = few(indices.as_ints()?)?
        .iter()
        .map(|index| {
            let at = usize::try_from(from_start(*index, *length)).ok();
            at.filter(|at| at < length)
                .ok_or_else(|| format!("it reads the value {index} of {length}"))
        })
        .collect();
    from.pick(&positions?, indices.shape.clone())
}

fn slice(node: &Node, inputs: &[Option<Constant>]) -> Result<Constant, String> {
    let from = inputs
        .first()
        .and_then(Option::as_ref)
        .ok_or("its input is missing")?;
    let bound = |index: usize, name| -> Result<Option<Vec<i64>>, String> {
        // Before the operator set 10 they were attributes.
        match inputs.get(index).and_then(Option::as_ref) {
            Some(given) => Ok(Some(few(given.as_ints()?)?.to_vec())),
            None => Ok(node.ints(name).map(<[i64]>::to_vec)),
        }
    };
    let start = bound(1, "starts")?;
    let end = bound(2, "ends")?;
    let axes = bound(3, "axes")?.unwrap_or(vec![0]);
    let steps = bound(4, "steps")?.unwrap_or(vec![1]);
    let (Some([start]), Some([end]), [0 | -1], [1], [length]) = (
        start.as_deref(),
        end.as_deref(),
        &axes[..],
        &steps[..],
        &from.shape[..],
    ) else {
        return Err("only a run of a list can be sliced".into());
    };
    let indices: Vec<_> = range(*start, *end, *length).collect();
    from.pick(&indices, vec![indices.len()])
}

/// Between a single value and a list of one.
fn squeeze(node: &Node, from: &Constant, axes: Option<&Constant>) -> Result<Constant, String> {
    let axes = match axes {
        Some(axes) => axes.as_ints()?,
        None => node.ints("axes").unwrap_or_default(),
    };
    match (node.op_type.as_str(), &from.shape[..], axes) {
        ("Unsqueeze", [], [0 | -1]) => from.with_shape(vec![1]),
        ("Squeeze", [1], [0 | -1] | []) => from.with_shape(Vec::new()),
        _ => Err("only a single value can become a list, and back".into()),
    }
}

fn arithmetic(operator: &str, a: &Constant, b: &Constant) -> Result<Constant, String> {
    let shape = common_shape(a, b)?;
    let values = match (&a.values, &b.values) {
        (Values::Ints(a), Values::Ints(b)) => {
            let compute = match operator {
                "Add" => i64::checked_add,
                "Sub" => i64::checked_sub,
                "Mul" => i64::checked_mul,
                _ => i64::checked_div,
            };
            let results: Option<Rc<[i64]>> = pairs(a, b)?.map(|(a, b)| compute(a, b)).collect();
            Values::Ints(results.ok_or("its result is no integer of 64 bits")?)
        }
        (Values::Floats(a), Values::Floats(b)) => {
            let compute = match operator {
                "Add" => |a, b| a + b,
                "Sub" => |a, b| a - b,
                "Mul" => |a, b| a * b,
                _ => |a: f32, b: f32| a / b,
            };
            Values::Floats(pairs(a, b)?.map(|(a, b)| compute(a, b)).collect())
        }
        _ => return Err("it computes with constants that are neither both integers nor both of single precision".into()),
    };
    Constant::new(shape, values)
}

/// The shape of a result for each pair of values: that of both, or of one where the other is a single value of no more axes.
fn common_shape(a: &Constant, b: &Constant) -> Result<Vec<usize>, String> {
    let is_single = |of: &Constant| of.shape.iter().all(|length| *length == 1);
    let goes_with =
        |one: &Constant, other: &Constant| is_single(one) && one.shape.len() <= other.shape.len();
    match (a, b) {
        _ if a.shape == b.shape || goes_with(b, a) => Ok(a.shape.clone()),
        _ if goes_with(a, b) => Ok(b.shape.clone()),
        _ => Err(format!(
            "constants of the shapes {:?} and {:?} are not combined",
            a.shape, b.shape
        )),
    }
}

/// The values of both, in pairs; a single value goes with each of the other's.
fn pairs<'a, T: Copy>(a: &'a [T], b: &'a [T]) -> Result<impl Iterator<Item = (T, T)> + 'a, String> {
    let length = match (few(a)?.len(), few(b)?.len()) {
        (1, length) | (length, _) => length,
    };
    let at = move |of: &'a [T], index: usize| of[if of.len() == 1 { 0 } else { index }];
    Ok((0..length).map(move |index| (at(a, index), at(b, index))))
}

/// Weights of 8 bits times their scales: one for all, or one for each output channel.
fn dequantize(
    node: &Node,
    from: &Constant,
    scale: &Constant,
    zero: Option<&Constant>,
) -> Result<Constant, String> {
    let Values::Bytes(values) = &from.values else {
        return Err("only constants of signed 8 bits are supported".into());
    };
    let centred = match zero.map(|zero| &zero.values) {
        None => true,
        Some(Values::Bytes(zeros)) => zeros.iter().all(|zero| *zero == 0),
        Some(_) => false,
    };
    if !centred {
        return Err("only a zero point of 0 is supported".into());
    }
    let scales = scale.floats()?;
    let outputs = from.shape.first().copied().unwrap_or(1);
    let is_list = scale.shape.is_empty() || scale.shape == [scales.len()];
    let is_plain = is_list && matches!(node.int("block_size"), None | Some(0));
    // The axis counts where there is more than one scale.
    let fits = scales.len() == 1 || scales.len() == outputs && node.int("axis") == Some(0);
    if !is_plain || !fits {
        return Err(format!(
            "it has {} scales for {outputs} output channels; one for each, along the axis 0, is supported",
            scales.len()
        ));
    }
    let channel = (values.len() / outputs.max(1)).max(1);
    let value = |(index, value): (usize, &i8)| {
        let scale = if scales.len() == 1 {
            scales[0]
        } else {
            scales[index / channel]
        };
        f32::from(*value) * scale
    };
    let values = values.iter().enumerate().map(value).collect();
    Constant::new(from.shape.clone(), Values::Rounded(values))
}

fn to_whole(from: &Constant, round: fn(f32) -> f32) -> Result<Constant, String> {
    let Values::Floats(values) = &from.values else {
        return Err("it rounds constants that are not of single precision".into());
    };
    let values = few(values)?.iter().map(|value| round(*value)).collect();
    Constant::new(from.shape.clone(), Values::Floats(values))
}

/// The places in a list from `start` to before `end`; negative bounds count from the end, and none leads beyond the list.
pub(crate) fn range(start: i64, end: i64, length: usize) -> Range<usize> {
    let bound = |at| from_start(at, length).clamp(0, length as i64) as usize;
    let (start, end) = (bound(start), bound(end));
    start.min(end)..end
}

/// An index into a list of `length`; a negative one counts from the end.
fn from_start(index: i64, length: usize) -> i64 {
    match index {
        0.. => index,
        _ => index.saturating_add(length as i64),
    }
}
