//! Rejections: the server's own answers to requests that no engine answers.

use bytes::Bytes;
use cutout::ErrorKind;
use http::{HeaderValue, Response, StatusCode, header};

use crate::{Error, Kind};

/// Seconds after which a client may try again.
const RETRY_AFTER: &str = "1";

/// Why a request is not answered by an engine, or what an engine failed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    status: u16,
    code: &'static str,
    text: String,
}

impl Rejection {
    pub(super) fn unauthorised() -> Self {
        let text =
            "the token is missing or wrong; send Authorization: Bearer TOKEN, or X-Api-Key: TOKEN";
        Self::new(401, "unauthorised", text)
    }

    /// Of a page from an origin that is not listed; the operator sees it among the failures.
    pub(super) fn origin(origin: &str) -> Self {
        let text = format!(
            "pages of {origin} may not call this server; it has to be started with --cors and their origin"
        );
        Self::new(403, "origin-not-allowed", text)
    }

    /// The refusal of a path that the address for metrics does not have.
    pub(super) fn no_images() -> Self {
        let text = "metrics and the dashboard alone are answered here; ask for images at the address of --addr";
        Self::new(404, "not-found", text)
    }

    pub(super) fn host(count: &str) -> Self {
        let text = format!("the request has {count} Host header; send one");
        Self::new(400, "bad-host", text)
    }

    pub(super) fn too_long(limit: usize) -> Self {
        let text =
            format!("the body is longer than the limit of {limit} bytes; send a smaller image");
        Self::new(413, ErrorKind::TooManyBytes.as_str(), text)
    }

    pub(super) fn slow(seconds: f64) -> Self {
        let text = format!("the body did not arrive within {seconds} s; send it faster");
        Self::new(408, "slow-body", text)
    }

    pub(super) fn incomplete() -> Self {
        let text = "the body ended early; send the request again";
        Self::new(400, "incomplete-body", text)
    }

    pub(super) fn queue_full() -> Self {
        let text = "all workers are busy and the queue is full; try again later";
        Self::new(503, "queue-full", text)
    }

    pub(super) fn bodies_full() -> Self {
        let text = "too many images are on their way at once; try again later";
        Self::new(503, "bodies-full", text)
    }

    pub(super) fn late(seconds: f64) -> Self {
        let text = format!("the image was not done within {seconds} s; send a smaller one");
        Self::new(504, Kind::Timeout.as_str(), text)
    }

    pub(super) fn lost() -> Self {
        let text = "the worker stopped at this image; the server's log says why";
        Self::new(500, "panic", text)
    }

    fn new(status: u16, code: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { status, code, text }
    }

    /// The response, in the shape that the clients of `path` know.
    pub(super) fn response(&self, path: &str) -> Response<Bytes> {
        let mut response = cutout_http::refusal(path, self.status, self.code, &self.text);
        let status = response.status().as_u16();
        let headers = response.headers_mut();
        if self.status == 503 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        if status == 401 {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<&Error> for Rejection {
    /// The text of a trap is for the operator alone.
    fn from(error: &Error) -> Self {
        let (status, text) = match error.kind() {
            Kind::Timeout => (504, error.to_string()),
            Kind::OutOfMemory => (413, error.to_string()),
            Kind::Engine => (503, "no instance could be made; try again later".to_owned()),
            _ => (500, Self::lost().text),
        };
        Self::new(status, error.kind().as_str(), text)
    }
}

/// The answer to a request beyond those that there is room for. It has no body: one that nobody takes would take room too.
pub(super) fn requests_full() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let retry = HeaderValue::from_static(RETRY_AFTER);
    response.headers_mut().insert(header::RETRY_AFTER, retry);
    cutout_http::with_code(response, "requests-full")
}

#[cfg(test)]
mod tests {
    use cutout_http::code;

    use super::*;

    #[test]
    fn a_refusal_has_the_shape_of_its_path() {
        let ours = Rejection::unauthorised().response("/v1/remove");
        assert_eq!(ours.status(), 401);
        assert_eq!(code(&ours).unwrap(), "unauthorised");
        let theirs = Rejection::unauthorised().response("/v1.0/removebg");
        assert_eq!(theirs.status(), 403);
        assert_eq!(code(&theirs).unwrap(), "auth_failed");
        let full = Rejection::queue_full().response("/");
        assert_eq!(full.status(), 503);
        assert_eq!(full.headers()["retry-after"], "1");
        let full = Rejection::queue_full().response("/v1.0/removebg");
        assert_eq!(full.status(), 429);
        assert_eq!(code(&full).unwrap(), "rate_limit_exceeded");
        assert_eq!(full.headers()["retry-after"], "1");
        let full = requests_full();
        assert_eq!((full.status().as_u16(), full.body().len()), (503, 0));
        assert_eq!(code(&full).unwrap(), "requests-full");
        assert_eq!(full.headers()["retry-after"], "1");
    }
}
