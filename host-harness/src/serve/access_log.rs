//! The access log: for each request a line, the counters, and the last failures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cutout::Stage;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use uuid::Uuid;

use super::failures::{FailedRequest, FailedRequests};
use super::metrics::{self, Metrics};

/// The longest request id that is taken over from a client.
const LONGEST_ID: usize = 128;

/// Bytes of the longest path that is written to the log.
const LONGEST_PATH: usize = 256;

/// Bytes of the longest path that is kept with a failure.
const LONGEST_KEPT: usize = 80;

/// Status of a client that goes away before its answer, as in nginx.
const GONE: u16 = 499;

/// The parts of the log that the server answers questions from.
pub(super) struct AccessLog {
    pub(super) metrics: Metrics,
    pub(super) failures: FailedRequests,
}

impl AccessLog {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            metrics: Metrics::new(),
            failures: FailedRequests::default(),
        })
    }
}

/// One request on its way; dropped without an answer, it says that the client went away.
pub(super) struct LogEntry {
    log: Arc<AccessLog>,
    pub(super) id: HeaderValue,
    method: String,
    path: String,
    begun: Instant,
    /// When the body was whole.
    pub(super) read: Option<Instant>,
    pub(super) bytes_in: usize,
    /// Time in the queue, once a worker has taken the request.
    pub(super) wait: Option<Duration>,
    /// The stages that the worker's engine went through.
    pub(super) stages: Vec<(Stage, Duration)>,
    answered: bool,
}

impl LogEntry {
    pub(super) fn new(log: Arc<AccessLog>, head: &Parts) -> Self {
        Self {
            log,
            id: id(&head.headers),
            method: metrics::method(&head.method).to_owned(),
            path: cut(head.uri.path(), LONGEST_PATH).to_owned(),
            begun: Instant::now(),
            read: None,
            bytes_in: 0,
            wait: None,
            stages: Vec::new(),
            answered: false,
        }
    }

    /// Writes down the answer.
    pub(super) fn end(mut self, response: &Response<Bytes>) {
        self.answered = true;
        let status = response.status().as_u16();
        let code = cutout_http::code(response).map(str::to_owned);
        let code = (status >= 400).then(|| code.unwrap_or_else(|| status.to_string()));
        if let (Some(wait), Some(read)) = (self.wait, self.read) {
            let metrics = &self.log.metrics;
            metrics.worked(wait, read.elapsed(), &self.stages);
        }
        self.write(status, code, response.body().len());
    }

    fn write(&self, status: u16, code: Option<String>, bytes_out: usize) {
        let (id, ms) = (
            self.id.to_str().unwrap_or_default(),
            milliseconds(self.begun.elapsed()),
        );
        tracing::info!(
            id,
            method = self.method,
            path = self.path,
            status,
            code,
            bytes_in = self.bytes_in,
            bytes_out,
            wait_ms = self.wait.map(milliseconds),
            ms,
            "request"
        );
        let metrics = &self.log.metrics;
        metrics.answered(&self.path, status, code.as_deref());
        if let Some(code) = code
            && !matches!(status, 401 | 404)
        {
            self.log.failures.add(FailedRequest {
                time: metrics::now(),
                id: id.to_owned(),
                status,
                code,
                path: cut(&self.path, LONGEST_KEPT).to_owned(),
                ms,
            });
        }
    }
}

impl Drop for LogEntry {
    fn drop(&mut self) {
        if !self.answered {
            self.write(GONE, Some("client-gone".to_owned()), 0);
        }
    }
}

/// The first characters of `text`, `most` bytes of them at most.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// The client's own id where it is a sane one, or a new one.
fn id(headers: &HeaderMap) -> HeaderValue {
    let sane = |id: &&HeaderValue| {
        let id = id.as_bytes();
        (1..=LONGEST_ID).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
    };
    let given = headers.get("x-request-id").filter(sane).cloned();
    given.unwrap_or_else(|| {
        HeaderValue::try_from(Uuid::now_v7().to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_cut_between_two_characters() {
        for (text, expected) in [
            ("", ""),
            ("/abc", "/abc"),
            ("/abcd", "/abc"),
            ("/abé", "/ab"),
        ] {
            assert_eq!(cut(text, 4), expected);
        }
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_is_made_anew() {
        let long = "x".repeat(129);
        for (given, kept) in [
            ("abc-123", true),
            (&*"x".repeat(128), true),
            ("", false),
            ("a b", false),
            (&*long, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", given.parse().unwrap());
            assert_eq!(id(&headers) == given, kept, "{given}");
            assert!(!id(&headers).is_empty());
        }
        assert_ne!(id(&HeaderMap::new()), id(&HeaderMap::new()));
    }
}
