//! One request's way: the server's own pages, or a body, a place in the queue and a worker.

use std::convert::Infallible;
use std::future::ready;
use std::iter::once;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;

use super::access_log::{AccessLog, LogEntry};
use super::auth::Token;
use super::body::{AnswerBody, Bodies};
use super::budget::{self, Budget, Client, Flight};
use super::cors::Cors;
use super::history::History;
use super::metrics;
use super::pool::Pool;
use super::rejection::{self, Rejection};
use super::routes::{self, Own, Scope};

/// The answer to a request.
pub(super) type AnswerFuture =
    Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>;

/// State that all connections share.
pub(super) struct Service {
    pub(super) pool: Pool,
    pub(super) budget: Arc<Budget>,
    pub(super) bodies: Bodies,
    pub(super) token: Token,
    pub(super) cors: Cors,
    /// The name in `X-Model`.
    pub(super) model: HeaderValue,
    pub(super) log: Arc<AccessLog>,
    pub(super) history: History,
    pub(super) stopping: AtomicBool,
}

impl Service {
    /// Answers one request of `client`; every outcome is a response. One for which there is no room is refused, and its head
    /// forgotten, before this returns: what waits to be begun takes memory too.
    pub(super) fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        client: &Client,
        scope: Scope,
    ) -> AnswerFuture {
        let (head, body) = request.into_parts();
        let mut entry = LogEntry::new(self.log.clone(), &head);
        match client.begin(budget::weight(&head)) {
            Ok(flight) => Box::pin(async move {
                let flight = Arc::new(flight);
                let response = self.counted(&head, scope, body, &flight, &mut entry).await;
                let response = self.sent(&head, scope, response, entry);
                Ok(response.map(|bytes| AnswerBody::new(bytes, flight)))
            }),
            Err(_) => {
                self.bodies.forget(body, &head);
                // Health checks are answered in any case: fixed answers share their bytes.
                let response = match self.fixed(&head, scope) {
                    Some(response) => response,
                    None => rejection::requests_full(),
                };
                let response = self.sent(&head, scope, response, entry);
                Box::pin(ready(Ok(response.map(|_| AnswerBody::none()))))
            }
        }
    }

    /// `response` with the headers that every answer has, and written down.
    fn sent(
        &self,
        head: &Parts,
        scope: Scope,
        mut response: Response<Bytes>,
        entry: LogEntry,
    ) -> Response<Bytes> {
        self.sign(response.headers_mut(), &entry);
        let cors = self.cors(scope);
        cors.sign(&head.headers, response.headers_mut());
        entry.end(&response);
        response
    }

    /// Pages that may call: none where metrics have an address of their own.
    fn cors(&self, scope: Scope) -> &Cors {
        match scope {
            Scope::Metrics => &Cors::Off,
            Scope::All | Scope::Images => &self.cors,
        }
    }

    /// The answer to a request that there is room for, if there is room for the answer. Fixed ones share their bytes.
    async fn counted(
        &self,
        head: &Parts,
        scope: Scope,
        body: Incoming,
        flight: &Arc<Flight>,
        entry: &mut LogEntry,
    ) -> Response<Bytes> {
        let response = match one_host(head) {
            Err(rejection) => {
                self.bodies.forget(body, head);
                rejection.response(head.uri.path())
            }
            Ok(()) => match (self.cors(scope).preflight(head), self.fixed(head, scope)) {
                (Some(response), _) => response,
                (None, Some(response)) => return response,
                (None, None) => self.guarded(head, scope, body, flight, entry).await,
            },
        };
        match flight.hold_answer(response.body().len()) {
            Ok(()) => response,
            Err(_) => Rejection::bodies_full().response(head.uri.path()),
        }
    }

    /// What needs no token and is the same for everybody.
    fn fixed(&self, head: &Parts, scope: Scope) -> Option<Response<Bytes>> {
        let path = head.uri.path();
        match routes::own(path, scope) {
            Some(Own::Live) => Some(page(200, "text/plain", "ok\n")),
            Some(Own::Ready) => Some(self.ready()),
            Some(Own::File(media_type, text)) => Some(page(200, media_type, text)),
            Some(Own::Host) => Some(self.host(&head.headers, scope)),
            Some(Own::Failures | Own::History | Own::Metrics) => None,
            None if scope == Scope::Metrics => None,
            None => cutout_http::asset(&head.method, path),
        }
    }

    fn host(&self, headers: &HeaderMap, scope: Scope) -> Response<Bytes> {
        let pages = match scope {
            Scope::Images => "[]",
            Scope::All | Scope::Metrics => r#"["dashboard","metrics"]"#,
        };
        let admitted = self.token.admits(headers);
        let text = format!(r#"{{"admitted":{admitted},"pages":{pages}}}"#);
        page(200, "application/json", text)
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

    async fn guarded(
        &self,
        head: &Parts,
        scope: Scope,
        body: Incoming,
        flight: &Arc<Flight>,
        entry: &mut LogEntry,
    ) -> Response<Bytes> {
        let path = head.uri.path();
        if !self.token.admits(&head.headers) {
            self.bodies.forget(body, head);
            return Rejection::unauthorised().response(path);
        }
        match routes::own(path, scope) {
            Some(Own::Failures) => page(200, "application/json", self.log.failures.json()),
            Some(Own::Metrics) => match self.figures() {
                Ok(text) => page(200, metrics::MEDIA_TYPE, text),
                Err(_) => unwritten(),
            },
            Some(Own::History) => match self.figures().map(|text| self.history.json(&text)) {
                Ok(Ok(json)) => page(200, "application/json", json),
                _ => unwritten(),
            },
            _ if scope == Scope::Metrics => {
                self.bodies.forget(body, head);
                Rejection::no_images().response(path)
            }
            _ => match self.image(head, body, flight, entry).await {
                Ok(response) => response,
                Err(rejection) => rejection.response(path),
            },
        }
    }

    /// Every figure of this moment, as `/metrics` has them.
    pub(super) fn figures(&self) -> Result<String, std::fmt::Error> {
        self.log.metrics.text(&self.pool.load(), &self.budget)
    }

    async fn image(
        &self,
        head: &Parts,
        mut body: Incoming,
        flight: &Arc<Flight>,
        entry: &mut LogEntry,
    ) -> Result<Response<Bytes>, Rejection> {
        let announced = self.bodies.announced(&head.headers);
        let held = match announced.and_then(|()| self.pool.room()) {
            Ok(()) => self.bodies.read(&mut body, flight).await,
            Err(rejection) => Err(rejection),
        };
        let held = match held {
            Ok(held) => held,
            Err(rejection) => {
                self.bodies.forget(body, head);
                return Err(rejection);
            }
        };
        entry.bytes_in = held.bytes.len();
        entry.read = Some(Instant::now());
        let request = request(head)?;
        let answer = self.pool.answer(request, held, &mut entry.wait).await?;
        entry.stages = answer.stages;
        Ok(answer.response)
    }

    fn sign(&self, headers: &mut HeaderMap, entry: &LogEntry) {
        headers.insert("x-request-id", entry.id.clone());
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if let Some(wait) = entry.wait {
            headers.insert("x-model", self.model.clone());
            let stages = entry.stages.iter();
            let stages = stages.map(|(stage, time)| (stage.as_str(), *time));
            let timing = cutout_http::server_timing(once(("wait", wait)).chain(stages));
            if let Ok(timing) = HeaderValue::try_from(timing) {
                headers.insert("server-timing", timing);
            }
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

/// Whether a request says which host it is for, as HTTP/1.1 has to, and no two
/// (<https://www.rfc-editor.org/rfc/rfc9112#section-3.2>): a server in front could have gone by the other.
///
/// # Errors
/// The rejection.
fn one_host(head: &Parts) -> Result<(), Rejection> {
    match head.headers.get_all(header::HOST).iter().count() {
        0 if head.version == Version::HTTP_11 => Err(Rejection::host("no")),
        0 | 1 => Ok(()),
        _ => Err(Rejection::host("more than one")),
    }
}

/// A request for the engine: without the token and what concerns the connection.
fn request(head: &Parts) -> Result<Request<()>, Rejection> {
    let mut request = Request::builder()
        .method(head.method.clone())
        .uri(head.uri.clone())
        .body(())
        .map_err(|_| Rejection::incomplete())?;
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

fn unwritten() -> Response<Bytes> {
    page(500, "text/plain", "the metrics cannot be written\n")
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
