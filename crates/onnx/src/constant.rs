//! Constants of a graph, and the arithmetic by which exporters work out sizes.

use std::rc::Rc;

use half::{bf16, f16};

use crate::proto::{Node, Tensor, attribute_type, data_type};

/// Values that a graph may compute from constants: sizes are few. What is larger would be computed from weights.
const MAX_COMPUTED: usize = 4096;

/// Values that are known before any image. Copies share them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    /// The length of each axis; none for a single value.
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values,
}

/// The values, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// Of an integer type.
    Ints(Rc<[i64]>),
    /// Of single precision.
    Floats(Rc<[f32]>),
    /// Of another floating-point type, in single precision: weights, with which nothing is computed.
    Rounded(Rc<[f32]>),
}

impl Constant {
    /// A list of integers.
    pub(crate) fn ints(values: Vec<i64>) -> Self {
        Self {
            shape: vec![values.len()],
            values: Values::Ints(values.into()),
        }
    }

    fn new(shape: Vec<usize>, values: Values) -> Result<Self, String> {
        let length = match &values {
            Values::Ints(values) => values.len(),
            Values::Floats(values) | Values::Rounded(values) => values.len(),
        };
        let expected = shape
            .iter()
            .try_fold(1_usize, |product, dim| product.checked_mul(*dim));
        if expected == Some(length) {
            return Ok(Self { shape, values });
        }
        Err(format!(
            "a constant of the shape {shape:?} has {length} values"
        ))
    }

    /// The values of a tensor in the file.
    pub(crate) fn read(tensor: &Tensor) -> Result<Self, String> {
        if tensor.data_location != 0 {
            return Err("its weights stand in another file; export it as one file".into());
        }
        let shape: Result<Vec<_>, _> = tensor
            .dims
            .iter()
            .map(|dim| usize::try_from(*dim))
            .collect();
        let shape = shape.map_err(|_| format!("a constant has the shape {:?}", tensor.dims))?;
        let raw = &tensor.raw_data;
        let is_raw = !raw.is_empty();
        let values = match tensor.data_type {
            data_type::FLOAT if is_raw => floats(raw, f32::from_le_bytes)?,
            data_type::FLOAT => Values::Floats(tensor.float_data.as_slice().into()),
            data_type::FLOAT16 if is_raw => rounded(raw, |b| f16::from_le_bytes(b).to_f32())?,
            data_type::BFLOAT16 if is_raw => rounded(raw, |b| bf16::from_le_bytes(b).to_f32())?,
            data_type::FLOAT16 => bits(&tensor.int32_data, |bits| f16::from_bits(bits).to_f32()),
            data_type::BFLOAT16 => bits(&tensor.int32_data, |bits| bf16::from_bits(bits).to_f32()),
            data_type::DOUBLE if is_raw => rounded(raw, |b| f64::from_le_bytes(b) as f32)?,
            data_type::DOUBLE => {
                Values::Rounded(tensor.double_data.iter().map(|v| *v as f32).collect())
            }
            data_type::INT64 if is_raw => ints(raw, i64::from_le_bytes)?,
            data_type::INT64 => Values::Ints(tensor.int64_data.as_slice().into()),
            data_type::INT32 if is_raw => ints(raw, |b| i32::from_le_bytes(b).into())?,
            data_type::INT32 => {
                Values::Ints(tensor.int32_data.iter().map(|v| i64::from(*v)).collect())
            }
            other => {
                return Err(format!(
                    "a constant has the data type {other}, which is not read"
                ));
            }
        };
        Self::new(shape, values)
    }

    /// The values as floats.
    pub(crate) fn floats(&self) -> Result<&[f32], String> {
        match &self.values {
            Values::Floats(values) | Values::Rounded(values) => Ok(values),
            Values::Ints(_) => Err("it reads integers where floats are expected".into()),
        }
    }

    /// The values as integers.
    pub(crate) fn as_ints(&self) -> Result<&[i64], String> {
        match &self.values {
            Values::Ints(values) => Ok(values),
            Values::Floats(_) | Values::Rounded(_) => {
                Err("it reads floats where integers are expected".into())
            }
        }
    }

