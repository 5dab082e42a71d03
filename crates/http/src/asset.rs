//! Pages and other fixed files that need no engine.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};

const INDEX: &str = include_str!("asset/index.html");

/// The fixed file that a GET or HEAD request asks for; `None` when it asks for something else.
pub fn asset(request: &Parts) -> Option<Response<Bytes>> {
    let asked = matches!(request.method, Method::GET | Method::HEAD);
    (asked && request.uri.path() == "/")
        .then(|| crate::answer(StatusCode::OK, "text/html; charset=utf-8", INDEX))
}
