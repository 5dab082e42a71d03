//! The scales of maps: the value of one step of each.

use super::draft::Draft;
use super::op::MOST;
use crate::{Activation, Error, float};

/// The value of one step of each map: the input's first, then that of each operator's result. A map that is added to another
/// has its scale. `most` is the largest magnitude of each operator's result in `plan`.
pub(super) fn scales(
    drafts: &[Draft<'_>],
    plan: &float::Plan,
    most: &[f32],
    input_steps: f32,
) -> Result<Vec<f64>, Error> {
    let mut range_of = vec![0.0; plan.tensors.len()];
    for (op, &most) in plan.ops.iter().zip(most) {
        range_of[op.output] = f64::from(most);
    }
    // A limit is a better range than what images happened to reach, which is nothing where a map was 0 on all of them.
    let range = |draft: &Draft<'_>| match draft.activation {
        Activation::Relu6 => f64::from(draft.activation.range()[1]),
        Activation::None | Activation::Relu => range_of[draft.tensor],
    };
    let is_range = |draft: &Draft<'_>| range(draft).is_normal() && range(draft) > 0.0;
    if !drafts.iter().all(is_range) || !input_steps.is_normal() || input_steps < 0.0 {
        return Err(Error::invalid("a range is not a number above 0"));
    }
    let mut class: Vec<usize> = (0..=drafts.len()).collect();
    for (index, draft) in drafts.iter().enumerate() {
        if let Some(residual) = draft.op.residual {
            let (from, to) = (class[residual.map], class[index + 1]);
            let same = class.iter_mut().filter(|class| **class == from);
            same.for_each(|class| *class = to);
        }
    }
    let mut scale_of = vec![0.0_f64; class.len()];
    scale_of[0] = 1.0 / f64::from(input_steps);
    for (index, draft) in drafts.iter().enumerate() {
        let scale = &mut scale_of[class[index + 1]];
        *scale = scale.max(range(draft) / f64::from(MOST));
    }
    Ok(class.iter().map(|&class| scale_of[class]).collect())
}
