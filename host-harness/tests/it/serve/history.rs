//! The last hour of the metrics.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use super::client::{Server, small};
use crate::support::patience;

/// What the server answers: names of figures, and rows of a time and their values.
struct History {
    names: Vec<String>,
    rows: Vec<Value>,
}

impl History {
    fn of(server: &Server) -> Self {
        let answer = server.get("/dashboard/history");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let names = serde_json::from_value(answer["names"].take()).unwrap();
        let rows: Vec<Value> = serde_json::from_value(answer["rows"].take()).unwrap();
        assert_eq!(rows.last().unwrap()["time"], answer["now"]);
        assert!(rows.is_sorted_by(|a, b| a["time"].as_f64() < b["time"].as_f64()));
        Self { names, rows }
    }

    /// What was kept; the last row is of the moment of the answer.
    fn kept(&self) -> &[Value] {
        self.rows.split_last().unwrap().1
    }

    /// The figures of one row by their names.
    fn figures(&self, row: usize) -> BTreeMap<&str, &Value> {
        let values = self.rows[row]["values"].as_array().unwrap();
        let names = self.names.iter().map(String::as_str);
        names.zip(values).collect()
    }
}

#[test]
fn the_history_has_every_figure_of_the_metrics_from_the_start_up_to_this_moment() {
    let server = Server::start("native", &["--workers", "1"]);
    for _ in 0..3 {
        assert_eq!(server.post("/v1/remove", &small()).status, 200);
    }
    let text = String::from_utf8(server.get("/metrics").body).unwrap();
    let figures = text.lines().filter(|line| !line.starts_with('#'));
    let figures: Vec<(&str, &str)> = figures.map(|line| line.rsplit_once(' ').unwrap()).collect();
    let history = History::of(&server);
    let last = history.figures(history.rows.len() - 1);
    for (name, value) in &figures {
        assert!(last.contains_key(name), "{name}");
        let moves = [
            "process_resident",
            "cutout_held",
            "cutout_connections",
            "cutout_in_flight",
            "cutout_requests_total{path=\"/metrics",
        ];
        if !moves.iter().any(|mark| name.starts_with(mark)) {
            let (value, here): (f64, _) = (value.parse().unwrap(), last[name].as_f64());
            assert!(
                here.is_some_and(|here| (here - value).abs() <= value * 1e-12),
                "{name}"
            );
        }
    }
    let removed = r#"cutout_requests_total{path="/v1/remove",status="200"}"#;
    assert_eq!(last[removed], 3);
    let first = history.figures(0);
    assert_eq!(first.get(removed), None, "nothing was asked at the start");
    assert_eq!(first["cutout_workers_ready"], 1);
    let info = history
        .names
        .iter()
        .find(|name| name.starts_with("cutout_server_info{"));
    assert!(info.is_some_and(|info| first[&**info] == 1));
    assert_eq!(
        first["process_start_time_seconds"],
        last["process_start_time_seconds"]
    );
}

#[test]
fn who_asks_again_gets_all_rows_of_before_and_those_that_were_added() {
    let server = Server::start("native", &[]);
    let mut before = History::of(&server);
    let begun = Instant::now();
    let mut added = 0;
    while added < 2 {
        let now = History::of(&server);
        let known = before.kept().len();
        assert_eq!(&now.kept()[..known], before.kept());
        assert!(now.names.starts_with(&before.names));
        added += now.kept().len() - known;
        assert!(begun.elapsed() < patience(), "nothing is added");
        before = now;
    }
    for pair in before.kept().windows(2) {
        let pause = pair[1]["time"].as_f64().unwrap() - pair[0]["time"].as_f64().unwrap();
        assert!(pause > 1.0, "{pause} s");
    }
}

#[test]
fn a_server_that_is_started_again_has_a_history_of_its_own() {
    let start = |server: &Server| {
        let history = History::of(server);
        history.figures(0)["process_start_time_seconds"].as_f64()
    };
    let first = Server::start("native", &[]);
    let before = start(&first);
    drop(first);
    assert!(start(&Server::start("native", &[])) > before);
}
