//! Positions of a bilinear resize.

/// Where position `index` of `to` positions falls among `from` positions, with half-pixel centres and
/// replicated edges: the two neighbours and the weight of the second.
pub(super) fn half_pixel(index: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let place =
        ((index as f32 + 0.5) * (from as f32 / to as f32) - 0.5).clamp(0.0, (from - 1) as f32);
    let low = place as usize;
    (low, (low + 1).min(from - 1), place - low as f32)
}
