//! Metrics of the server, as Prometheus and the dashboard read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cutout::Stage;
use http::Method;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::budget::{Budget, Capacity, Used};
use super::pool::Load;
use super::routes;

/// The media type of [`Metrics::text`].
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds: from a cached answer of a tiny model to a large image on a busy machine.
const BUCKETS: [f64; 17] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
    60.0,
];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    path: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FailureLabels {
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

/// Counters and histograms; what the pool knows is asked of it when the text is made.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    stages: Family<StageLabels, Histogram, fn() -> Histogram>,
    time: Histogram,
    wait: Histogram,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        let failures = Family::default();
        let stages = Family::new_with_constructor(histogram as fn() -> Histogram);
        let (time, wait) = (histogram(), histogram());
        registry.register(
            "cutout_requests",
            "Requests answered, by path and status; 499 means that the client went away",
            requests.clone(),
        );
        registry.register(
            "cutout_failures",
            "Answers that were refusals, by their stable code",
            failures.clone(),
        );
        registry.register(
            "cutout_stage_seconds",
            "Time of each stage of an image's way",
            stages.clone(),
        );
        registry.register(
            "cutout_request_seconds",
            "Time from the whole body to the answer",
            time.clone(),
        );
        registry.register(
            "cutout_wait_seconds",
            "Time in the queue for a worker",
            wait.clone(),
        );
        let start: Gauge<f64, std::sync::atomic::AtomicU64> = Gauge::default();
        start.set(now());
        registry.register(
            "process_start_time_seconds",
            "When the server started, in seconds since 1970",
            start,
        );
        registry.register(
            "cutout_server",
            "Who answers: the name of the machine, or of the pod",
            Info::new(vec![("host", host())]),
        );
        Self {
            registry,
            requests,
            failures,
            stages,
            time,
            wait,
        }
    }

    /// Counts an answer; `code` is that of a refusal.
    pub(super) fn answered(&self, path: &str, status: u16, code: Option<&str>) {
        let labels = RequestLabels {
            path: routes::label(path),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        if let Some(code) = code {
            let code = code.to_owned();
            self.failures.get_or_create(&FailureLabels { code }).inc();
        }
    }

    /// Counts the times of a request that a worker took.
    pub(super) fn worked(&self, wait: Duration, time: Duration, stages: &[(Stage, Duration)]) {
        self.wait.observe(wait.as_secs_f64());
        self.time.observe(time.as_secs_f64());
        for (stage, time) in stages {
            let stage = stage.as_str();
            self.stages
                .get_or_create(&StageLabels { stage })
                .observe(time.as_secs_f64());
        }
    }

    /// Everything in the text format of OpenMetrics.
    ///
    /// # Errors
    /// When the text cannot be written.
    pub(super) fn text(&self, load: &Load, budget: &Budget) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode_registry(&mut text, &self.registry)?;
        text::encode(&mut text, &of_the_moment(load, budget))?;
        Ok(text)
    }
}

fn of_the_moment(load: &Load, budget: &Budget) -> Registry {
    let mut registry = Registry::default();
    let used = budget.used();
    for (name, help, value) in gauges(load, used, budget.limits()) {
        registry.register(name, help, ConstGauge::new(value));
    }
    let made = ConstCounter::new(load.instances);
    registry.register("cutout_instances", "Instances made: cold starts", made);
    let closed = ConstCounter::new(used.closed);
    registry.register(
        "cutout_connections_closed",
        "Connections that kept the server waiting and were closed so that others have room",
        closed,
    );
    registry
}

/// The table of gauges: name, help and value.
fn gauges(load: &Load, used: Used, limits: Capacity) -> [(&'static str, &'static str, u64); 13] {
    [
        ("cutout_workers", "Workers", load.workers as u64),
        (
            "cutout_workers_ready",
            "Workers that have an engine",
            load.ready as u64,
        ),
        (
            "cutout_workers_busy",
            "Workers with a request",
            load.busy as u64,
        ),
        (
            "cutout_queue_length",
            "Requests that wait for a worker",
            load.queue_length as u64,
        ),
        (
            "cutout_queue_capacity",
            "Requests that may wait",
            load.queue_capacity as u64,
        ),
        (
            "cutout_connections",
            "Connections that are open",
            used.connections as u64,
        ),
        (
            "cutout_connections_capacity",
            "Connections that may be open",
            limits.connections as u64,
        ),
        (
            "cutout_in_flight",
            "Requests on their way, from a head that is read to an answer that is taken",
            used.requests as u64,
        ),
        (
            "cutout_in_flight_capacity",
            "Requests that may be on their way",
            limits.requests as u64,
        ),
        (
            "cutout_held_bytes",
            "Heads, bodies and answers of requests on their way",
            used.bytes as u64,
        ),
        (
            "cutout_held_capacity_bytes",
            "Heads, bodies and answers that there is room for",
            limits.bytes as u64,
        ),
        (
            "cutout_instance_memory_bytes",
            "Largest linear memory of the last instance",
            load.instance_memory,
        ),
        (
            "process_resident_memory_bytes",
            "Resident memory of the server",
            resident(),
        ),
    ]
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// Seconds since 1970.
pub(super) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |time| time.as_secs_f64())
}

/// The machine's name; empty where the kernel does not say.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| String::new(), |name| name.trim_end().to_owned())
}

/// Bytes; 0 where the kernel does not say.
fn resident() -> u64 {
    let me = procfs::process::Process::myself();
    let pages = me.and_then(|me| me.statm()).map_or(0, |m| m.resident);
    pages * procfs::page_size()
}

/// Whether a method's name goes into the log as it is; others are `OTHER`.
pub(super) fn method(method: &Method) -> &str {
    match method.as_str() {
        name if name.len() <= 16 => name,
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_known_is_counted_as_other() {
        let metrics = Metrics::new();
        metrics.answered("/etc/passwd", 404, Some("not-found"));
        metrics.answered("/v1/remove", 200, None);
        let mut text = String::new();
        text::encode(&mut text, &metrics.registry).unwrap();
        for line in [
            r#"cutout_requests_total{path="other",status="404"} 1"#,
            r#"cutout_requests_total{path="/v1/remove",status="200"} 1"#,
            r#"cutout_failures_total{code="not-found"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
