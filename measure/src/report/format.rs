//! Numbers as people read them.

use crate::figure::Unit;

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;

/// A value in its unit.
pub(super) fn value(unit: Unit, value: f64) -> String {
    join(digits(unit, value, value), unit, value)
}

/// Two values of one unit, the second in brackets; the first decides how both are written.
pub(super) fn pair(unit: Unit, first: f64, second: f64) -> String {
    let numbers = format!(
        "{} ({})",
        digits(unit, first, first),
        digits(unit, second, first)
    );
    join(numbers, unit, first)
}

/// A tick of an axis: no more decimals than it has.
pub(super) fn tick(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    // Not "-0".
    format!("{}", rounded + 0.0)
}

/// Bytes as the memory plots have them.
pub(super) fn mebibytes(bytes: f64) -> f64 {
    bytes / MIB
}

fn join(mut numbers: String, unit: Unit, value: f64) -> String {
    let (_, name) = scale(unit, value);
    if !name.is_empty() {
        numbers.push(' ');
        numbers.push_str(name);
    }
    numbers
}

fn digits(unit: Unit, value: f64, like: f64) -> String {
    let (divisor, _) = scale(unit, like);
    let decimals = match (unit, (like / divisor).abs()) {
        (Unit::Count, _) => 0,
        (Unit::Quotient, _) => 2,
        (_, magnitude) if magnitude >= 100.0 => 0,
        (_, magnitude) if magnitude >= 10.0 => 1,
        _ => 2,
    };
    format!("{:.decimals$}", value / divisor)
}

/// A divisor, and the name of the unit that it gives.
fn scale(unit: Unit, value: f64) -> (f64, &'static str) {
    match unit {
        Unit::Milliseconds if value.abs() < 0.1 => (0.001, "µs"),
        Unit::Milliseconds => (1.0, "ms"),
        Unit::Bytes if value.abs() < MIB => (KIB, "KiB"),
        Unit::Bytes => (MIB, "MiB"),
        Unit::ImagesPerSecond | Unit::Count | Unit::Quotient => (1.0, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_sensible_digits_and_units() {
        let cases = [
            (Unit::Milliseconds, 1234.5, "1234 ms"),
            (Unit::Milliseconds, 12.34, "12.3 ms"),
            (Unit::Milliseconds, 0.1, "0.10 ms"),
            (Unit::Milliseconds, 0.0421, "42.1 µs"),
            (Unit::Bytes, 5.5 * MIB, "5.50 MiB"),
            (Unit::Bytes, 812.0 * KIB, "812 KiB"),
            (Unit::Bytes, -2.0 * MIB, "-2.00 MiB"),
            (Unit::Count, 118.0, "118"),
            (Unit::Quotient, 1.0449, "1.04"),
            (Unit::ImagesPerSecond, 4.567, "4.57"),
        ];
        for (unit, number, expected) in cases {
            assert_eq!(value(unit, number), expected);
        }
    }

    #[test]
    fn a_pair_is_in_the_first_one_s_unit() {
        assert_eq!(pair(Unit::Milliseconds, 0.0421, 0.25), "42.1 (250.0) µs");
        assert_eq!(pair(Unit::Milliseconds, 99.0, 130.0), "99.0 (130.0) ms");
    }

    #[test]
    fn ticks_have_no_needless_decimals() {
        let cases = [(0.0, "0"), (-0.0, "0"), (0.1 + 0.2, "0.3"), (150.0, "150")];
        for (number, expected) in cases {
            assert_eq!(tick(number), expected);
        }
    }
}
