//! One request's way: the server's own pages, or a body, a place in the queue and a worker.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::auth::Token;
use super::body::{Answer, Bodies};
use super::cors::Cors;
use super::failures::Failures;
use super::metrics::{self, Metrics};
use super::pool::Pool;
use super::record::Record;
use super::refusal::Refusal;

const HTML: &str = "text/html; charset=utf-8";

/// What every connection shares.
pub(super) struct Service {
    pub(super) pool: Pool,
    pub(super) bodies: Bodies,
    pub(super) token: Token,
    pub(super) cors: Cors,
    /// The name in `X-Model`.
    pub(super) model: HeaderValue,
    pub(super) metrics: Metrics,
    pub(super) failures: Failures,
    pub(super) stopping: AtomicBool,
}

impl Service {
    /// Answers one request; every outcome is a response. `late` is told when the client has not taken it in time.
    ///
    /// # Errors
    /// None.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        late: Arc<Notify>,
    ) -> Result<Response<Answer>, Infallible> {
        let (head, body) = request.into_parts();
        let mut record = Record::new(self.clone(), &head);
        let (mut response, room) = match self.open(&head) {
            Some(response) => (response, None),
            None => {
                let response = self.guarded(&head, body, &mut record).await;
                self.counted(&head, response)
            }
        };
        self.sign(response.headers_mut(), &record);
        self.cors.sign(&head.headers, response.headers_mut());
        record.end(&response);
        Ok(self.bodies.answers.send(response, room, late))
    }

    /// `response` and the room that it takes up, or a refusal when there is none.
    fn counted(
        &self,
        head: &Parts,
        response: Response<Bytes>,
    ) -> (Response<Bytes>, Option<OwnedSemaphorePermit>) {
        match self.bodies.answers.room(response.body().len()) {
            Ok(room) => (response, room),
            Err(refusal) => (refusal.response(head.uri.path()), None),
        }
    }

    /// What needs no token.
    fn open(&self, head: &Parts) -> Option<Response<Bytes>> {
        if let Some(response) = self.cors.preflight(head) {
            return Some(response);
        }
        match head.uri.path() {
            "/healthz" => Some(page(200, "text/plain", "ok\n")),
            "/readyz" => Some(self.ready()),
            // The page asks for the token itself: a browser cannot send one with an address.
            "/dashboard" => Some(page(200, HTML, include_str!("dashboard.html"))),
            "/dashboard.js" => Some(page(
                200,
                "text/javascript; charset=utf-8",
                include_str!("dashboard.js"),
            )),
            "/dashboard.css" => Some(page(
                200,
                "text/css; charset=utf-8",
                include_str!("dashboard.css"),
            )),
            path => cutout_http::asset(&head.method, path),
        }
    }

    fn ready(&self) -> Response<Bytes> {
        let load = self.pool.load();
        if self.stopping.load(Ordering::Relaxed) {
            page(503, "text/plain", "stopping\n")
        } else if load.ready == 0 {
            page(503, "text/plain", "no worker has an engine\n")
        } else {
            page(200, "text/plain", "ready\n")
        }
    }

    async fn guarded(&self, head: &Parts, body: Incoming, record: &mut Record) -> Response<Bytes> {
        let path = head.uri.path();
        if !self.token.admits(&head.headers) {
            self.bodies.forget(body, &head.headers);
            return Refusal::unauthorised().response(path);
        }
        match path {
            "/dashboard/failures" => page(200, "application/json", self.failures.json()),
            "/metrics" => match self.metrics.text(&self.pool.load()) {
                Ok(text) => page(200, metrics::MEDIA_TYPE, text),
                Err(_) => page(500, "text/plain", "the metrics cannot be written\n"),
            },
            _ => match self.picture(head, body, record).await {
                Ok(response) => response,
                Err(refusal) => refusal.response(path),
            },
        }
    }

    async fn picture(
        &self,
        head: &Parts,
        mut body: Incoming,
        record: &mut Record,
    ) -> Result<Response<Bytes>, Refusal> {
        let announced = self.bodies.announced(&head.headers);
        let held = match announced.and_then(|()| self.pool.room()) {
            Ok(()) => self.bodies.read(&mut body).await,
            Err(refusal) => Err(refusal),
        };
        let held = match held {
            Ok(held) => held,
            Err(refusal) => {
                self.bodies.forget(body, &head.headers);
                return Err(refusal);
            }
        };
        record.bytes_in = held.bytes.len();
        record.read = Some(Instant::now());
        let request = request(head)?;
        self.pool.answer(request, held, &mut record.wait).await
    }

    /// Adds the headers that every answer has.
    fn sign(&self, headers: &mut HeaderMap, record: &Record) {
        headers.insert("x-request-id", record.id.clone());
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if let Some(wait) = record.wait {
            headers.insert("x-model", self.model.clone());
            put_before(headers, wait);
        }
        let media_type = headers.get(header::CONTENT_TYPE);
        if media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html")) {
            headers.insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(cutout_http::PAGE_POLICY),
            );
        }
    }
}

/// Puts the time in the queue before the stages of `Server-Timing`.
fn put_before(headers: &mut HeaderMap, wait: Duration) {
    let name = HeaderName::from_static("server-timing");
    let stages = headers.get(&name).and_then(|v| v.to_str().ok());
    let stages = stages.map(|stages| format!(", {stages}"));
    let text = format!(
        "wait;dur={:.3}{}",
        wait.as_secs_f64() * 1e3,
        stages.unwrap_or_default()
    );
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(name, value);
    }
}

/// What the engine sees of a request: all but the token and how the connection was made.
fn request(head: &Parts) -> Result<Request<()>, Refusal> {
    let mut request = Request::builder()
        .method(head.method.clone())
        .uri(head.uri.clone())
        .body(())
        .map_err(|_| Refusal::incomplete())?;
    *request.headers_mut() = head.headers.clone();
    for name in [
        header::AUTHORIZATION,
        HeaderName::from_static("x-api-key"),
        header::COOKIE,
        header::EXPECT,
    ] {
        request.headers_mut().remove(name);
    }
    Ok(request)
}

fn page(status: u16, media_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
