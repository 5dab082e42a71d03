//! Order statistics of samples.

use statrs::statistics::{Data, OrderStatistics};

/// The value below which the fraction `q` (0…1) of the samples lies, interpolated between samples.
///
/// The definition is Hyndman and Fan's eighth. Without samples the answer is NaN.
pub(super) fn quantile(samples: &[f64], q: f64) -> f64 {
    Data::new(samples.to_vec()).quantile(q)
}

/// The middle of the samples.
pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The percentile `percent`, of samples enough for one of them to lie beyond it: 20 for the 95th, 100 for the 99th. That of
/// fewer is little but the greatest of them.
pub(super) fn percentile(samples: &[f64], percent: u32) -> Option<f64> {
    let is_enough = samples.len() as u64 * u64::from(100 - percent.min(100)) >= 100;
    is_enough.then(|| quantile(samples, f64::from(percent) / 100.0))
}

/// The least and the greatest sample.
pub(super) fn extent(samples: &[f64]) -> (f64, f64) {
    (quantile(samples, 0.0), quantile(samples, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_the_samples_whatever_their_order() {
        let cases: [(&[f64], f64, f64); 7] = [
            (&[4.0, 1.0, 3.0, 2.0], 0.5, 2.5),
            (&[3.0, 1.0, 2.0], 0.5, 2.0),
            (&[7.0], 0.95, 7.0),
            (&[1.0, 2.0], 0.0, 1.0),
            (&[1.0, 2.0], 1.0, 2.0),
            (&[1.0, 2.0, 3.0], 0.99, 3.0),
            (&[5.0, 5.0, 5.0, 5.0], 0.25, 5.0),
        ];
        for (samples, q, expected) in cases {
            assert_eq!(quantile(samples, q), expected, "{samples:?} at {q}");
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_percentile_is_of_samples_enough_for_one_beyond_it() {
        for (percent, count, is_shown) in [
            (95, 19, false),
            (95, 20, true),
            (99, 99, false),
            (99, 100, true),
            (95, 0, false),
        ] {
            let samples: Vec<_> = (1..=count).map(f64::from).collect();
            let found = percentile(&samples, percent);
            assert_eq!(found.is_some(), is_shown, "p{percent} of {count}");
            assert!(found.is_none_or(|value| value > f64::from(count - 2)));
        }
    }
}
