use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn row(time: f64) -> Row {
    let values = [time].into();
    Row { time, values }
}

/// Times of the rows that are given after rows at `times` were added.
fn shown(times: &[f64], since: f64) -> Vec<f64> {
    let mut rings = Rings::default();
    for &time in times {
        rings.add(row(time));
    }
    assert!(rings.fine.len() <= FINE && rings.coarse.len() <= COARSE);
    rings.since(since).map(|row| row.time).collect()
}

proptest! {
    #[test]
    fn rows_are_bounded_in_order_and_reach_an_hour_back(
        pauses in prop::collection::vec(1_u32..4, 0..3_000),
        late in 0_u32..10_000,
    ) {
        // Moments five seconds apart, some of which were missed.
        let times: Vec<f64> = pauses
            .iter()
            .scan(0, |at, pause| {
                *at += pause;
                Some(f64::from(*at) * SPACING.as_secs_f64())
            })
            .collect();
        let now = times.last().map_or(0.0, |last| last + f64::from(late));
        let seen = shown(&times, now - HOUR.as_secs_f64());
        prop_assert!(seen.len() < FINE + COARSE);
        prop_assert!(seen.is_sorted_by(|a, b| a < b));
        prop_assert!(seen.iter().all(|time| now - time <= HOUR.as_secs_f64()));
        // Lately every row, and before them one of each dozen.
        let lately = &times[times.len().saturating_sub(FINE)..];
        let dozens = times.chunks(12).map(|dozen| dozen[0]);
        for wanted in dozens.chain(lately.iter().copied()) {
            let is_young = now - wanted <= HOUR.as_secs_f64();
            prop_assert_eq!(is_young, seen.contains(&wanted), "{} of {:?}", wanted, seen);
        }
    }
}

#[test]
fn after_days_there_is_a_row_every_five_seconds_for_ten_minutes_and_every_minute_for_an_hour() {
    let times: Vec<f64> = (0..50_000).map(|n| f64::from(n) * 5.0).collect();
    let now = times.last().unwrap();
    let seen = shown(&times, now - HOUR.as_secs_f64());
    let pauses: Vec<f64> = seen.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses[pauses.len() - 120..], [5.0; 120]);
    assert!(pauses.iter().all(|pause| *pause <= 60.0), "{pauses:?}");
    assert!(now - seen[0] > HOUR.as_secs_f64() - 60.0, "{seen:?}");
}

#[test]
fn figures_that_come_later_leave_earlier_rows_as_they_are() {
    let history = History::new();
    history.add("# HELP a_total It's a counter.\na_total{path=\"/a b\"} 3\nb 0.5\n# EOF\n");
    history.add("a_total{path=\"/a b\"} 4\nc_bucket{le=\"+Inf\"} 9007199254740993\nb NaN\n");
    let json = history.json("b 1.0\n").unwrap();
    let answer: Value = serde_json::from_str(&json).unwrap();
    let names = ["a_total{path=\"/a b\"}", "b", "c_bucket{le=\"+Inf\"}"];
    assert_eq!(answer["names"], serde_json::json!(names));
    let rows = answer["rows"].as_array().unwrap();
    let values: Vec<String> = rows.iter().map(|row| row["values"].to_string()).collect();
    let expected = ["[3,0.5]", "[4,null,9007199254740992.0]", "[null,1,null]"];
    assert_eq!(values, expected);
    assert_eq!(rows[2]["time"], answer["now"]);
}

#[test]
fn a_row_is_never_wider_than_it_may_be() {
    let history = History::new();
    let many: String = (0..2 * WIDTH).map(|n| format!("a{n} {n}\n")).collect();
    history.add(&many);
    let kept = lock(&history.kept);
    assert_eq!((kept.names.len(), kept.columns.len()), (WIDTH, WIDTH));
    assert_eq!(kept.rows.fine[0].values.len(), WIDTH);
    let rows = (FINE + COARSE) * WIDTH * size_of::<f64>();
    assert_eq!(rows, 745_472, "bytes, in the doc comment");
}
