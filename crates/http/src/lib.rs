//! One HTTP request in, one response out, as a pure function over the core.
//!
//! Three faces: our own `POST /v1/remove` (and `POST /`) and `POST /v1/refine`, rembg's `POST /api/remove`, and remove.bg's
//! `POST /v1.0/removebg` with `GET /v1.0/account`. What a face does not do is refused, never ignored.

mod accept;
mod answer;
mod asset;
mod fields;
mod ours;
mod refine;
mod refusal;
mod rembg;
mod removebg;
mod route;
mod timing;

use bytes::Bytes;
use cutout::{Limits, Pipeline, Segmenter, Stage};
use http::{Method, Request, Response};

pub use answer::{code, with_code};
pub use asset::{PAGE_POLICY, asset};
pub use refusal::{incomplete, refusal, too_long};
pub use route::{Api, ROUTES, Route};
pub use timing::{add_timing, read_server_timing, server_timing};

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
    let Some(route) = route::route(path) else {
        return refusal::nowhere(path);
    };
    let method = request.method();
    let is_allowed = route.methods.split(", ").any(|name| method == name);
    let api = match route.api {
        Some(api) if is_allowed => api,
        _ => return refusal::wrong_method(path, method, route.methods),
    };
    match api {
        Api::Account => return removebg::account(),
        // Rembg fetches the address that it is given; a guest has no network.
        Api::Rembg if method == Method::GET => return rembg::no_fetching(),
        Api::Ours | Api::Refine | Api::Rembg | Api::RemoveBg => {}
    }
    let Some(pipeline) = pipeline else {
        return refusal::no_model(path);
    };
    let mut job = Job {
        pipeline,
        limits,
        observe,
    };
    let answer = match api {
        Api::Rembg => rembg::respond(&mut job, request),
        Api::RemoveBg => removebg::respond(&mut job, request),
        Api::Ours => ours::respond(&mut job, request),
        Api::Refine => refine::respond(&mut job, request),
        Api::Account => Ok(removebg::account()),
    };
    answer.unwrap_or_else(|refusal| *refusal)
}

#[cfg(test)]
mod tests;