    /// The values as another type.
    pub(crate) fn cast(&self, to: i32) -> Result<Self, String> {
        let values = match (&self.values, to) {
            (Values::Ints(values), data_type::INT64) => Values::Ints(values.clone()),
            (Values::Ints(values), data_type::INT32)
                if few(values)?
                    .iter()
                    .all(|value| i32::try_from(*value).is_ok()) =>
            {
                Values::Ints(values.clone())
            }
            (Values::Ints(values), data_type::FLOAT) => {
                Values::Floats(few(values)?.iter().map(|v| *v as f32).collect())
            }
            (Values::Floats(values), data_type::INT64 | data_type::INT32)
                if few(values)?.iter().all(|value| value.abs() < 16_777_216.0) =>
            {
                Values::Ints(values.iter().map(|v| *v as i64).collect())
            }
            (Values::Floats(values), data_type::FLOAT) => Values::Floats(values.clone()),
            // A rounded value is what the cast gives, but for halves that went through a double.
            (Values::Rounded(values), data_type::FLOAT) => Values::Floats(values.clone()),
            (Values::Floats(values) | Values::Rounded(values), data_type::DOUBLE) => {
                Values::Rounded(values.clone())
            }
            _ => return Err(format!("it casts constants to the data type {to}")),
        };
        Self::new(self.shape.clone(), values)
    }

    fn with_shape(&self, shape: Vec<usize>) -> Result<Self, String> {
        Self::new(shape, self.values.clone())
    }

    /// The values at `indices`, as a list, or as a single value where `shape` has no axis.
    fn pick(&self, indices: &[usize], shape: Vec<usize>) -> Result<Self, String> {
        let values = match &self.values {
            Values::Ints(values) => Values::Ints(picked(few(values)?, indices)?),
            Values::Floats(values) => Values::Floats(picked(few(values)?, indices)?),
            Values::Rounded(values) => Values::Rounded(picked(few(values)?, indices)?),
        };
        Self::new(shape, values)
    }
}

/// Computes `node`, all inputs of which are constants; `None` for an input that was left out. `Ok(None)` when the operator
/// is not one that works out sizes.
pub(crate) fn fold(node: &Node, inputs: &[Option<Constant>]) -> Result<Option<Constant>, String> {
    let input = |index: usize| inputs.get(index).and_then(Option::as_ref);
    let required = |index| input(index).ok_or_else(|| format!("its input {index} is missing"));
    Ok(Some(match node.op_type.as_str() {
        "Constant" => constant(node)?,
        "Identity" => required(0)?.clone(),
        "Cast" => required(0)?.cast(attribute_int(node, "to").unwrap_or(0) as i32)?,
        "Concat" => concat(inputs)?,
        "Gather" => gather(node, required(0)?, required(1)?)?,
        "Slice" => slice(node, inputs)?,
        "Unsqueeze" | "Squeeze" => squeeze(node, required(0)?, input(1))?,
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(&node.op_type, required(0)?, required(1)?)?,
        "Floor" => to_whole(required(0)?, f32::floor)?,
        "Ceil" => to_whole(required(0)?, f32::ceil)?,
        _ => return Ok(None),
    }))
}

/// Refuses a node with an attribute of another type than it has in ONNX; those that are not read may be anything.
///
/// # Errors
/// The attribute's name.
pub(crate) fn check_attributes(node: &Node) -> Result<(), String> {
    for attribute in &node.attribute {
        let (expected, is_there) = match attribute.name.as_str() {
            "to" | "axis" | "group" | "ceil_mode" | "antialias" | "start" | "end" | "value_int" => {
                let fits = attribute
                    .i
                    .is_some_and(|value| i32::try_from(value).is_ok());
                (attribute_type::INT, fits || attribute.name == "value_int")
            }
            "pads" | "strides" | "dilations" | "kernel_shape" | "axes" | "starts" | "ends"
            | "value_ints" => (attribute_type::INTS, true),
            "auto_pad" | "mode" | "coordinate_transformation_mode" | "keep_aspect_ratio_policy" => {
                let text = attribute.s.as_ref();
                let is_text = text.is_some_and(|text| std::str::from_utf8(text).is_ok());
                (attribute_type::STRING, is_text)
            }
            "value" => (attribute_type::TENSOR, attribute.t.is_some()),
            _ => continue,
        };
        if !is_there || (attribute.r#type != expected && attribute.r#type != 0) {
            return Err(format!(
                "its attribute {} is not of the right type",
                attribute.name
            ));
        }
    }
    Ok(())
}

/// An integer attribute.
pub(crate) fn attribute_int(node: &Node, name: &str) -> Option<i64> {
    let found = node
        .attribute
        .iter()
        .find(|attribute| attribute.name == name);
    found.and_then(|attribute| attribute.i)
}

