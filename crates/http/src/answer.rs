//! Responses and what they have in common.

use bytes::Bytes;
use cutout::{BoundingBox, Error, ErrorKind, Matte};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::fields::{BadBody, Fields};

/// A response that is no result.
pub(crate) type Refusal = Box<Response<Bytes>>;

/// The stable code of a refusal, beside the response whose body says it.
#[derive(Clone)]
struct Code(String);

/// The code of `response`, if it is a refusal.
pub fn code(response: &Response<Bytes>) -> Option<&str> {
    response.extensions().get().map(|Code(code)| code.as_str())
}

/// `response` as a refusal with `code`.
pub fn with_code(mut response: Response<Bytes>, code: impl Into<String>) -> Response<Bytes> {
    response.extensions_mut().insert(Code(code.into()));
    response
}

/// A response of one media type.
pub(crate) fn answer(
    status: u16,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let body = body.into();
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LENGTH, length);
    response
}

/// Adds a header; a value that cannot stand in one is left out.
pub(crate) fn add(response: &mut Response<Bytes>, name: &'static str, value: &dyn ToString) {
    if let Ok(value) = HeaderValue::try_from(value.to_string()) {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, value);
    }
}

/// Adds where the subject is, or that there is none, and how uncertain that is.
pub(crate) fn add_findings(
    response: &mut Response<Bytes>,
    foreground: Option<BoundingBox>,
    uncertainty: f32,
) {
    add(response, "x-uncertainty", &format!("{uncertainty:.3}"));
    let Some(b) = foreground else {
        add(response, "x-warning", &Matte::NO_SUBJECT);
        return;
    };
    add(response, "x-foreground-top", &b.top);
    add(response, "x-foreground-left", &b.left);
    add(response, "x-foreground-width", &b.width);
    add(response, "x-foreground-height", &b.height);
}

/// A refusal as `application/problem+json` (RFC 9457) with a stable `code`.
pub(crate) fn problem(status: u16, code: &str, detail: &str) -> Response<Bytes> {
    let title = code.replace('-', " ");
    let body = json!({ "status": status, "code": code, "title": title, "detail": detail });
    let response = answer(status, "application/problem+json", body.to_string());
    with_code(response, code)
}

/// The status of a core's error.
pub(crate) fn status_of(error: &Error) -> u16 {
    match error.kind() {
        ErrorKind::TooManyBytes | ErrorKind::TooManyPixels | ErrorKind::OutOfMemory => 413,
        ErrorKind::UnsupportedFormat => 415,
        ErrorKind::Undecodable | ErrorKind::Correction => 422,
        ErrorKind::Model | ErrorKind::Encode => 500,
        ErrorKind::Timeout => 504,
    }
}

/// A core's error as a problem.
pub(crate) fn failure(error: &Error) -> Response<Bytes> {
    problem(status_of(error), error.kind().as_str(), &error.to_string())
}

impl From<BadBody> for Refusal {
    fn from(BadBody(why): BadBody) -> Self {
        Box::new(problem(400, "bad-body", &why))
    }
}

/// Refuses a field with two values, perhaps one of the query and one of the form.
pub(crate) fn refuse_contradictions(fields: &Fields) -> Result<(), Refusal> {
    let Some(name) = fields.contradicted() else {
        return Ok(());
    };
    let name: String = name.chars().take(80).collect();
    let text = format!("{name:?} is there with two values; send one");
    Err(Box::new(problem(400, "bad-option", &text)))
}
