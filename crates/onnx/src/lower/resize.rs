//! Resizing.

use cutout_net::{Shape, TensorId};

use super::{Lowering, UNKNOWN, text};
use crate::proto::Node;

impl Lowering<'_> {
    /// Bilinear resizing to sides that are known before any image.
    pub(super) fn resize(&mut self, node: &Node) -> Result<TensorId, String> {
        let source = self.map(node.required(0)?)?;
        let shape = self.graph.shape(source).ok_or(UNKNOWN)?;
        let [height, width] = self.new_sides(node, shape)?;
        let mode = node
            .text("coordinate_transformation_mode")
            .unwrap_or("half_pixel");
        let half_pixel = match mode {
            // Before the operator set 11 there was no such word, and pixels were counted from their corners.
            "half_pixel" => node.input.len() > 2,
            // They differ on results of one row or column only.
            "pytorch_half_pixel" => height > 1 && width > 1,
            _ => false,
        };
        let bilinear = node.text("mode") == Some("linear");
        let antialias = node.int("antialias").unwrap_or(0) != 0;
        if !half_pixel || !bilinear || antialias {
            return Err("only bilinear half-pixel resizing is supported".into());
        }
        self.graph.resize(source, height, width).map_err(text)
    }

    /// Height and width after resizing a map of `shape`: given as sizes, or as factors that give whole sizes.
    fn new_sides(&self, node: &Node, shape: Shape) -> Result<[usize; 2], String> {
        let channels = shape.c as i64;
        // The sizes before those of the sides, which may not change.
        let kept: &[i64] = match node.ints("axes").unwrap_or(&[0, 1, 2, 3]) {
            [0, 1, 2, 3] => &[1, channels],
            [2, 3] => &[],
            axes => return Err(format!("it resizes the axes {axes:?}")),
        };
        let before = [kept, &[shape.h as i64, shape.w as i64]].concat();
        if node
            .text("keep_aspect_ratio_policy")
            .is_some_and(|policy| policy != "stretch")
        {
            return Err("only the policy `stretch` is supported".into());
        }
        // Exporters also leave an input out by a list of no values.
        let given = |index| -> Result<_, String> {
            let constant = node.optional(index).map(|name| self.constant(name));
            Ok(constant
                .transpose()?
                .filter(|constant| constant.shape != [0]))
        };
        let (scales, sizes) = (given(2)?, given(3)?);
        let list = match (sizes, scales) {
            (Some(sizes), _) => sizes.as_ints()?.to_vec(),
            (None, Some(scales)) => {
                let scales = scales.floats()?;
                if scales.len() != before.len() {
                    return Err(format!(
                        "its factors {scales:?} are not those of {} axes",
                        before.len()
                    ));
                }
                let sides = before.iter().zip(scales).map(|(side, scale)| {
                    let side = *side as f32 * scale;
                    let is_whole = side.fract() == 0.0;
                    is_whole.then_some(side as i64)
                });
                let sides: Option<Vec<_>> = sides.collect();
                sides.ok_or_else(|| format!("its factors {scales:?} give no whole sizes"))?
            }
            (None, None) => return Err("it has neither sizes nor factors".into()),
        };
        let odd = || format!("its result has the sizes {list:?}");
        let side = |of: i64| usize::try_from(of).map_err(|_| odd());
        match list.strip_prefix(kept) {
            Some([height, width]) => Ok([side(*height)?, side(*width)?]),
            _ => Err(odd()),
        }
    }
}
