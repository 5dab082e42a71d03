//! Everything a run relies on, checked once; a plan that fails here never reaches a kernel.

use super::kernels::Job;
use super::operator::{Convolution, Operator, pooled};
use super::place::lifetimes;
use super::plan::{Op, Plan};
use crate::Error;
use crate::limits::{MAX_MACS, MAX_MEMORY, MAX_NAME, MAX_OPS, MAX_SOURCES};
use crate::shape::{MAX_CHANNELS, Shape};

/// The plan with its scratch, if it can be run.
pub(super) fn checked(plan: Plan) -> Result<Plan, Error> {
    let scratch = scratch(&plan)?;
    Ok(Plan { scratch, ..plan })
}

/// Checks the plan and gives the scratch it needs, in f32 values.
fn scratch(plan: &Plan) -> Result<usize, Error> {
    check_tables(plan)?;
    let mut written = vec![false; plan.tensors.len()];
    written[plan.input] = true;
    let mut macs = 0_u64;
    for (index, op) in plan.ops.iter().enumerate() {
        let complain = |reason: &str| {
            Error::invalid(format!(
                "operator {index} ({}): {reason}",
                op.operator.name()
            ))
        };
        if op.name.len() > MAX_NAME {
            return Err(complain("its name is too long"));
        }
        if !op
            .operator
            .reads()
            .iter()
            .all(|&id| written.get(id).copied().unwrap_or(false))
        {
            return Err(complain("it reads a map that is not written yet"));
        }
        if written.get(op.output).copied().unwrap_or(true) {
            return Err(complain(
                "it writes a map that is written already or does not exist",
            ));
        }
        check_shapes(plan, op).map_err(complain)?;
        written[op.output] = true;
        macs = macs.saturating_add(op.operator.macs(plan.tensors[op.output].shape));
    }
    if !written.iter().all(|&w| w) || macs > MAX_MACS {
        return Err(Error::invalid(
            "it has maps that nothing writes, or more multiply-adds than any model",
        ));
    }
    check_overlaps(plan)?;
    let scratch = plan
        .ops
        .iter()
        .map(|op| Job::new(plan, op).scratch_len())
        .max()
        .unwrap_or(0);
    if scratch + plan.arena as u64 + plan.weights.len() as u64 > MAX_MEMORY {
        return Err(Error::invalid("it needs more than 1 GiB of memory"));
    }
    usize::try_from(scratch)
        .map_err(|_| Error::invalid("its scratch does not fit the address space"))
}

fn check_tables(plan: &Plan) -> Result<(), Error> {
    if plan.ops.is_empty() || plan.ops.len() > MAX_OPS || plan.tensors.len() != plan.ops.len() + 1 {
        return Err(Error::invalid(
            "the numbers of operators and maps do not fit",
        ));
    }
    if plan.input >= plan.tensors.len()
        || plan.output >= plan.tensors.len()
        || plan.input == plan.output
    {
        return Err(Error::invalid("input or output is not a map of the plan"));
    }
    if plan.arena as u64 > MAX_MEMORY || plan.weights.len() as u64 > MAX_MEMORY {
        return Err(Error::invalid("it needs more than 1 GiB of memory"));
    }
    if !plan.weights.iter().all(|w| w.is_finite()) {
        return Err(Error::invalid("a weight is not a finite number"));
    }
    for tensor in &plan.tensors {
        tensor.shape.check()?;
        if tensor.offset as u64 + tensor.shape.len() as u64 > plan.arena as u64 {
            return Err(Error::invalid("a map lies outside the arena"));
        }
    }
    Ok(())
}

fn check_shapes(plan: &Plan, op: &Op) -> Result<(), &'static str> {
    let shape = |id: usize| plan.tensors[id].shape;
    let out = shape(op.output);
    let fits = match &op.operator {
        Operator::Conv(conv) => return check_conv(plan, conv, out),
        Operator::MaxPool(source) => pooled(shape(*source)) == out,
        Operator::Resize(source) => shape(*source).c == out.c,
        Operator::Add(a, b) => shape(*a) == out && shape(*b) == out,
        Operator::Sigmoid(source) | Operator::Activate(source, _) => shape(*source) == out,
    };
    if fits {
        Ok(())
    } else {
        Err("its shapes do not fit together")
    }
}

