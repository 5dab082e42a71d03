use cutout::{Format, MARKS, OPTIONS, OptionSpec, OptionValue, Values};
use serde_json::{Value, json};

use super::*;

/// The JSON schema of an option's values.
fn schema(option: &OptionSpec) -> Value {
    let mut schema = match option.values {
        Values::Words(words) => json!({ "type": "string", "enum": words }),
        Values::Number {
            least,
            most,
            or: None,
        } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Values::Number {
            least,
            most,
            or: Some(word),
        } => json!({ "oneOf": [
            { "type": "string", "enum": [word] },
            { "type": "integer", "minimum": least, "maximum": most },
        ] }),
        Values::Colour | Values::Margins { .. } => json!({ "type": "string" }),
        Values::Rectangle => json!({ "type": "array", "items": { "type": "string" } }),
    };
    // Without a format, `Accept` chooses.
    let default = option.default.filter(|_| *option != Format::OPTION);
    if let Some(default) = default {
        let number = default.parse::<u32>().map(Value::from);
        schema["default"] = number.unwrap_or_else(|_| default.into());
    }
    schema
}

#[test]
fn the_description_of_the_service_has_the_options_of_the_core() {
    let file = asset(&Method::GET, "/openapi.json").unwrap();
    let description: Value = serde_json::from_slice(file.body()).unwrap();
    let operation = &description["paths"]["/v1/remove"]["post"];

    let parameters = operation["parameters"].as_array().unwrap();
    let expected = OPTIONS.iter().map(|option| {
        json!({ "name": option.name, "in": "query", "required": false, "schema": schema(option) })
    });
    let found = parameters.iter().map(|parameter| {
        let mut parameter = parameter.clone();
        parameter.as_object_mut().unwrap().remove("description");
        parameter
    });
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    for (option, parameter) in OPTIONS.iter().zip(parameters) {
        let text = parameter["description"].as_str().unwrap();
        assert!(text.starts_with(option.about), "{}: {text}", option.name);
        if matches!(option.values, Values::Margins { .. }) {
            assert!(text.contains(&option.values.to_string()), "{text}");
        }
    }

    let form = &operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"];
    let mut form = form.as_object().unwrap().clone();
    form.remove("image").unwrap();
    let expected = OPTIONS.map(|option| (option.name.to_owned(), schema(&option)));
    assert_eq!(form, serde_json::Map::from_iter(expected));
}

#[test]
fn the_description_of_corrections_has_the_marks_and_options_of_the_core() {
    let file = asset(&Method::GET, "/openapi.json").unwrap();
    let description: Value = serde_json::from_slice(file.body()).unwrap();
    let operation = &description["paths"]["/v1/refine"]["post"];
    let parameters = operation["parameters"].as_array().unwrap();
    let names = parameters.iter().map(|parameter| &parameter["name"]);
    assert_eq!(names.collect::<Vec<_>>(), OPTIONS.map(|option| option.name));

    let form = &operation["requestBody"]["content"]["multipart/form-data"]["schema"];
    assert_eq!(form["required"], json!(["image", "mask"]));
    let mut form = form["properties"].as_object().unwrap().clone();
    form.remove("image").unwrap();
    form.remove("mask").unwrap();
    for mark in MARKS {
        let text = form[mark.name]
            .as_object_mut()
            .unwrap()
            .remove("description");
        let text = text.unwrap().as_str().unwrap().to_owned();
        assert!(text.starts_with(mark.about), "{text}");
        assert!(text.contains(&mark.values.to_string()), "{text}");
    }
    let expected = MARKS.iter().chain(&OPTIONS);
    let expected = expected.map(|option| (option.name.to_owned(), schema(option)));
    assert_eq!(form, expected.collect());
}

#[test]
fn an_invalid_value_is_refused_with_the_values_of_the_core() {
    for option in OPTIONS {
        let target = format!("/v1/remove?{}=no+such", option.name);
        let ask = Ask {
            method: "POST",
            target: &target,
            body: picture(),
            ..Ask::default()
        };
        let response = ask.send();
        assert_eq!(response.status(), 400, "{target}");
        let problem: Value = serde_json::from_slice(response.body()).unwrap();
        let expected = format!(
            "invalid value \"no such\" for {}; expected {}",
            option.name, option.values
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(&expected), "{detail}");
    }
}
