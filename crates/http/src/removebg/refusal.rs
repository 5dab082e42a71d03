//! Errors as remove.bg words them.

use bytes::Bytes;
use cutout::Error;
use http::Response;
use serde_json::json;

use crate::answer::{answer, with_code};

/// A refusal of this face.
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    detail: String,
}

impl Refusal {
    /// The client's fault.
    pub(super) fn new(code: &'static str, detail: &str) -> Self {
        Self {
            status: 400,
            code,
            detail: detail.to_owned(),
        }
    }

    /// Ours.
    pub(super) fn ours(detail: &str) -> Self {
        Self {
            status: 500,
            code: "internal_error",
            detail: detail.to_owned(),
        }
    }

    pub(super) fn response(self) -> Response<Bytes> {
        errors(self.status, self.code, &self.detail)
    }
}

/// `{"errors": [{"title", "code", "detail"}]}`.
pub(crate) fn errors(status: u16, code: &str, detail: &str) -> Response<Bytes> {
    let error = json!({ "title": code.replace('_', " "), "code": code, "detail": detail });
    let body = json!({ "errors": [error] });
    with_code(answer(status, "application/json", body.to_string()), code)
}

/// remove.bg's status and code for one of ours, where it has them.
pub(crate) fn translated(code: &str) -> Option<(u16, &'static str)> {
    Some(match code {
        "unsupported-format" => (400, "invalid_file_type"),
        "undecodable" => (400, "failed_to_read_image"),
        "too-many-bytes" => (400, "file_too_large"),
        "too-many-pixels" | "out-of-memory" => (400, "resolution_too_high"),
        "queue-full" | "bodies-full" => (429, "rate_limit_exceeded"),
        "unauthorised" => (403, "auth_failed"),
        _ => return None,
    })
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match translated(error.kind().as_str()) {
            Some((status, code)) => Self {
                status,
                code,
                detail: text,
            },
            None => Self::ours(&text),
        }
    }
}