fn check_conv(plan: &Plan, conv: &Convolution<usize>, out: Shape) -> Result<(), &'static str> {
    let inputs = conv.inputs;
    if conv.sources.is_empty() || conv.sources.len() > MAX_SOURCES || inputs > MAX_CHANNELS {
        return Err("it has no source or too many");
    }
    if Shape::new(conv.height, conv.width, 1).check().is_err() {
        return Err("its input is out of range");
    }
    if conv.output() != Some((out.h, out.w)) {
        return Err("its geometry is unsupported or does not give its output");
    }
    if conv
        .residual
        .is_some_and(|id| plan.tensors[id].shape != out)
    {
        return Err("its residual has another shape");
    }
    if conv.residual_first && (conv.residual.is_none() || conv.kernel != 1) {
        return Err("only a 1x1 kernel adds a residual before its activation");
    }
    let read = match (conv.depthwise, &conv.sources[..]) {
        (false, _) => inputs,
        (true, [source]) if plan.tensors[*source].shape == plain(conv, out) => 1,
        (true, _) => return Err("it is depthwise and does not give its one source's channels"),
    };
    let count = (conv.kernel * conv.kernel) as u64 * read as u64 * out.c as u64;
    let end = |from: usize, count: u64| (from as u64).saturating_add(count);
    let all = plan.weights.len() as u64;
    if end(conv.weights, count) > all || end(conv.bias, out.c as u64) > all {
        return Err("its weights lie outside the plan");
    }
    Ok(())
}

/// The shape of a depthwise convolution's source.
fn plain(conv: &Convolution<usize>, out: Shape) -> Shape {
    Shape::new(conv.height, conv.width, out.c)
}

/// No operator may write over a map that is still to be read, except where its kernel allows it.
fn check_overlaps(plan: &Plan) -> Result<(), Error> {
    let lives = lifetimes(plan);
    let span = |id: usize| {
        let tensor = &plan.tensors[id];
        (tensor.offset, tensor.offset + tensor.shape.len())
    };
    let disjoint = |a: (usize, usize), b: (usize, usize)| a.1 <= b.0 || b.1 <= a.0;
    for (index, op) in plan.ops.iter().enumerate() {
        let now = index + 1;
        for (id, &(first, last)) in lives.iter().enumerate() {
            let alive = first < now && now <= last && id != op.output;
            if !alive || disjoint(span(id), span(op.output)) {
                continue;
            }
            if last > now || !may_overlap(plan, op, id) {
                return Err(Error::invalid(format!(
                    "operator {index} ({}) overwrites a live map",
                    op.operator.name()
                )));
            }
        }
    }
    Ok(())
}

/// Whether the operator's kernel may write its output over `id`, which dies with it.
fn may_overlap(plan: &Plan, op: &Op, id: usize) -> bool {
    let (source, out) = (&plan.tensors[id], &plan.tensors[op.output]);
    match &op.operator {
        Operator::Add(..) | Operator::Sigmoid(_) | Operator::Activate(..) => {
            source.offset == out.offset
        }
        Operator::MaxPool(_) | Operator::Resize(_) => false,
        Operator::Conv(conv) if !conv.sources.contains(&id) => source.offset == out.offset,
        Operator::Conv(conv) => {
            let plain = (source.shape.h, source.shape.w) == (conv.height, conv.width);
            let slides =
                plain && source.shape.row() == out.shape.row() && conv.residual != Some(id);
            let lead = plan.algorithm(conv, out.shape).sliding_lead(out.shape);
            slides && lead.is_some_and(|lead| out.offset + lead <= source.offset)
        }
    }
}
