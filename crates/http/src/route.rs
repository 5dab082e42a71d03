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

/// A fixed file: its media type and its bytes.
pub(crate) type File = (&'static str, &'static [u8]);

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const JSON: &str = "application/json";

/// A script of the page.
macro_rules! script {
    ($name:literal) => {
        file(
            concat!("/", $name),
            SCRIPT,
            include_bytes!(concat!("asset/", $name)),
        )
    };
}

/// Every route.
pub static ROUTES: [Route; 23] = [
    Route {
        file: Some((HTML, include_bytes!("asset/index.html"))),
        ..api("/", "GET, HEAD, POST", Api::Ours)
    },
    api("/v1/remove", "POST", Api::Ours),
    api("/v1/refine", "POST", Api::Refine),
    api("/v1.0/removebg", "POST", Api::RemoveBg),
    api("/v1.0/account", "GET", Api::Account),
    api("/api/remove", "GET, POST", Api::Rembg),
    script!("page.js"),
    script!("view.js"),
    script!("brush.js"),
    script!("choose.js"),
    script!("compare.js"),
    script!("dom.js"),
    script!("marks.js"),
    script!("options.js"),
    script!("queue.js"),
    script!("render.js"),
    script!("save.js"),
    script!("strip.js"),
    script!("zip.js"),
    file("/page.css", STYLE, include_bytes!("asset/page.css")),
    file(
        "/example.jpg",
        "image/jpeg",
        include_bytes!("asset/example.jpg"),
    ),
    // What the host has besides this table, which is nothing for the component alone; `cutout serve` answers for itself.
    file("/host.json", JSON, br#"{"admitted":true,"pages":[]}"#),
    file("/openapi.json", JSON, include_bytes!("asset/openapi.json")),
];

const fn api(path: &'static str, methods: &'static str, api: Api) -> Route {
    Route {
        path,
        methods,
        api: Some(api),
        file: None,
    }
}

const fn file(path: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Route {
    Route {
        path,
        methods: "GET, HEAD",
        api: None,
        file: Some((media_type, bytes)),
    }
}

/// The route at `path`.
pub(crate) fn route(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}
