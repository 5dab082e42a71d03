//! One HTTP request in, one response out, as a pure function over the core.
//!
//! Three faces: our own `POST /v1/remove` (and `POST /`), rembg's `POST /api/remove`, and remove.bg's
//! `POST /v1.0/removebg` with `GET /v1.0/account`. What a face does not do is refused, never ignored.

mod accept;
mod answer;
mod asset;
mod fields;
mod ours;
mod refusal;
mod rembg;
mod removebg;

use bytes::Bytes;
use cutout::{Limits, Pipeline, Segmenter, Stage};
use http::{Method, Request, Response};

pub use answer::add_timing;
pub use asset::{PAGE_POLICY, asset};
pub use refusal::{incomplete, refusal, too_long};

/// Context of one request, for every API.
pub(crate) struct Job<'a, S> {
    pub(crate) pipeline: &'a mut Pipeline<S>,
    pub(crate) limits: Limits,
    /// Called as each stage ends.
    pub(crate) observe: &'a mut dyn FnMut(Stage),
}

/// Answers one request; every outcome is a response. `observe` is called as each stage ends.
pub fn respond<S: Segmenter>(
    pipeline: Option<&mut Pipeline<S>>,
    limits: Limits,
    request: &Request<Bytes>,
    observe: &mut dyn FnMut(Stage),
) -> Response<Bytes> {
    let path = request.uri().path();
    if let Some(page) = asset(request.method(), path) {
        return page;
    }
    let (method, allowed) = (request.method(), allowed(path));
    match allowed {
        None => return refusal::nowhere(path),
        // Rembg fetches the address that it is given; a guest has no network.
        Some(_) if path == "/api/remove" && method == Method::GET => return rembg::no_fetching(),
        Some(allowed) if !allowed.split(", ").any(|name| method == name) => {
            return refusal::wrong_method(path, method, allowed);
        }
        Some(_) => {}
    }
    if path == "/v1.0/account" {
        return removebg::account();
    }
    let Some(pipeline) = pipeline else {
        return refusal::no_model(path);
    };
    let mut job = Job {
        pipeline,
        limits,
        observe,
    };
    let answer = match path {
        "/api/remove" => rembg::respond(&mut job, request),
        "/v1.0/removebg" => removebg::respond(&mut job, request),
        _ => ours::respond(&mut job, request),
    };
    answer.unwrap_or_else(|refusal| *refusal)
}

fn allowed(path: &str) -> Option<&'static str> {
    match path {
        "/" => Some("GET, HEAD, POST"),
        "/api/remove" => Some("GET, POST"),
        "/v1/remove" | "/v1.0/removebg" => Some("POST"),
        "/page.js" | "/view.js" | "/page.css" | "/openapi.json" => Some("GET, HEAD"),
        "/v1.0/account" => Some("GET"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