/// A list of integers in an attribute.
pub(crate) fn attribute_ints<'a>(node: &'a Node, name: &str) -> Option<&'a [i64]> {
    let found = node
        .attribute
        .iter()
        .find(|attribute| attribute.name == name);
    found.map(|attribute| attribute.ints.as_slice())
}

/// A text in an attribute.
pub(crate) fn attribute_text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    let found = node
        .attribute
        .iter()
        .find(|attribute| attribute.name == name);
    found.and_then(|attribute| std::str::from_utf8(attribute.s.as_ref()?).ok())
}

/// Whether a data type of ONNX is a floating-point one that is read.
pub(crate) fn is_float(of: i32) -> bool {
    use data_type::{BFLOAT16, DOUBLE, FLOAT, FLOAT16};
    [FLOAT, FLOAT16, BFLOAT16, DOUBLE].contains(&of)
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
    if length > MAX_COMPUTED {
        return Err(too_many(length));
    }
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
    let ([length], 0) = (&from.shape[..], attribute_int(node, "axis").unwrap_or(0)) else {
        return Err("it gathers from something that is no list".into());
    };
    let positions: Result<Vec<_>, _> = few(indices.as_ints()?)?
        .iter()
        .map(|index| position(*index, *length))
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
            None => Ok(attribute_ints(node, name).map(<[i64]>::to_vec)),
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
    let clamp = |at: i64| {
        let length = *length as i64;
        let at = if at < 0 {
            at.saturating_add(length)
        } else {
            at
        };
        at.clamp(0, length) as usize
    };
    let indices: Vec<_> = (clamp(*start)..clamp(*end)).collect();
    from.pick(&indices, vec![indices.len()])
}

/// Between a single value and a list of one.
fn squeeze(node: &Node, from: &Constant, axes: Option<&Constant>) -> Result<Constant, String> {
    let axes = match axes {
        Some(axes) => axes.as_ints()?,
        None => attribute_ints(node, "axes").unwrap_or_default(),
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

fn to_whole(from: &Constant, round: fn(f32) -> f32) -> Result<Constant, String> {
    let Values::Floats(values) = &from.values else {
        return Err("it rounds constants that are not of single precision".into());
    };
    let values = few(values)?.iter().map(|value| round(*value)).collect();
    Constant::new(from.shape.clone(), Values::Floats(values))
}

/// An index into a list; a negative one counts from the end.
fn position(index: i64, length: usize) -> Result<usize, String> {
    let from_start = if index < 0 {
        index.saturating_add(length as i64)
    } else {
        index
    };
    usize::try_from(from_start)
        .ok()
        .filter(|at| *at < length)
        .ok_or_else(|| format!("it reads the value {index} of {length}"))
}

fn picked<T: Copy>(values: &[T], indices: &[usize]) -> Result<Rc<[T]>, String> {
    let value = |at: &usize| values.get(*at).copied();
    let found: Option<Rc<[T]>> = indices.iter().map(value).collect();
    found.ok_or_else(|| "it reads behind the end of a list".into())
}

/// `values`, unless they are too many to compute with.
fn few<T>(values: &[T]) -> Result<&[T], String> {
    if values.len() > MAX_COMPUTED {
        return Err(too_many(values.len()));
    }
    Ok(values)
}

fn too_many(length: usize) -> String {
    format!("it computes {length} values from constants, which is done for sizes only")
}

fn floats<const N: usize>(raw: &[u8], read: fn([u8; N]) -> f32) -> Result<Values, String> {
    numbers(raw, read).map(Values::Floats)
}

fn rounded<const N: usize>(raw: &[u8], read: fn([u8; N]) -> f32) -> Result<Values, String> {
    numbers(raw, read).map(Values::Rounded)
}

fn ints<const N: usize>(raw: &[u8], read: fn([u8; N]) -> i64) -> Result<Values, String> {
    numbers(raw, read).map(Values::Ints)
}

fn numbers<const N: usize, T>(raw: &[u8], read: fn([u8; N]) -> T) -> Result<Rc<[T]>, String> {
    let (whole, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(format!("a constant of {} bytes is cut", raw.len()));
    }
    Ok(whole.iter().map(|bytes| read(*bytes)).collect())
}

/// Half-precision floats that stand as integers.
fn bits(values: &[i32], read: fn(u16) -> f32) -> Values {
    Values::Rounded(values.iter().map(|value| read(*value as u16)).collect())
}
