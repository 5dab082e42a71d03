//! Cross-origin requests: which web pages may call the server from a browser, by the CORS protocol of the Fetch standard
//! (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};

use super::rejection::Rejection;
use super::routes;
use crate::authority::host_and_port;

/// Headers that a page may send: all. A token's are named, since the star does not mean `authorization`, nor anything to
/// old browsers.
const SENT: HeaderValue = HeaderValue::from_static("authorization, content-type, x-api-key, *");

/// Headers of answers that a page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, server-timing, x-credits-charged, x-foreground-height, x-foreground-left, x-foreground-top, \
     x-foreground-width, x-height, x-max-height, x-max-width, x-model, x-request-id, x-type, x-uncertainty, x-warning, \
     x-width",
);

/// Seconds that a browser may keep the answer to a preflight request: two hours, the most that Chromium does.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origins whose pages may call the server.
pub(super) enum Cors {
    /// None: answers say nothing of origins.
    Off,
    All,
    Listed(Vec<HeaderValue>),
}

impl Cors {
    /// From origins as [`origin`] returns them.
    pub(super) fn new(origins: Vec<HeaderValue>) -> Self {
        match origins {
            none if none.is_empty() => Self::Off,
            some if some.iter().any(|origin| origin == "*") => Self::All,
            some => Self::Listed(some),
        }
    }

    /// The answer to a preflight request, by which a browser asks whether a page may send what it is about to; `None` for
    /// any other request. It comes without a token, since browsers send none, and is the same for every path.
    pub(super) fn preflight(&self, head: &Parts) -> Option<Response<Bytes>> {
        let asked = head.headers.get(header::ORIGIN)?;
        let is_preflight = head.method == Method::OPTIONS
            && (head.headers).contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || matches!(self, Self::Off) {
            return None;
        }
        if self.allowed(&head.headers).is_none() {
            let asked = String::from_utf8_lossy(asked.as_bytes());
            return Some(Rejection::origin(&asked).response(head.uri.path()));
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, routes::methods());
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, SENT);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }

    /// Adds to the headers of any answer, refusals too, what lets the page that sent `request` read it.
    pub(super) fn sign(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if matches!(self, Self::Listed(_)) {
            // For caches: the answer to another origin has other headers, or none of these.
            answer.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = self.allowed(request) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// The origin of `request` if its pages may call the server, or a star if all may.
    fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let asked = request.get(header::ORIGIN)?;
        match self {
            Self::Off => None,
            Self::All => Some(HeaderValue::from_static("*")),
            Self::Listed(origins) => origins.iter().find(|origin| *origin == asked).cloned(),
        }
    }
}

/// Reads an origin: `*`, or a scheme, a host and perhaps a port, such as `https://example.org`. It is returned as browsers
/// write it: in lower case, without the port that the scheme has by default.
///
/// # Errors
/// A sentence that says what an origin looks like.
pub(crate) fn origin(text: &str) -> Result<HeaderValue, String> {
    if text == "*" {
        return Ok(HeaderValue::from_static("*"));
    }
    let wrong = || {
        "an origin has a scheme and a host, perhaps a port, and no path: https://example.org; or * for all".to_owned()
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(wrong)?;
    let (host, port) = host_and_port(authority).ok_or_else(wrong)?;
    if host.contains('*') || uri.path() != "/" || uri.query().is_some() {
        return Err(wrong());
    }
    let usual = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = port.filter(|port| Some(*port) != usual);
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    let origin = format!("{scheme}://{host}{port}").to_ascii_lowercase();
    HeaderValue::try_from(origin).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    fn cors(origins: &[&str]) -> Cors {
        Cors::new(origins.iter().map(|text| origin(text).unwrap()).collect())
    }

    fn request(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/v1/remove");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, expected) in [
            ("*", Some("*")),
            ("https://example.org", Some("https://example.org")),
            ("HTTPS://Example.ORG/", Some("https://example.org")),
            ("https://example.org:443", Some("https://example.org")),
            ("http://example.org:443", Some("http://example.org:443")),
            ("http://localhost:80", Some("http://localhost")),
            ("http://localhost:5173", Some("http://localhost:5173")),
            ("http://[::1]:8000", Some("http://[::1]:8000")),
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("example.org", None),
            ("//example.org", None),
            ("/", None),
            ("null", None),
            ("", None),
            ("https://", None),
            ("https://example.org/path", None),
            ("https://example.org?query", None),
            ("https://user@example.org", None),
            ("https://example.org:x", None),
            ("https://*.example.org", None),
            ("https://exämple.org", None),
        ] {
            let found = origin(text).ok();
            let found = found.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(found, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_no_origin_is_refused_and_what_is_one_is_read_again(text in "(https?:/?/?)?[ -~]{0,20}") {
            if let Ok(found) = origin(&text) {
                prop_assert_eq!(origin(found.to_str().unwrap()), Ok(found));
            }
        }
    }

    #[test]
    fn only_listed_origins_are_allowed_and_caches_are_told_that_answers_vary() {
        // Flags, Origin; Access-Control-Allow-Origin and Vary.
        type Case<'a> = (&'a [&'a str], &'a str, Option<&'a str>, Option<&'a str>);
        let cases: [Case<'_>; 9] = [
            (&[], "https://a.org", None, None),
            (&["*"], "https://a.org", Some("*"), None),
            (&["*"], "null", Some("*"), None),
            (&["*"], "", None, None),
            (&["https://a.org", "*"], "https://b.org", Some("*"), None),
            (
                &["https://b.org", "https://a.org"],
                "https://a.org",
                Some("https://a.org"),
                Some("origin"),
            ),
            (&["https://a.org"], "https://b.org", None, Some("origin")),
            (&["https://a.org"], "http://a.org", None, Some("origin")),
            (&["https://a.org"], "", None, Some("origin")),
        ];
        for (flags, asked, allowed, vary) in cases {
            let headers = [("origin", asked)];
            let headers = if asked.is_empty() { &[][..] } else { &headers };
            let mut answer = HeaderMap::new();
            cors(flags).sign(&request("GET", headers).headers, &mut answer);
            let value = |name: &str| answer.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(
                (value("access-control-allow-origin"), value("vary")),
                (allowed, vary),
                "{flags:?} {asked}"
            );
            let exposed = value("access-control-expose-headers");
            assert_eq!(exposed.is_some(), allowed.is_some(), "{flags:?} {asked}");
        }
    }

    #[test]
    fn only_a_preflight_request_of_a_listed_origin_is_allowed() {
        let origin = ("origin", "https://a.org");
        let asks = ("access-control-request-method", "POST");
        // Flags, method, headers; the status of the answer.
        type Case<'a> = (
            &'a [&'a str],
            &'a str,
            &'a [(&'a str, &'a str)],
            Option<u16>,
        );
        let cases: [Case<'_>; 7] = [
            (&["https://a.org"], "OPTIONS", &[origin, asks], Some(204)),
            (&["*"], "OPTIONS", &[origin, asks], Some(204)),
            (&["https://b.org"], "OPTIONS", &[origin, asks], Some(403)),
            (&[], "OPTIONS", &[origin, asks], None),
            (&["*"], "OPTIONS", &[origin], None),
            (&["*"], "OPTIONS", &[asks], None),
            (&["*"], "POST", &[origin, asks], None),
        ];
        for (flags, method, headers, status) in cases {
            let answer = cors(flags).preflight(&request(method, headers));
            let found = answer.map(|answer| answer.status().as_u16());
            assert_eq!(found, status, "{flags:?} {method} {headers:?}");
        }
    }
}
