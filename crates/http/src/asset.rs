//! The page and the description of the interface: fixed files, which need no engine.

use bytes::Bytes;
use http::{Method, Response};

use crate::answer::{add, answer};
use crate::route::route;

/// The `Content-Security-Policy` of a page: its own scripts and styles, and nothing inline.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The fixed file that a GET or HEAD request asks for; `None` when it asks for something else.
pub fn asset(method: &Method, path: &str) -> Option<Response<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let (media_type, bytes) = route(path)?.file?;
    let mut response = answer(200, media_type, bytes);
    add(&mut response, "cache-control", &"no-cache");
    add(&mut response, "content-security-policy", &PAGE_POLICY);
    Some(response)
}
