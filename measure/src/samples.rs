//! Samples as they come in.

use std::collections::{BTreeMap, BTreeSet};

use crate::figure::Figure;
use crate::record::Series;
use crate::report::median;

/// Samples of each figure, row and count.
#[derive(Default)]
pub(crate) struct Samples {
    samples: BTreeMap<(Figure, String, Option<usize>), Vec<f64>>,
    /// Rows whose processes produced different images.
    pub(crate) fickle: BTreeSet<String>,
}

impl Samples {
    pub(crate) fn add(&mut self, row: &str, figure: Figure, count: Option<usize>, samples: &[f64]) {
        let key = (figure, row.to_owned(), count);
        self.samples.entry(key).or_default().extend(samples);
    }

    /// Takes in what one round has found, and what follows from samples of one round: the machine's speed changes between
    /// rounds, so a difference of medians is mostly that.
    pub(crate) fn take(&mut self, round: &Self) {
        self.fickle.extend(round.fickle.iter().cloned());
        for ((figure, row, count), samples) in &round.samples {
            if *figure == Figure::Written
                && let Some(steady) = round.samples.get(&(Figure::Steady, row.clone(), None))
            {
                let above = median(samples) - median(steady);
                self.add(row, Figure::WrittenAboveSteady, None, &[above]);
            }
            self.add(row, *figure, *count, samples);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub(crate) fn into_series(self) -> Vec<Series> {
        let series = |((figure, row, count), samples)| Series {
            row,
            figure,
            count,
            samples,
        };
        self.samples.into_iter().map(series).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_start_costs_is_compared_within_a_round() {
        let mut found = Samples::default();
        // A machine at two speeds, and a row without a steady image.
        for (written, steady) in [
            (140.0, [99.0, 100.0, 300.0]),
            (540.0, [400.0, 500.0, 600.0]),
        ] {
            let mut round = Samples::default();
            round.add("wasm net", Figure::Written, None, &[written]);
            round.add("wasm net", Figure::Steady, None, &steady);
            round.add("peer", Figure::Written, None, &[1.0]);
            found.take(&round);
        }
        let series = found.into_series();
        let of = |figure| -> Vec<_> {
            let is_it = |s: &&Series| s.figure == figure;
            let found = series.iter().filter(is_it);
            found.map(|s| (s.row.as_str(), &*s.samples)).collect()
        };
        assert_eq!(
            of(Figure::WrittenAboveSteady),
            [("wasm net", &[40.0, 40.0][..])]
        );
        assert_eq!(of(Figure::Steady)[0].1.len(), 6);
        assert_eq!(of(Figure::Written).len(), 2);
    }
}
