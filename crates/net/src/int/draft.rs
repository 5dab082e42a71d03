//! Operators of a plan in whole numbers, before their scales and weights are set.

use super::op::{MOST, Op, Residual};
use crate::float::{Convolution, Operator, Plan};
use crate::{Activation, Error};

/// An operator without scales and weights, with all that is fused into it.
pub(super) struct Draft<'a> {
    pub(super) op: Op,
    pub(super) conv: &'a Convolution<usize>,
    pub(super) outputs: usize,
    /// The map of the f32 plan that holds its result.
    pub(super) tensor: usize,
    pub(super) activation: Activation,
}

/// The place of a map of the f32 plan.
#[derive(Clone, Copy)]
enum Found {
    /// A map of the new plan.
    Map(usize),
    /// One of half the size, to be doubled by the operator that adds it.
    Half(usize),
}

/// The operators of the plan in whole numbers.
///
/// # Errors
/// [`Error::Invalid`] when `plan` has an operator that has no kernel in whole numbers.
pub(super) fn drafts(plan: &Plan) -> Result<Vec<Draft<'_>>, Error> {
    let mut drafting = Drafting::new(plan);
    for (index, op) in plan.ops.iter().enumerate() {
        let is_last = index + 1 == plan.ops.len();
        let found = match &op.operator {
            Operator::Conv(conv) => drafting.conv(&op.name, conv, op.output),
            Operator::Resize(source) => drafting.resize(*source, op.output),
            Operator::Activate(source, activation) => {
                drafting.activate(*source, *activation, op.output)
            }
            Operator::Sigmoid(source) if is_last => drafting.sigmoid(*source, op.output),
            Operator::Sigmoid(_) | Operator::MaxPool(_) | Operator::Add(..) => {
                Err("it is not among the operators")
            }
        };
        drafting.found[op.output] = Some(found.map_err(|reason| {
            Error::invalid(format!(
                "{} cannot be computed in whole numbers: {reason}",
                op.name
            ))
        })?);
    }
    let last = plan.ops.last().map(|op| &op.operator);
    if !matches!(last, Some(Operator::Sigmoid(_))) {
        return Err(Error::invalid("the network does not end in a sigmoid"));
    }
    Ok(drafting.drafts)
}

struct Drafting<'a> {
    plan: &'a Plan,
    /// How many operators read each map of the f32 plan.
    uses: Vec<usize>,
    /// The place of each map of the f32 plan, as far as it is known.
    found: Vec<Option<Found>>,
    drafts: Vec<Draft<'a>>,
}

impl<'a> Drafting<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut uses = vec![0; plan.tensors.len()];
        let reads = plan.ops.iter().flat_map(|op| op.operator.reads());
        reads.for_each(|id| uses[id] += 1);
        let mut found = vec![None; plan.tensors.len()];
        found[plan.input] = Some(Found::Map(0));
        Self {
            plan,
            uses,
            found,
            drafts: Vec::new(),
        }
    }

    fn map(&self, id: usize) -> Result<usize, &'static str> {
        match self.found[id] {
            Some(Found::Map(map)) => Ok(map),
            _ => Err("a resized map can only be added to another"),
        }
    }

    fn conv(
        &mut self,
        name: &str,
        conv: &'a Convolution<usize>,
        output: usize,
    ) -> Result<Found, &'static str> {
        let residual = match conv.residual.map(|id| self.found[id]) {
            None => None,
            Some(Some(Found::Map(map))) => Some(Residual {
                map,
                doubled: false,
            }),
            Some(Some(Found::Half(map))) => Some(Residual { map, doubled: true }),
            Some(None) => return Err("it adds a map that is not known"),
        };
        let [source] = conv.sources[..] else {
            return Err("it reads joined maps");
        };
        let shape = self.plan.tensors[source].shape;
        let plain = (shape.h, shape.w) == (conv.height, conv.width)
            && conv.dilation == 1
            && conv.pad == conv.kernel / 2;
        if !plain {
            return Err("only undilated kernels with a padding of half their size are supported");
        }
        let op = Op {
            name: name.to_owned(),
            source: self.map(source)?,
            residual,
            kernel: conv.kernel,
            stride: conv.stride,
            depthwise: conv.depthwise,
            // Set with the scales.
            inner: None,
            outer: [-MOST, MOST],
            weights: 0,
            channels: 0,
        };
        self.drafts.push(Draft {
            op,
            conv,
            outputs: self.plan.tensors[output].shape.c,
            tensor: output,
            activation: match conv.residual {
                Some(_) if !conv.residual_first => Activation::None,
                _ => conv.activation,
            },
        });
        Ok(Found::Map(self.drafts.len()))
    }

    fn resize(&self, source: usize, output: usize) -> Result<Found, &'static str> {
        let [small, large] = [source, output].map(|id| self.plan.tensors[id].shape);
        if (2 * small.h, 2 * small.w) != (large.h, large.w) {
            return Err("only a resize to twice the size is supported");
        }
        self.map(source).map(Found::Half)
    }

    fn activate(
        &mut self,
        source: usize,
        activation: Activation,
        output: usize,
    ) -> Result<Found, &'static str> {
        let map = self.map(source)?;
        match self.drafts.last_mut() {
            Some(draft)
                if draft.tensor == source
                    && self.uses[source] == 1
                    && draft.activation == Activation::None =>
            {
                draft.tensor = output;
                draft.activation = activation;
                Ok(Found::Map(map))
            }
            _ => Err("it does not follow the convolution whose result it reads"),
        }
    }

    fn sigmoid(&self, source: usize, output: usize) -> Result<Found, &'static str> {
        match self.map(source)? {
            last if last == self.drafts.len() && self.plan.output == output => Ok(Found::Map(last)),
            _ => Err("it does not read the last convolution"),
        }
    }
}
