use cutout::{ModelSpec, OutputRule, Scaling};

use super::*;

struct Gradient(Vec<f32>);

impl Segmenter for Gradient {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.0 = (0..input.len() / 3).map(|i| i as f32).collect();
        Ok(&self.0)
    }
}

fn ask(method: &str, target: &str, body: &[u8]) -> Response<Bytes> {
    let spec = ModelSpec {
        name: "gradient".into(),
        side: 4,
        mean: [0.0; 3],
        std: [1.0; 3],
        scaling: Scaling::PictureMax,
        output: OutputRule::MinMax,
    };
    let mut pipeline = Pipeline::new(spec, Gradient(Vec::new()));
    respond(
        Some(&mut pipeline),
        Limits::default(),
        &request(method, target, body),
        &mut |_| {},
    )
}

fn request(method: &str, target: &str, body: &[u8]) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(target);
    request.body(Bytes::copy_from_slice(body)).unwrap()
}

/// A 2 × 2 BMP of four colours.
fn picture() -> Vec<u8> {
    let mut file =
        b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0".to_vec();
    file.extend([0; 24]);
    file.extend([255, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255, 9, 9, 9, 0, 0]);
    file
}

#[test]
fn a_posted_picture_comes_back_as_png() {
    for target in [
        "/",
        "/v1/remove",
        "/v1/remove?output=cutout",
        "/?output=mask",
    ] {
        let response = ask("POST", target, &picture());
        assert_eq!(
            response.status(),
            200,
            "{target}: {}",
            String::from_utf8_lossy(response.body())
        );
        assert!(response.body().starts_with(b"\x89PNG"), "{target}");
        assert!(
            response.headers()["content-type"] == "image/png",
            "{target}"
        );
        // The colour type in IHDR: 6 is RGBA, 0 is grey.
        assert_eq!(
            response.body()[25],
            if target.ends_with("mask") { 0 } else { 6 },
            "{target}"
        );
    }
}

#[test]
fn every_refusal_has_its_status_and_a_stable_code() {
    let cases: [(&str, &str, &[u8], u16, &str); 6] = [
        ("GET", "/", b"", 405, "method-not-allowed"),
        ("POST", "/elsewhere", b"", 404, "not-found"),
        ("POST", "/?output=video", b"", 400, "bad-option"),
        ("POST", "/?colour=red", b"", 400, "bad-option"),
        ("POST", "/", b"not a picture", 415, "unsupported-format"),
        ("POST", "/", b"\x89PNG\r\n\x1a\n\0\0", 422, "undecodable"),
    ];
    for (method, target, body, status, code) in cases {
        let response = ask(method, target, body);
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(response.status(), status, "{method} {target}: {text}");
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["code"], code, "{method} {target}");
        assert_eq!(problem["status"], status, "{method} {target}");
    }
}

#[test]
fn without_a_model_the_answer_is_503() {
    let request = request("POST", "/", &picture());
    let response = respond::<Gradient>(None, Limits::default(), &request, &mut |_| {});
    assert_eq!(response.status(), 503);
}
