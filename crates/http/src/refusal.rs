//! Refusals that come before or instead of an answer, in the words of the face that was asked.

use bytes::Bytes;
use cutout::ErrorKind;
use http::{Method, Response};

use crate::answer::{add, problem};
use crate::removebg;

/// A refusal of a request for `path` as its face words it; `code` is one of ours, stable. remove.bg's face has codes,
/// and for some of them statuses, of its own.
pub fn refusal(path: &str, status: u16, code: &str, detail: &str) -> Response<Bytes> {
    if !path.starts_with("/v1.0/") {
        return problem(status, code, detail);
    }
    match removebg::translated(code) {
        Some((status, code)) => removebg::errors(status, code, detail),
        None => removebg::errors(status, &code.replace('-', "_"), detail),
    }
}

/// The response to a body for `path` that is longer than `max_bytes`, for callers that stop reading there.
pub fn too_long(path: &str, max_bytes: u64) -> Response<Bytes> {
    let text =
        format!("the body is longer than the limit of {max_bytes} bytes; send a smaller image");
    refusal(path, 413, ErrorKind::TooManyBytes.as_str(), &text)
}

/// The response to a body for `path` that ended before it was whole.
pub fn incomplete(path: &str) -> Response<Bytes> {
    let text = "the body ended early; send the request again";
    refusal(path, 400, "incomplete-body", text)
}

/// Nothing is at `path`.
pub(crate) fn nowhere(path: &str) -> Response<Bytes> {
    let text = format!("nothing is at {path:?}; POST an image to /v1/remove");
    refusal(path, 404, "not-found", &text)
}

/// Refuses a method; `allowed` are those that are answered.
pub(crate) fn wrong_method(path: &str, method: &Method, allowed: &'static str) -> Response<Bytes> {
    let text = format!("{method} is not answered here; use {allowed}");
    let mut refusal = refusal(path, 405, "method-not-allowed", &text);
    add(&mut refusal, "allow", &allowed);
    refusal
}

/// No model is loaded.
pub(crate) fn no_model(path: &str) -> Response<Bytes> {
    let text = "no model is loaded; serve a component made by `cutout bake`";
    refusal(path, 503, "no-model", text)
}
