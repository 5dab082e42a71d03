//! From a graph to a plan: drop dead operators, fuse, order, place.

use super::graph::{Graph, Node, TensorId};
use super::operator::{Convolution, Operator};
use super::plan::{Op, Plan};
use super::tensor::Tensor;
use super::{place, validate};
use crate::{Activation, Error};

impl Graph {
    /// Drops what `output` does not need, fuses, orders, and places every map in one arena.
    ///
    /// # Errors
    /// [`Error::Graph`] for an unknown id, [`Error::Invalid`] when the network is beyond the caps of a plan.
    pub fn finish(self, output: TensorId) -> Result<Plan, Error> {
        self.known("finish", output)?;
        lower(self, output.0)
    }
}

fn lower(mut graph: Graph, output: usize) -> Result<Plan, Error> {
    let output = fuse(&mut graph.nodes, output);
    let order = schedule(&graph.nodes, output);
    // A graph that gives its own input back has nothing to run; plans always end in an operator.
    if order.is_empty() {
        return Err(Error::Graph {
            op: "finish",
            reason: "the output is the input".into(),
        });
    }
    let mut ids = vec![usize::MAX; graph.nodes.len()];
    ids[0] = 0;
    for (position, &node) in order.iter().enumerate() {
        ids[node] = position + 1;
    }
    let shapes = std::iter::once(&0)
        .chain(&order)
        .map(|&node| graph.nodes[node].shape);
    let tensors = shapes.map(|shape| Tensor { shape, offset: 0 }).collect();
    let ops = order
        .iter()
        .map(|&node| op(&graph.nodes[node], &ids))
        .collect::<Option<Vec<_>>>();
    let mut plan = Plan {
        tensors,
        ops: ops.ok_or_else(|| Error::invalid("an input stands among the operators"))?,
        weights: graph.weights,
        input: 0,
        output: ids[output],
        arena: 0,
        scratch: 0,
    };
    prune_weights(&mut plan);
    place::place(&mut plan);
    validate::checked(plan)
}

fn reads(node: &Node) -> Vec<usize> {
    node.operator.as_ref().map_or(Vec::new(), Operator::reads)
}

/// How many live operators read each node; the output counts as read once more.
fn uses(nodes: &[Node], output: usize) -> Vec<usize> {
    let mut uses = vec![0; nodes.len()];
    uses[output] = 1;
    for index in (0..nodes.len()).rev().filter(|&index| index <= output) {
        if uses[index] > 0 {
            for source in reads(&nodes[index]) {
                uses[source] += 1;
            }
        }
    }
    uses
}

/// Folds activation, add and resize into the convolution next to them. A fused node takes the later node's place,
/// so ids stay topological; nodes that lost their last reader are dropped by the schedule.
fn fuse(nodes: &mut [Node], output: usize) -> usize {
    for index in 0..=output {
        // Counting again after each fusion keeps this simple; a graph has a few hundred nodes.
        let uses = uses(nodes, output);
        if uses[index] > 0
            && let Some((named, conv)) = fused(nodes, &uses, index)
        {
            if nodes[index].name.is_empty() {
                nodes[index].name = nodes[named].name.clone();
            }
            nodes[index].operator = Some(Operator::Conv(conv));
        }
    }
    output
}

/// The convolution that node `index` becomes together with those next to it, and the node that gives it its name.
fn fused(nodes: &[Node], uses: &[usize], index: usize) -> Option<(usize, Convolution<usize>)> {
    let sole = |id: usize, fits: fn(&Convolution<usize>) -> bool| match &nodes[id].operator {
        Some(Operator::Conv(conv)) if uses[id] == 1 && fits(conv) => Some(conv.clone()),
        _ => None,
    };
    match nodes[index].operator.as_ref()? {
        Operator::Activate(x, activation) => {
            let conv = sole(*x, takes_activation)?;
            Some((*x, activated(conv, *activation)))
        }
        Operator::Add(a, b) if a != b => {
            let (late, early) = if a > b { (*a, *b) } else { (*b, *a) };
            let take = |id, other| {
                let conv = sole(id, |conv| conv.residual.is_none())?;
                let residual = Some(other);
                Some((id, Convolution { residual, ..conv }))
            };
            take(late, early).or_else(|| take(early, late))
        }
        Operator::Conv(conv) if !conv.depthwise => {
            let mut conv = conv.clone();
            for source in &mut conv.sources {
                if let Some(Operator::Resize(small)) = nodes[*source].operator
                    && uses[*source] == 1
                {
                    *source = small;
                }
            }
            Some((index, conv))
        }
        _ => None,
    }
}

/// Whether a convolution can apply an activation to all that it gives.
fn takes_activation(conv: &Convolution<usize>) -> bool {
    conv.activation == Activation::None && (conv.residual.is_none() || conv.kernel == 1)
}

fn activated(conv: Convolution<usize>, activation: Activation) -> Convolution<usize> {
    Convolution {
        activation,
        residual_first: conv.residual.is_some(),
        ..conv
    }
}

/// The live operators in an order that keeps few maps alive: what shrinks its sources at least fourfold
/// (pooling, side outputs) runs as soon as it can, the rest in the order of the graph.
fn schedule(nodes: &[Node], output: usize) -> Vec<usize> {
    let uses = uses(nodes, output);
    let mut order: Vec<usize> = Vec::new();
    for index in (1..=output).filter(|&index| uses[index] > 0) {
        let sources = reads(&nodes[index]);
        let read: usize = sources.iter().map(|&id| nodes[id].shape.len()).sum();
        let ready = order
            .iter()
            .rposition(|id| sources.contains(id))
            .map_or(0, |position| position + 1);
        let shrinks = nodes[index].shape.len().saturating_mul(4) <= read;
        order.insert(if shrinks { ready } else { order.len() }, index);
    }
    order
}

fn op(node: &Node, ids: &[usize]) -> Option<Op> {
    Some(Op {
        name: node.name.clone(),
        operator: node.operator.as_ref()?.map(|id| ids[id]),
        output: 0,
    })
}

/// Numbers the outputs and keeps only the weights of live convolutions, in the order in which they run.
fn prune_weights(plan: &mut Plan) {
    let mut kept = Vec::with_capacity(plan.weights.len());
    for (position, op) in plan.ops.iter_mut().enumerate() {
        op.output = position + 1;
        if let Operator::Conv(conv) = &mut op.operator {
            let outputs = plan.tensors[op.output].shape.c;
            // Weights and bias were appended together, bias last.
            let from = kept.len();
            kept.extend_from_slice(&plan.weights[conv.weights..conv.bias + outputs]);
            conv.bias = from + (conv.bias - conv.weights);
            conv.weights = from;
        }
    }
    plan.weights = kept;
}
