//! Confidence intervals of ratios of medians, by the bootstrap.

use fastrand::Rng;

use super::stats::{median, quantile};
use super::tables::with_samples;
use crate::figure::Figure;
use crate::record::{Record, Series};

/// How often samples are drawn anew.
pub(super) const DRAWS: usize = 10_000;

/// Fewest rounds of which an interval is given: drawing from fewer shows little of what might have been measured.
pub(super) const FEWEST: usize = 5;

/// The middle 95 % of what the ratio is in draws with replacement: the percentile interval (Efron, 1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl Interval {
    /// That of the median of `row` over that of `over`, the same at every call; `None` of too few samples.
    ///
    /// Rounds are drawn and not samples, where each has as many: samples of one process are alike, and rows of one round
    /// share the machine's speed.
    pub(super) fn of_ratio(record: &Record, figure: Figure, row: &str, over: &str) -> Option<Self> {
        let find = |row: &str| with_samples(record, &[figure]).find(|s| s.row == row);
        let (above, below): (&Series, &Series) = (find(row)?, find(over)?);
        let (above, below) = (&above.samples, &below.samples);
        let rounds = record.about.rounds;
        let is_whole = |samples: &[f64]| rounds > 0 && samples.len().is_multiple_of(rounds);
        let mut random = Rng::with_seed(record.about.seed);
        let ratios: Vec<f64> = if is_whole(above) && is_whole(below) {
            if rounds < FEWEST {
                return None;
            }
            let draw = |_| {
                let drawn = drawn(rounds, &mut random);
                median(&of_rounds(above, rounds, &drawn))
                    / median(&of_rounds(below, rounds, &drawn))
            };
            (0..DRAWS).map(draw).collect()
        } else {
            if above.len().min(below.len()) < FEWEST {
                return None;
            }
            let mut some = |samples: &[f64]| {
                let drawn = drawn(samples.len(), &mut random);
                median(&of_rounds(samples, samples.len(), &drawn))
            };
            (0..DRAWS).map(|_| some(above) / some(below)).collect()
        };
        Some(Self::around(&ratios))
    }

    fn around(ratios: &[f64]) -> Self {
        Self {
            least: quantile(ratios, 0.025),
            greatest: quantile(ratios, 0.975),
        }
    }

    /// Whether both rows may be the same.
    pub(super) fn has_one(self) -> bool {
        self.least <= 1.0 && 1.0 <= self.greatest
    }
}

/// As many of `count` things as there are, each of any of them.
fn drawn(count: usize, random: &mut Rng) -> Vec<usize> {
    (0..count).map(|_| random.usize(..count)).collect()
}

/// The samples of the rounds `drawn`, of which each has as many.
fn of_rounds(samples: &[f64], rounds: usize, drawn: &[usize]) -> Vec<f64> {
    let each = samples.len() / rounds;
    let of = |round: &usize| &samples[round * each..(round + 1) * each];
    drawn.iter().flat_map(of).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;

    fn interval(rounds: usize, above: &[f64], below: &[f64]) -> Option<Interval> {
        let figure = Figure::Steady;
        let mut record = record(&[("a", figure, None, above), ("b", figure, None, below)]);
        record.about.rounds = rounds;
        Interval::of_ratio(&record, figure, "a", "b")
    }

    /// Survival of mice in days, of Efron and Tibshirani, An Introduction to the Bootstrap (1993), table 2.1.
    const MICE: [f64; 7] = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0];

    /// The median of seven draws is the k-th of the seven values with the probabilities .0102, .0981, .2386, .3062, .2386,
    /// .0981, .0102 (from the binomial distribution), so the middle 95 % reach from the second to the sixth.
    #[test]
    fn the_interval_of_a_median_is_that_of_the_known_distribution() {
        let expected = Interval {
            least: 23.0,
            greatest: 141.0,
        };
        assert_eq!(interval(7, &MICE, &[1.0; 7]), Some(expected));
        // Samples that do not come in rounds.
        assert_eq!(interval(3, &MICE, &[1.0; 7]), Some(expected));
    }

    /// The book's table 2.2 has 37.83 as the standard error of that median for draws without end.
    #[test]
    fn draws_spread_as_published() {
        let mut random = Rng::with_seed(1);
        let draw = |_| median(&of_rounds(&MICE, 7, &drawn(7, &mut random)));
        let medians: Vec<f64> = (0..DRAWS).map(draw).collect();
        let mean = medians.iter().sum::<f64>() / DRAWS as f64;
        let squares = medians.iter().map(|median| (median - mean).powi(2));
        let error = (squares.sum::<f64>() / (DRAWS - 1) as f64).sqrt();
        assert!((error - 37.83).abs() < 1.0, "{error}");
    }

    #[test]
    fn what_changes_with_the_round_alone_does_not_widen_a_ratio() {
        let speeds = [1.0, 5.0, 2.0, 9.0, 3.0, 7.0];
        let above: Vec<f64> = speeds.iter().flat_map(|s| [s * 3.0; 3]).collect();
        let found = interval(6, &above, &speeds).unwrap();
        assert_eq!((found.least, found.greatest), (3.0, 3.0));
        assert!(!found.has_one());
        // The same samples, of which nobody knows the rounds.
        let found = interval(5, &above, &speeds).unwrap();
        assert!(found.least < 2.0 && found.greatest > 5.0, "{found:?}");
    }

    #[test]
    fn too_few_rounds_have_no_interval_whatever_the_samples_in_each() {
        assert_eq!(interval(4, &[1.0; 400], &[2.0; 4]), None);
        assert_eq!(interval(0, &[1.0; 4], &[2.0; 4]), None);
        assert!(interval(FEWEST, &[1.0; FEWEST], &[2.0; FEWEST]).is_some());
    }
}
