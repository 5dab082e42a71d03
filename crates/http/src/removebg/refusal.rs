//! Errors as remove.bg words them.

use bytes::Bytes;
use cutout::{Error, ErrorKind};
use http::Response;
use serde_json::json;

use crate::answer::answer;

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
    answer(status, "application/json", body.to_string())
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error.kind() {
            ErrorKind::UnsupportedFormat => Self::new("invalid_file_type", &text),
            ErrorKind::Undecodable => Self::new("failed_to_read_image", &text),
            ErrorKind::TooManyBytes => Self::new("file_too_large", &text),
            ErrorKind::TooManyPixels => Self::new("resolution_too_high", &text),
            ErrorKind::Model | ErrorKind::Encode => Self::ours(&text),
        }
    }
}
