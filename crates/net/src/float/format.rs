//! The plan file.
//!
//! Its body is a sequence of u32 words (counts, shapes, offsets), names (length and bytes, padded to a word) and
//! at the end the weights as raw f32. Reading checks only that the words are there; [`super::validate`] judges them.

use super::operator::{Convolution, Operator};
use super::plan::{Op, Plan};
use super::tensor::Tensor;
use super::validate;
use crate::limits::{MAX_OPS, MAX_SOURCES};
use crate::words::{self, Reader, Writer};
use crate::{Activation, Error, Shape};

const MAGIC: [u8; 8] = *b"cutplan\0";
const VERSION: u32 = 2;

impl Plan {
    /// Reads a plan file and checks everything a run relies on.
    ///
    /// # Errors
    /// [`Error::NotAPlan`], [`Error::Version`], [`Error::Checksum`] or [`Error::Invalid`]; whatever the bytes,
    /// the result is an error or a plan that is safe to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut body = Reader(words::body(MAGIC, VERSION, bytes)?);
        let plan = body.plan().ok_or_else(|| {
            Error::invalid("the tables are cut short or hold an unknown operator")
        })?;
        validate::checked(plan)
    }

    /// The plan as a file: versioned, checksummed, little-endian; the inverse of [`Plan::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(
            self.weights.len() * 4 + self.ops.len() * 96 + 64,
        ));
        out.words(&[
            self.tensors.len(),
            self.ops.len(),
            self.weights.len(),
            self.input,
            self.output,
            self.arena,
        ]);
        for Tensor { shape, offset } in &self.tensors {
            out.words(&[shape.h, shape.w, shape.c, *offset]);
        }
        for op in &self.ops {
            out.op(op);
        }
        for weight in &self.weights {
            out.0.extend_from_slice(&weight.to_le_bytes());
        }
        words::file(MAGIC, VERSION, &out.0)
    }
}

impl Writer {
    fn op(&mut self, op: &Op) {
        self.name(&op.name);
        self.word(op.output);
        match &op.operator {
            Operator::Conv(conv) => self.conv(conv),
            Operator::MaxPool(source) => self.words(&[1, *source]),
            Operator::Resize(source) => self.words(&[2, *source]),
            Operator::Add(a, b) => self.words(&[3, *a, *b]),
            Operator::Sigmoid(source) => self.words(&[4, *source]),
            Operator::Activate(source, activation) => {
                self.words(&[5, *source, *activation as usize]);
            }
        }
    }

    fn conv(&mut self, conv: &Convolution<usize>) {
        self.words(&[0, conv.sources.len()]);
        self.words(&conv.sources);
        self.words(&[
            conv.height,
            conv.width,
            conv.kernel,
            conv.stride,
            conv.pad,
            conv.dilation,
            usize::from(conv.depthwise),
            conv.activation as usize,
            conv.residual.unwrap_or(usize::MAX),
            usize::from(conv.residual_first),
            conv.weights,
            conv.bias,
        ]);
    }
}

impl Reader<'_> {
    fn plan(&mut self) -> Option<Plan> {
        let [tensor_count, op_count, weight_count, input, output, arena] = self.words()?;
        if op_count > MAX_OPS || tensor_count > MAX_OPS + 1 {
            return None;
        }
        let mut tensors = Vec::with_capacity(tensor_count);
        for _ in 0..tensor_count {
            let [h, w, c, offset] = self.words()?;
            tensors.push(Tensor {
                shape: Shape::new(h, w, c),
                offset,
            });
        }
        let mut ops = Vec::with_capacity(op_count);
        for _ in 0..op_count {
            ops.push(self.op(&tensors)?);
        }
        // The rest is weights and nothing else; its length bounds the allocation.
        if self.0.len() as u64 != weight_count as u64 * 4 {
            return None;
        }
        let (words, _) = self.0.as_chunks::<4>();
        let weights = words.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Some(Plan {
            tensors,
            ops,
            weights,
            input,
            output,
            arena,
            scratch: 0,
        })
    }

    fn op(&mut self, tensors: &[Tensor]) -> Option<Op> {
        let name = self.name()?;
        let [output, kind] = self.words()?;
        let operator = match kind {
            0 => Operator::Conv(self.conv(tensors)?),
            1 => Operator::MaxPool(self.word()?),
            2 => Operator::Resize(self.word()?),
            3 => Operator::Add(self.word()?, self.word()?),
            4 => Operator::Sigmoid(self.word()?),
            5 => Operator::Activate(self.word()?, self.activation()?),
            _ => return None,
        };
        Some(Op {
            name,
            operator,
            output,
        })
    }

    fn conv(&mut self, tensors: &[Tensor]) -> Option<Convolution<usize>> {
        let count = self.word().filter(|&n| n <= MAX_SOURCES)?;
        let sources = (0..count)
            .map(|_| self.word())
            .collect::<Option<Vec<_>>>()?;
        // A source that does not exist is judged with the shapes.
        let channels = sources
            .iter()
            .filter_map(|&id| Some(tensors.get(id)?.shape.c));
        let inputs = channels.fold(0, usize::saturating_add);
        let [height, width, kernel, stride, pad, dilation] = self.words()?;
        let depthwise = self.flag()?;
        let activation = self.activation()?;
        let residual = self.word_or_none()?;
        let residual_first = self.flag()?;
        let [weights, bias] = self.words()?;
        Some(Convolution {
            sources,
            height,
            width,
            inputs,
            kernel,
            stride,
            pad,
            dilation,
            depthwise,
            activation,
            residual,
            residual_first,
            weights,
            bias,
        })
    }

    fn activation(&mut self) -> Option<Activation> {
        Activation::ALL.get(self.word()?).copied()
    }
}

#[cfg(test)]
mod tests;
