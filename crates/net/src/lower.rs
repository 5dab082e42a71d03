//! From a graph to a plan: drop dead operators, fuse, order, place.

use crate::graph::{Graph, Node, NodeKind};
use crate::plan::{ConvOp, Op, OpKind, Tensor};
use crate::{Activation, Error, Plan, place, validate};

pub(crate) fn lower(mut graph: Graph, output: usize) -> Result<Plan, Error> {
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
    plan.scratch = validate::check(&plan)?;
    Ok(plan)
}

fn reads(node: &Node) -> Vec<usize> {
    match &node.kind {
        NodeKind::Input => Vec::new(),
        NodeKind::Conv(conv) => conv.sources.iter().copied().chain(conv.residual).collect(),
        NodeKind::Add(a, b) => vec![*a, *b],
        NodeKind::MaxPool(x)
        | NodeKind::Resize(x)
        | NodeKind::Sigmoid(x)
        | NodeKind::Activate(x, _) => vec![*x],
    }
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
        let sole_conv = |id: usize| match &nodes[id].kind {
            NodeKind::Conv(conv) if uses[id] == 1 && conv.residual.is_none() => Some(conv.clone()),
            _ => None,
        };
        let sole_linear = |id: usize| match &nodes[id].kind {
            NodeKind::Conv(conv) if uses[id] == 1 && takes_activation(conv) => Some(conv.clone()),
            _ => None,
        };
        let fused = match &nodes[index].kind {
            _ if uses[index] == 0 => None,
            NodeKind::Activate(x, activation) => {
                sole_linear(*x).map(|conv| (*x, activated(conv, *activation)))
            }
            NodeKind::Add(a, b) if a != b => {
                let (late, early) = if a > b { (*a, *b) } else { (*b, *a) };
                let choice = sole_conv(late).map(|conv| (late, early, conv));
                choice
                    .or_else(|| sole_conv(early).map(|conv| (early, late, conv)))
                    .map(|(id, other, mut conv)| {
                        conv.residual = Some(other);
                        (id, conv)
                    })
            }
            NodeKind::Conv(conv) if !conv.depthwise => {
                let mut conv = conv.clone();
                for source in &mut conv.sources {
                    if let NodeKind::Resize(small) = nodes[*source].kind
                        && uses[*source] == 1
                    {
                        *source = small;
                    }
                }
                Some((index, conv))
            }
            _ => None,
        };
        if let Some((named, conv)) = fused {
            if nodes[index].name.is_empty() {
                nodes[index].name = nodes[named].name.clone();
            }
            nodes[index].kind = NodeKind::Conv(conv);
        }
    }
    output
}

/// Whether a convolution can apply an activation to all that it gives.
fn takes_activation(conv: &ConvOp) -> bool {
    conv.activation == Activation::None && (conv.residual.is_none() || conv.kernel == 1)
}

fn activated(conv: ConvOp, activation: Activation) -> ConvOp {
    ConvOp {
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
    let kind = match &node.kind {
        NodeKind::Input => return None,
        NodeKind::Conv(conv) => OpKind::Conv(ConvOp {
            sources: conv.sources.iter().map(|&id| ids[id]).collect(),
            residual: conv.residual.map(|id| ids[id]),
            ..conv.clone()
        }),
        NodeKind::MaxPool(x) => OpKind::MaxPool { source: ids[*x] },
        NodeKind::Resize(x) => OpKind::Resize { source: ids[*x] },
        NodeKind::Add(a, b) => OpKind::Add {
            a: ids[*a],
            b: ids[*b],
        },
        NodeKind::Sigmoid(x) => OpKind::Sigmoid { source: ids[*x] },
        NodeKind::Activate(x, activation) => OpKind::Activate {
            source: ids[*x],
            activation: *activation,
        },
    };
    Some(Op {
        name: node.name.clone(),
        kind,
        output: 0,
    })
}

/// Numbers the outputs and keeps only the weights of live convolutions, in the order in which they run.
fn prune_weights(plan: &mut Plan) {
    let mut kept = Vec::with_capacity(plan.weights.len());
    for (position, op) in plan.ops.iter_mut().enumerate() {
        op.output = position + 1;
        if let OpKind::Conv(conv) = &mut op.kind {
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
