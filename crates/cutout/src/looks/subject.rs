//! Whether an image has a subject at all.

use crate::OutputRule;

/// The least that a network which has found a subject says somewhere in its map.
pub(super) fn least(rule: OutputRule) -> f32 {
    match rule {
        // u2netp: at least 0.31 in the photos that it was tried with, at most 0.144 in blank images and gradients.
        OutputRule::MinMax => 0.2,
        // More likely than not; cutnet: at least 0.998 in photos.
        OutputRule::Probability => 0.5,
    }
}

/// Means of an image's blocks have at least this share of its variance, unless it is noise: 0.2 in photos, at most
/// 0.076 in noise.
const STRUCTURE: f64 = 0.1;
/// Means of an image's blocks bend at least so much, as a share of their variance, unless it is a gradient: 0.54 in
/// photos, at most 0.201 in gradients.
const BENDING: f64 = 0.33;
/// Blocks in a row and in a column.
const BLOCKS: usize = 8;

/// A map with more doubt than this is as good as none, in noise and gradients.
const DOUBTFUL: f64 = 0.2;

/// The largest of a network's probabilities, and the share of those above one half.
pub(super) fn certainty(map: &[f32]) -> (f32, f64) {
    // `f32::max` is a call in WebAssembly.
    let larger = |most: f32, value: f32| if value > most { value } else { most };
    let largest = map.iter().copied().fold(f32::NEG_INFINITY, larger);
    let sure = map.iter().filter(|value| **value > 0.5).count();
    (largest, sure as f64 / map.len().max(1) as f64)
}

/// Whether what a network with such a [`certainty`] and such a doubt has found in `input`, what it saw (side × side × 3
/// values), is a subject. In noise and gradients a network finds all, or nothing that it is sure of, and neither is one.
pub(super) fn is_there(largest: f32, sure: f64, doubt: f64, input: &[f32], side: usize) -> bool {
    let all_or_nothing = largest < 0.9 || sure > 0.98 || doubt > DOUBTFUL;
    !(all_or_nothing && is_plain(input, side))
}

/// Whether an image is noise, or a gradient.
fn is_plain(input: &[f32], side: usize) -> bool {
    let block = side.div_ceil(BLOCKS).max(1);
    let blocks = side.div_ceil(block);
    let (mut within, mut between, mut bending) = (0.0, 0.0, 0.0);
    for channel in 0..3 {
        let mut means = vec![(0.0_f64, 0.0_f64); blocks * blocks];
        let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
        for (cell, values) in input.as_chunks::<3>().0.iter().enumerate() {
            let value = f64::from(values[channel]);
            let (x, y) = (cell % side / block, cell / side / block);
            let mean = &mut means[y * blocks + x];
            *mean = (mean.0 + value, mean.1 + 1.0);
            sum += value;
            squares += value * value;
        }
        let cells = (side * side).max(1) as f64;
        within += squares / cells - (sum / cells).powi(2);
        let means: Vec<f64> = means.iter().map(|(sum, count)| sum / count).collect();
        between += variance(&means);
        bending += bend(&means, blocks);
    }
    between < STRUCTURE * within || bending < BENDING * between
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    squares.sum::<f64>() / values.len() as f64
}

/// The mean square of second differences, along rows and along columns together.
fn bend(means: &[f64], blocks: usize) -> f64 {
    let inner = 1..blocks.saturating_sub(1);
    let places = inner.flat_map(|i| (0..blocks).map(move |j| (i, j)));
    let squares = places.map(|(i, j)| {
        let second = |at: usize, step: usize| {
            (means[at - step] - 2.0 * means[at] + means[at + step]).powi(2)
        };
        second(j * blocks + i, 1) + second(i * blocks + j, blocks)
    });
    squares.sum::<f64>() / (blocks.saturating_sub(2) * blocks).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 32;

    fn input(value: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let cells = (0..SIDE * SIDE).flat_map(|cell| [value(cell % SIDE, cell / SIDE); 3]);
        cells.collect()
    }

    #[test]
    fn a_subject_is_what_a_network_is_sure_of_in_something_other_than_noise() {
        let noise = input(|x, y| ((x * 7919 + y * 104_729) % 251) as f32 / 251.0);
        let halves = input(|x, _| if x < 16 { 0.0 } else { 1.0 });
        let slope = input(|x, y| (x + 2 * y) as f32 / 96.0);
        let round = input(|x, y| (x as f32 - 16.0).hypot(y as f32 - 16.0) / 23.0);
        // All of the map, but for as many cells from the first on that have 0.
        let map = |value: f32, without: usize| {
            let mut map = vec![value; SIDE * SIDE];
            map[..without].fill(0.0);
            map
        };
        let cases = [
            ("sure, of something", map(1.0, 512), &halves, true),
            ("hardly sure, of something", map(0.25, 512), &halves, true),
            ("hardly sure, of noise", map(0.5, 512), &noise, false),
            ("sure, of all of a noise", map(1.0, 2), &noise, false),
            ("sure, of a part of a noise", map(1.0, 512), &noise, true),
            ("sure, of all", map(1.0, 0), &halves, true),
            ("hardly sure, of a slope", map(0.5, 512), &slope, false),
            ("hardly sure, of rings", map(0.5, 512), &round, false),
            ("sure, of a part of a slope", map(1.0, 512), &slope, true),
        ];
        assert!(!is_there(1.0, 0.5, 0.6, &noise, SIDE), "doubtful, of noise");
        assert!(
            is_there(1.0, 0.5, 0.6, &halves, SIDE),
            "doubtful, of something"
        );
        for (name, map, input, expected) in cases {
            let (largest, sure) = certainty(&map);
            assert_eq!(
                is_there(largest, sure, 0.1, input, SIDE),
                expected,
                "{name}"
            );
        }
    }
}
