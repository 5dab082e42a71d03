//! How sure a map is.

use super::parts::Parts;

/// Weight of [`scatter`] in [`doubt`].
const SCATTER: f64 = 0.2;

/// How undecided `map` is (side × side values of 0…1, row-major): the mean of 4m(1 − m) over the square root of the
/// mean of m, so that small subjects are not sure for being small, and [`scatter`]. From 0 on; looks are compared by it.
pub(super) fn doubt(map: &[f32], side: usize) -> f64 {
    let (mut undecided, mut sum) = (0.0, 0.0);
    for &value in map {
        let value = f64::from(value);
        undecided += 4.0 * value * (1.0 - value);
        sum += value;
    }
    let cells = map.len().max(1) as f64;
    undecided / cells / (sum / cells).max(1e-6).sqrt() + SCATTER * scatter(map, side)
}

/// The share of the subject that is outside its largest part, 0…1; 1 where `map` has no cell above one half.
pub(super) fn scatter(map: &[f32], side: usize) -> f64 {
    let parts = Parts::of(map, side, |value| value > 0.5);
    let counts = parts.sums(|_| 1.0);
    let largest = counts[1..].iter().copied().fold(0.0, f64::max);
    let all = map.len() as f64 - counts[0];
    if all > 0.0 { 1.0 - largest / all } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_grows_with_what_is_undecided_or_scattered_and_not_with_a_small_subject() {
        let map = |value: f32, cells: &[usize]| {
            let mut map = vec![0.0; 64];
            cells.iter().for_each(|&cell| map[cell] = value);
            map
        };
        let cases: [(&str, Vec<f32>, f64); 5] = [
            ("sure", map(1.0, &[0, 1, 8, 9]), 0.0),
            ("half sure", map(0.5, &[0, 1, 8, 9]), 0.553_55),
            ("half of it apart", map(1.0, &[0, 1, 62, 63]), 0.1),
            ("one of four apart", map(1.0, &[0, 1, 8, 63]), 0.05),
            ("nothing", map(1.0, &[]), 0.2),
        ];
        for (name, map, expected) in cases {
            let found = doubt(&map, 8);
            assert!((found - expected).abs() < 1e-4, "{name}: {found}");
        }
    }
}
