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

#[test]
fn the_page_names_its_files_relative_to_itself() {
    let index = get("/");
    let mut files = [quoted(&index, " src=\""), quoted(&index, " href=\"")].concat();
    files.retain(|file| !file.starts_with("data:"));
    let script = get("/page.js");
    let imports = quoted(&script, " from \"./");
    assert_eq!(files, ["page.js", "page.css"]);
    assert_eq!(imports, ["view.js"]);
    for file in files.iter().chain(&imports) {
        assert!(!get(&format!("/{file}")).is_empty());
    }
    assert_eq!(quoted(&script, "open(\"POST\", \""), ["v1/remove"]);
}

#[test]
fn no_file_of_the_page_has_an_address_that_begins_at_the_root() {
    for path in ["/", "/page.js", "/view.js", "/page.css"] {
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
