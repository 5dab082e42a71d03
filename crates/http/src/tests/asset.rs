use std::collections::BTreeSet;

use super::*;

fn get(path: &str) -> String {
    let response = asset(&Method::GET, path);
    text(&response.unwrap_or_else(|| panic!("nothing is at {path}")))
}

/// What follows each `mark` in `text`, up to the next double quote.
fn quoted<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let parts = text.split(mark).skip(1);
    parts.map(|rest| rest.split('"').next().unwrap()).collect()
}

/// Every script that `path` imports, and those that these import.
fn imported(path: &str, seen: &mut BTreeSet<String>) {
    if seen.insert(path.to_owned()) {
        for file in quoted(&get(path), " from \"./") {
            imported(&format!("/{file}"), seen);
        }
    }
}

#[test]
fn the_page_names_its_files_relative_to_itself() {
    let index = get("/");
    let mut files = [quoted(&index, " src=\""), quoted(&index, " href=\"")].concat();
    files.retain(|file| !file.starts_with("data:"));
    files.sort_unstable();
    // The host's own pages are shown where it says that it has them.
    let own = ["dashboard", "metrics"];
    let expected = ["example.jpg", "openapi.json", "page.css", "page.js"];
    assert_eq!(
        files,
        [&own[..1], &expected[..1], &own[1..], &expected[1..]].concat()
    );
    for file in expected {
        assert!(asset(&Method::GET, &format!("/{file}")).is_some(), "{file}");
    }
    let mut scripts = BTreeSet::new();
    imported("/page.js", &mut scripts);
    let served = ROUTES.iter().map(|route| route.path.to_owned());
    assert_eq!(
        scripts,
        served.filter(|path| path.ends_with(".js")).collect()
    );
    for address in quoted(&get("/page.js"), "ask(\"") {
        assert!(
            ROUTES.iter().any(|route| route.path[1..] == *address),
            "{address}"
        );
    }
}

#[test]
fn a_component_alone_has_no_pages_of_a_host_and_asks_for_no_token() {
    let host: serde_json::Value = serde_json::from_str(&get("/host.json")).unwrap();
    assert_eq!(host, serde_json::json!({ "admitted": true, "pages": [] }));
}

#[test]
fn the_page_is_small() {
    let is_text = |path: &str| path == "/" || path.ends_with(".js") || path.ends_with(".css");
    let paths = ROUTES
        .iter()
        .map(|route| route.path)
        .filter(|path| is_text(path));
    let bytes: usize = paths.map(|path| get(path).len()).sum();
    assert!(bytes < 69_000, "{bytes} bytes without the example");
    let example = asset(&Method::GET, "/example.jpg").unwrap();
    assert!(example.body().len() < 45_000 && example.body().starts_with(&[0xff, 0xd8]));
}

#[test]
fn no_file_of_the_page_has_an_address_that_begins_at_the_root() {
    let paths = ROUTES.iter().map(|route| route.path);
    for path in paths.filter(|path| *path == "/" || path.ends_with(".js") || path.ends_with(".css"))
    {
        let file = get(path);
        for mark in ["\"/", "'/", "`/", "url(/"] {
            assert!(!file.contains(mark), "{path} has {mark}");
        }
    }
    let description: serde_json::Value = serde_json::from_str(&get("/openapi.json")).unwrap();
    assert_eq!(description["servers"][0]["url"], ".");
}

#[test]
fn the_description_has_the_routes_of_the_table_and_their_methods() {
    let description: serde_json::Value = serde_json::from_str(&get("/openapi.json")).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let mut described = Vec::new();
    for (path, operations) in paths {
        let operations = operations.as_object().unwrap().keys();
        let methods = operations.filter(|key| *key != "parameters");
        let mut methods: Vec<_> = methods.map(|method| method.to_uppercase()).collect();
        methods.sort();
        described.push((path.as_str(), methods.join(", ")));
    }
    // The page's own path takes images too, for the page alone.
    let apis = ROUTES
        .iter()
        .filter(|route| route.api.is_some() && route.path != "/");
    let mut apis: Vec<_> = apis
        .map(|route| (route.path, route.methods.to_owned()))
        .collect();
    described.sort();
    apis.sort();
    assert_eq!(described, apis);
}
