//! One HTTP request in, one response out, as a pure function over the core.
//!
//! `POST /` or `POST /v1/remove` with an encoded picture as the body answers the cut-out
//! as PNG, `?output=mask` the mask. Errors are `application/problem+json` (RFC 9457) with
//! the core's stable kind as `code`.

mod asset;

use std::time::Duration;

use bytes::Bytes;
use cutout::{Error, ErrorKind, Limits, Options, OutputKind, Pipeline, Segmenter, Stage};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;

pub use asset::asset;

/// Answers one request; every outcome is a response. `observe` is called as each stage ends.
pub fn respond<S: Segmenter>(
    pipeline: Option<&mut Pipeline<S>>,
    limits: Limits,
    request: &Request<Bytes>,
    observe: &mut dyn FnMut(Stage),
) -> Response<Bytes> {
    let options = match route(request, limits) {
        Ok(options) => options,
        Err(refusal) => return *refusal,
    };
    let Some(pipeline) = pipeline else {
        return problem(
            503,
            "no-model",
            "no model is loaded; serve a component made by `cutout bake`",
        );
    };
    match pipeline.remove(request.body(), &options, observe) {
        Ok(output) => answer(StatusCode::OK, "image/png", output.bytes),
        Err(error) => failure(&error),
    }
}

/// Adds `Server-Timing`: how long each stage took.
pub fn add_timing(response: &mut Response<Bytes>, stages: &[(Stage, Duration)]) {
    let entry = |(stage, time): &(Stage, Duration)| {
        format!("{};dur={:.3}", stage.as_str(), time.as_secs_f64() * 1e3)
    };
    let entries: Vec<_> = stages.iter().map(entry).collect();
    if let Ok(value) = HeaderValue::try_from(entries.join(", "))
        && !entries.is_empty()
    {
        response
            .headers_mut()
            .insert(HeaderName::from_static("server-timing"), value);
    }
}

/// The response to a body that is longer than `max_bytes`, for callers that stop reading there.
pub fn too_long(max_bytes: u64) -> Response<Bytes> {
    let text =
        format!("the body is longer than the limit of {max_bytes} bytes; send a smaller picture");
    problem(413, ErrorKind::TooManyBytes.as_str(), &text)
}

/// The response to a body that ended before it was whole.
pub fn incomplete() -> Response<Bytes> {
    problem(
        400,
        "incomplete-body",
        "the body ended early; send the request again",
    )
}

fn route(request: &Request<Bytes>, limits: Limits) -> Result<Options, Box<Response<Bytes>>> {
    let mut options = Options {
        limits,
        ..Options::default()
    };
    let (path, query) = (
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
    );
    if !matches!(path, "/" | "/v1/remove") {
        let text = format!("nothing is at {path:?}; POST a picture to /v1/remove");
        return Err(Box::new(problem(404, "not-found", &text)));
    }
    if request.method() != Method::POST {
        let text = format!("{} is not answered here; POST a picture", request.method());
        let mut refusal = problem(405, "method-not-allowed", &text);
        refusal
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Err(Box::new(refusal));
    }
    for (name, value) in query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once('=').unwrap_or((p, "")))
    {
        options.output = match (name, value) {
            ("output", "cutout") => OutputKind::Cutout,
            ("output", "mask") => OutputKind::Mask,
            _ => {
                let text =
                    format!("{name}={value} is not an option; use output=cutout or output=mask");
                return Err(Box::new(problem(400, "bad-option", &text)));
            }
        };
    }
    Ok(options)
}

fn failure(error: &Error) -> Response<Bytes> {
    let status = match error.kind() {
        ErrorKind::TooManyBytes | ErrorKind::TooManyPixels => 413,
        ErrorKind::UnsupportedFormat => 415,
        ErrorKind::Undecodable => 422,
        ErrorKind::Model | ErrorKind::Encode => 500,
    };
    problem(status, error.kind().as_str(), &error.to_string())
}

/// A refusal as `application/problem+json` with a stable `code`.
pub fn problem(status: u16, code: &str, detail: &str) -> Response<Bytes> {
    let body = json!({ "status": status, "code": code, "title": code.replace('-', " "), "detail": detail });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, "application/problem+json", body.to_string())
}

fn answer(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let body = body.into();
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LENGTH, length);
    response
}

#[cfg(test)]
mod tests;
