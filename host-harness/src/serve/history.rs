//! The last hour of the metrics, for the dashboard: every figure of `/metrics` at moments a minute, and lately five seconds, apart.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::iter::once;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use tokio::time::{MissedTickBehavior, interval};

use super::metrics;
use crate::sync::lock;

/// Time between two rows of the last ten minutes.
const SPACING: Duration = Duration::from_secs(5);

/// Rows between two that are kept for the whole hour: one a minute.
const STRIDE: u64 = 12;

/// Rows of the last ten minutes, both ends counted.
const FINE: usize = 121;

/// Rows of the last hour, both ends counted.
const COARSE: usize = 61;

/// Age of the oldest row that is shown.
const HOUR: Duration = Duration::from_secs(3600);

/// The most figures in one row. Paths, statuses, codes and stages come from fixed lists and make some 440 at most, so none is left out.
const WIDTH: usize = 512;

/// Rows in order. They take 745,472 bytes at most: 182 rows of 512 numbers of 8 bytes. Names take some 30 kB besides.
pub(super) struct History {
    /// When it began, by [`running`].
    began: f64,
    /// Seconds since 1970 then. Later times are this and the time since, so that a clock that is set moves none.
    wall: f64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Names of figures, with their labels, as `/metrics` has them.
    names: Vec<Arc<str>>,
    columns: HashMap<Arc<str>, usize>,
    rows: Rings,
}

/// Two rings of rows, the coarse one of every twelfth.
#[derive(Default)]
struct Rings {
    fine: VecDeque<Row>,
    coarse: VecDeque<Row>,
    added: u64,
}

/// Figures at one moment: numbers in the order of the names. A figure that came later is not in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    /// Seconds since 1970.
    time: f64,
    #[serde(serialize_with = "numbers")]
    values: Arc<[f64]>,
}

/// The answer; the field names are a contract with the dashboard.
#[derive(Serialize)]
struct Answer<'a> {
    /// Seconds since 1970, by the clock of the rows.
    now: f64,
    names: Vec<&'a str>,
    rows: Vec<Row>,
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            began: running(),
            wall: metrics::now(),
            kept: Mutex::default(),
        }
    }

    /// Adds a row of what `figures` gives every five seconds, for ever. A moment that was missed is left out.
    ///
    /// It takes no lock that a request takes but what a request for the metrics takes as well, and for the history its own.
    pub(super) async fn keep<E>(&self, figures: impl Fn() -> Result<String, E>) -> Infallible {
        let mut moments = interval(SPACING);
        moments.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            moments.tick().await;
            if let Ok(figures) = figures() {
                self.add(&figures);
            }
        }
    }

    fn add(&self, figures: &str) {
        let now = self.now();
        let mut kept = lock(&self.kept);
        let row = kept.row(now, figures);
        kept.rows.add(row);
    }

    /// JSON of the rows of the last hour, oldest first, and last one of `figures`, which are those of this moment.
    pub(super) fn json(&self, figures: &str) -> Result<String, serde_json::Error> {
        let now = self.now();
        let (names, rows) = {
            let mut kept = lock(&self.kept);
            let last = kept.row(now, figures);
            let rows = kept.rows.since(now - HOUR.as_secs_f64());
            let rows: Vec<Row> = rows.cloned().chain(once(last)).collect();
            (kept.names.clone(), rows)
        };
        let names = names.iter().map(AsRef::as_ref).collect();
        serde_json::to_string(&Answer { now, names, rows })
    }

    /// Seconds since 1970.
    fn now(&self) -> f64 {
        self.wall + running() - self.began
    }
}

/// Seconds since the machine was started, those that it was suspended for included: `Instant` leaves them out.
fn running() -> f64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

impl Kept {
    /// The samples of a text of `/metrics` in a row; figures that are new get the next columns.
    fn row(&mut self, time: f64, figures: &str) -> Row {
        let mut values = vec![f64::NAN; self.names.len()];
        for line in figures.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let value = value.parse().unwrap_or(f64::NAN);
            match self.columns.get(name) {
                Some(&column) => values[column] = value,
                None if values.len() < WIDTH => {
                    let name: Arc<str> = name.into();
                    self.columns.insert(name.clone(), values.len());
                    self.names.push(name);
                    values.push(value);
                }
                None => {}
            }
        }
        let values = values.into();
        Row { time, values }
    }
}

impl Rings {
    fn add(&mut self, row: Row) {
        if self.added.is_multiple_of(STRIDE) {
            push(&mut self.coarse, row.clone(), COARSE);
        }
        push(&mut self.fine, row, FINE);
        self.added += 1;
    }

    /// Rows that are not older than `time`, oldest first, each once.
    fn since(&self, time: f64) -> impl Iterator<Item = &Row> {
        let fine = self.fine.front().map_or(f64::INFINITY, |row| row.time);
        let coarse = self.coarse.iter().filter(move |row| row.time < fine);
        (coarse.chain(&self.fine)).filter(move |row| row.time >= time)
    }
}

fn push(ring: &mut VecDeque<Row>, row: Row, most: usize) {
    if ring.len() == most {
        ring.pop_front();
    }
    ring.push_back(row);
}

/// Whole numbers without a point, which halves the answer; what is no number becomes `null`.
fn numbers<S: Serializer>(values: &Arc<[f64]>, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9e15; // below 2 to the power of 53
    let mut sequence = serializer.serialize_seq(Some(values.len()))?;
    for value in values.iter() {
        match value.fract() == 0.0 && value.abs() < EXACT {
            true => sequence.serialize_element(&(*value as i64))?,
            false => sequence.serialize_element(value)?,
        }
    }
    sequence.end()
}

#[cfg(test)]
mod tests;
