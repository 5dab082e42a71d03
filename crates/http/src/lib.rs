//! One HTTP request in, one response out, as a pure function over the core.
//!
//! `POST /` or `POST /v1/remove` with an encoded picture as the body answers the cut-out
//! as PNG, `?output=mask` the mask. Errors are `application/problem+json` (RFC 9457) with
//! the core's stable kind as `code`.

use cutout::{Error, ErrorKind, Options, OutputKind, Pipeline, Segmenter, Stage};
use serde_json::json;

/// What a client asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// In capitals, for instance `POST`.
    pub method: String,
    /// With the query, for instance `/v1/remove?output=mask`.
    pub target: String,
    /// The body as received.
    pub body: Vec<u8>,
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// Answers one request; every outcome is a response. `observe` is called as each stage ends.
pub fn respond<S: Segmenter>(
    pipeline: Option<&mut Pipeline<S>>,
    options: Options,
    request: &Request,
    observe: &mut dyn FnMut(Stage),
) -> Response {
    let options = match route(request, options) {
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
    match pipeline.remove(&request.body, &options, observe) {
        Ok(output) => Response {
            status: 200,
            headers: vec![
                ("content-type", "image/png".into()),
                ("content-length", output.bytes.len().to_string()),
            ],
            body: output.bytes,
        },
        Err(error) => failure(&error),
    }
}

/// The response to a body that is longer than `max_bytes`, for callers that stop reading there.
pub fn too_long(max_bytes: u64) -> Response {
    let text =
        format!("the body is longer than the limit of {max_bytes} bytes; send a smaller picture");
    problem(413, ErrorKind::TooManyBytes.as_str(), &text)
}

/// The response to a body that ended before it was whole.
pub fn incomplete() -> Response {
    problem(
        400,
        "incomplete-body",
        "the body ended early; send the request again",
    )
}

fn route(request: &Request, mut options: Options) -> Result<Options, Box<Response>> {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    if !matches!(path, "/" | "/v1/remove") {
        let text = format!("nothing is at {path:?}; POST a picture to /v1/remove");
        return Err(Box::new(problem(404, "not-found", &text)));
    }
    if request.method != "POST" {
        let text = format!("{} is not answered here; POST a picture", request.method);
        let mut refusal = problem(405, "method-not-allowed", &text);
        refusal.headers.push(("allow", "POST".into()));
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

fn failure(error: &Error) -> Response {
    let status = match error.kind() {
        ErrorKind::TooManyBytes | ErrorKind::TooManyPixels => 413,
        ErrorKind::UnsupportedFormat => 415,
        ErrorKind::Undecodable => 422,
        ErrorKind::Model | ErrorKind::Encode => 500,
    };
    problem(status, error.kind().as_str(), &error.to_string())
}

fn problem(status: u16, code: &str, detail: &str) -> Response {
    let body = json!({ "status": status, "code": code, "title": code.replace('-', " "), "detail": detail });
    let body = body.to_string().into_bytes();
    Response {
        status,
        headers: vec![
            ("content-type", "application/problem+json".into()),
            ("content-length", body.len().to_string()),
        ],
        body,
    }
}

#[cfg(test)]
mod tests;
