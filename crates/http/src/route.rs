//! The table of routes that component and server share.

/// A path, and what is answered there.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The path.
    pub path: &'static str,
    /// The methods that are answered, as the header `Allow` lists them.
    pub methods: &'static str,
    /// The API that is there.
    pub api: Option<Api>,
    /// The fixed file that GET and HEAD are answered with.
    pub(crate) file: Option<File>,
}

/// An API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Ours: an image.
    Ours,
    /// Ours: an image and its mask, corrected by hand.
    Refine,
    /// rembg's: an image.
    Rembg,
    /// remove.bg's: an image.
    RemoveBg,
    /// remove.bg's: the account.
    Account,
}

/// A fixed file: its media type and its text.
pub(crate) type File = (&'static str, &'static str);

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Every route.
pub static ROUTES: [Route; 10] = [
    Route {
        file: Some((HTML, include_str!("asset/index.html"))),
        ..api("/", "GET, HEAD, POST", Api::Ours)
    },
    api("/v1/remove", "POST", Api::Ours),
    api("/v1/refine", "POST", Api::Refine),
    api("/v1.0/removebg", "POST", Api::RemoveBg),
    api("/v1.0/account", "GET", Api::Account),
    api("/api/remove", "GET, POST", Api::Rembg),
    file("/page.js", SCRIPT, include_str!("asset/page.js")),
    file("/view.js", SCRIPT, include_str!("asset/view.js")),
    file("/page.css", STYLE, include_str!("asset/page.css")),
    file(
        "/openapi.json",
        "application/json",
        include_str!("asset/openapi.json"),
    ),
];

const fn api(path: &'static str, methods: &'static str, api: Api) -> Route {
    Route {
        path,
        methods,
        api: Some(api),
        file: None,
    }
}

const fn file(path: &'static str, media_type: &'static str, text: &'static str) -> Route {
    Route {
        path,
        methods: "GET, HEAD",
        api: None,
        file: Some((media_type, text)),
    }
}

/// The route at `path`.
pub(crate) fn route(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}
