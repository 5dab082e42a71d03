//! The table of the server's own routes, and what is derived from all routes: labels of metrics and methods for CORS.

use cutout_http::ROUTES;
use http::HeaderValue;

/// Answers of the server's own, whatever the method.
#[derive(Clone, Copy, Debug)]
pub(super) enum Own {
    /// It runs.
    Live,
    /// It is ready for images.
    Ready,
    /// A file: its media type and its text.
    File(&'static str, &'static str),
    /// The last failures. Needs the token.
    Failures,
    /// The last hour of the metrics. Needs the token.
    History,
    /// The metrics. Needs the token.
    Metrics,
    /// What the page asks for first: whether the token is right, and which pages there are.
    Host,
}

/// What is answered at the address that a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything.
    All,
    /// Images and health checks.
    Images,
    /// The server's own routes.
    Metrics,
}

/// A route of the server's own.
struct OwnRoute {
    path: &'static str,
    answer: Own,
    /// Whether metrics count it under its path.
    is_counted: bool,
}

/// A fixed file beside this one, at the path of its name.
macro_rules! file {
    ($media_type:expr, $name:literal) => {
        OwnRoute {
            path: concat!("/", $name),
            answer: Own::File($media_type, include_str!($name)),
            is_counted: false,
        }
    };
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Routes besides those of [`ROUTES`], which come after them: `/host.json` is in both. The dashboard asks for the token itself: a
/// browser cannot send one with an address.
static OWN: &[OwnRoute] = &[
    counted("/healthz", Own::Live),
    counted("/readyz", Own::Ready),
    counted("/metrics", Own::Metrics),
    counted(
        "/dashboard",
        Own::File("text/html; charset=utf-8", include_str!("dashboard.html")),
    ),
    file!(STYLE, "dashboard.css"),
    file!(SCRIPT, "dashboard.js"),
    file!(SCRIPT, "dashboard/cards.js"),
    file!(SCRIPT, "dashboard/charts.js"),
    file!(SCRIPT, "dashboard/dom.js"),
    file!(SCRIPT, "dashboard/format.js"),
    file!(SCRIPT, "dashboard/plot.js"),
    file!(SCRIPT, "dashboard/samples.js"),
    file!(SCRIPT, "dashboard/servers.js"),
    file!(SCRIPT, "dashboard/tables.js"),
    uncounted("/dashboard/failures", Own::Failures),
    uncounted("/dashboard/history", Own::History),
    uncounted("/host.json", Own::Host),
];

const fn counted(path: &'static str, answer: Own) -> OwnRoute {
    OwnRoute {
        path,
        answer,
        is_counted: true,
    }
}

const fn uncounted(path: &'static str, answer: Own) -> OwnRoute {
    OwnRoute {
        path,
        answer,
        is_counted: false,
    }
}

/// The server's own answer at `path`.
pub(super) fn own(path: &str, scope: Scope) -> Option<Own> {
    let route = OWN.iter().find(|route| route.path == path);
    let answer = route.map(|route| route.answer);
    answer.filter(|own| scope != Scope::Images || matches!(own, Own::Live | Own::Ready | Own::Host))
}

/// The name under which metrics count `path`; clients cannot add to them.
pub(super) fn label(path: &str) -> &'static str {
    let own = OWN.iter().filter(|route| route.is_counted);
    let own = own.map(|route| route.path);
    let apis = ROUTES.iter().filter(|route| route.api.is_some());
    let mut paths = apis.map(|route| route.path).chain(own);
    paths.find(|known| *known == path).unwrap_or("other")
}

/// The methods that are answered anywhere, as a header lists them.
pub(super) fn methods() -> HeaderValue {
    let mut methods: Vec<&str> = Vec::new();
    for method in ROUTES.iter().flat_map(|route| route.methods.split(", ")) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    HeaderValue::try_from(methods.join(", ")).unwrap_or(HeaderValue::from_static("*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_has_two_routes_but_that_of_the_host() {
        for route in OWN {
            assert!(own(route.path, Scope::All).is_some());
            let others = ROUTES.iter().filter(|other| other.path == route.path);
            let expected = usize::from(route.path == "/host.json");
            assert_eq!(others.count(), expected, "{}", route.path);
        }
    }

    #[test]
    fn apis_and_checks_are_counted_by_their_paths_and_files_together() {
        let counted = [
            "/",
            "/v1/remove",
            "/v1/refine",
            "/v1.0/removebg",
            "/v1.0/account",
            "/api/remove",
            "/healthz",
            "/readyz",
            "/metrics",
            "/dashboard",
        ];
        for path in counted {
            assert_eq!(label(path), path);
        }
        for path in [
            "/page.js",
            "/openapi.json",
            "/dashboard.js",
            "/dashboard/failures",
            "/dashboard/history",
            "/x",
        ] {
            assert_eq!(label(path), "other", "{path}");
        }
    }

    #[test]
    fn the_methods_of_all_routes_are_named_once() {
        assert_eq!(methods(), "GET, HEAD, POST");
    }
}
