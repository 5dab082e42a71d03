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
}
