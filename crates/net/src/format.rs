//! The plan file.
//!
//! Its body is a sequence of u32 words (counts, shapes, offsets), names (length and bytes, padded to a word) and
//! at the end the weights as raw f32. Reading checks only that the words are there; [`crate::validate`] judges them.

use crate::plan::{ConvOp, MAX_OPS, MAX_SOURCES, Op, OpKind, Plan, Tensor};
use crate::shape::Shape;
use crate::words::{self, Reader, Writer};
use crate::{Activation, Error};

const MAGIC: [u8; 8] = *b"cutplan\0";
const VERSION: u32 = 2;

pub(crate) fn write(plan: &Plan) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(
        plan.weights.len() * 4 + plan.ops.len() * 96 + 64,
    ));
    for n in [
        plan.tensors.len(),
        plan.ops.len(),
        plan.weights.len(),
        plan.input,
        plan.output,
        plan.arena,
    ] {
        out.word(n);
    }
    for tensor in &plan.tensors {
        for n in [
            tensor.shape.h,
            tensor.shape.w,
            tensor.shape.c,
            tensor.offset,
        ] {
            out.word(n);
        }
    }
    for op in &plan.ops {
        out.op(op);
    }
    for weight in &plan.weights {
        out.0.extend_from_slice(&weight.to_le_bytes());
    }
    words::file(MAGIC, VERSION, &out.0)
}

impl Writer {
    fn op(&mut self, op: &Op) {
        self.name(&op.name);
        self.word(op.output);
        match &op.kind {
            OpKind::Conv(conv) => {
                self.word(0);
                self.word(conv.sources.len());
                conv.sources.iter().for_each(|&id| self.word(id));
                for n in [
                    conv.height,
                    conv.width,
                    conv.kernel,
                    conv.stride,
                    conv.pad,
                    conv.dilation,
                ] {
                    self.word(n);
                }
                for n in [
                    usize::from(conv.depthwise),
                    conv.activation as usize,
                    conv.residual.unwrap_or(usize::MAX),
                    usize::from(conv.residual_first),
                    conv.weights,
                    conv.bias,
                ] {
                    self.word(n);
                }
            }
            OpKind::MaxPool { source } => self.words(&[1, *source]),
            OpKind::Resize { source } => self.words(&[2, *source]),
            OpKind::Add { a, b } => self.words(&[3, *a, *b]),
            OpKind::Sigmoid { source } => self.words(&[4, *source]),
            OpKind::Activate { source, activation } => {
                self.words(&[5, *source, *activation as usize]);
            }
        }
    }
}

pub(crate) fn read(bytes: &[u8]) -> Result<Plan, Error> {
    let mut body = Reader(words::body(MAGIC, VERSION, bytes)?);
    body.plan()
        .ok_or_else(|| Error::invalid("the tables are cut short or hold an unknown operator"))
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
            ops.push(self.op()?);
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

    fn op(&mut self) -> Option<Op> {
        let name = self.name()?;
        let [output, kind] = self.words()?;
        let kind = match kind {
            0 => OpKind::Conv(self.conv()?),
            1 => OpKind::MaxPool {
                source: self.word()?,
            },
            2 => OpKind::Resize {
                source: self.word()?,
            },
            3 => OpKind::Add {
                a: self.word()?,
                b: self.word()?,
            },
            4 => OpKind::Sigmoid {
                source: self.word()?,
            },
            5 => OpKind::Activate {
                source: self.word()?,
                activation: self.activation()?,
            },
            _ => return None,
        };
        Some(Op { name, kind, output })
    }

    fn conv(&mut self) -> Option<ConvOp> {
        let count = self.word().filter(|&n| n <= MAX_SOURCES)?;
        let sources = (0..count)
            .map(|_| self.word())
            .collect::<Option<Vec<_>>>()?;
        let [height, width, kernel, stride, pad, dilation] = self.words()?;
        let depthwise = self.flag()?;
        let activation = self.activation()?;
        let residual = self.word_or_none()?;
        let residual_first = self.flag()?;
        let [weights, bias] = self.words()?;
        Some(ConvOp {
            sources,
            height,
            width,
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
