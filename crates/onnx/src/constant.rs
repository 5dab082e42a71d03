//! Constants of a graph: weights, and the numbers by which exporters work out sizes.

use std::rc::Rc;

use half::{bf16, f16};

use crate::proto::{Tensor, data_type};

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
    /// Of 8 bits: weights, which are only multiplied by their scales.
    Bytes(Rc<[i8]>),
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

    /// `values` in `shape`, which has to hold as many.
    pub(crate) fn new(shape: Vec<usize>, values: Values) -> Result<Self, String> {
        let length = match &values {
            Values::Ints(values) => values.len(),
            Values::Bytes(values) => values.len(),
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
            data_type::INT8 if !is_raw => {
                let bytes = tensor.int32_data.iter().map(|v| i8::try_from(*v));
                let bytes = bytes.collect::<Result<_, _>>();
                Values::Bytes(bytes.map_err(|_| "a constant of 8 bits has a larger value")?)
            }
            data_type::INT8 => Values::Bytes(raw.iter().map(|b| b.cast_signed()).collect()),
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
            Values::Ints(_) | Values::Bytes(_) => {
                Err("it reads integers where floats are expected".into())
            }
        }
    }

    /// The values as integers.
    pub(crate) fn as_ints(&self) -> Result<&[i64], String> {
        match &self.values {
            Values::Ints(values) => Ok(values),
            Values::Floats(_) | Values::Rounded(_) | Values::Bytes(_) => {
                Err("it reads weights where integers are expected".into())
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

    /// The values in another shape.
    pub(crate) fn with_shape(&self, shape: Vec<usize>) -> Result<Self, String> {
        Self::new(shape, self.values.clone())
    }

    /// The values at `indices`, as a list, or as a single value where `shape` has no axis.
    pub(crate) fn pick(&self, indices: &[usize], shape: Vec<usize>) -> Result<Self, String> {
        let values = match &self.values {
            Values::Ints(values) => Values::Ints(picked(few(values)?, indices)?),
            Values::Floats(values) => Values::Floats(picked(few(values)?, indices)?),
            Values::Rounded(values) => Values::Rounded(picked(few(values)?, indices)?),
            Values::Bytes(values) => Values::Bytes(picked(few(values)?, indices)?),
        };
        Self::new(shape, values)
    }
}

fn picked<T: Copy>(values: &[T], indices: &[usize]) -> Result<Rc<[T]>, String> {
    let value = |at: &usize| values.get(*at).copied();
    let found: Option<Rc<[T]>> = indices.iter().map(value).collect();
    found.ok_or_else(|| "it reads behind the end of a list".into())
}

/// `values`, unless they are too many to compute with.
pub(crate) fn few<T>(values: &[T]) -> Result<&[T], String> {
    refuse_many(values.len()).map(|()| values)
}

/// Refuses to compute so many values.
pub(crate) fn refuse_many(count: usize) -> Result<(), String> {
    if count > MAX_COMPUTED {
        return Err(format!(
            "it computes {count} values from constants, which is done for sizes only"
        ));
    }
    Ok(())
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
