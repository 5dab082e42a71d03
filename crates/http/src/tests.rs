mod accept;
mod asset;
mod options;
mod ours;
mod refine;
mod rembg;
mod removebg;

use std::io::Cursor;

use cutout::{Error, ModelSpec, OutputRule, Scaling};
use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

/// Side of the fake network's input, and of the images: nothing is resampled between them.
const SIDE: u32 = 16;

/// What is bright is foreground.
struct Bright(Vec<f32>);

impl Segmenter for Bright {
    fn segment(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.0 = input.chunks_exact(3).map(|pixel| pixel[0]).collect();
        Ok(&self.0)
    }
}

fn pipeline() -> Pipeline<Bright> {
    let spec = ModelSpec {
        name: "bright".into(),
        side: SIDE,
        mean: [0.0; 3],
        std: [1.0; 3],
        scaling: Scaling::PictureMax,
        output: OutputRule::MinMax,
    };
    Pipeline::new(spec, Bright(Vec::new()))
}

/// A request and what is asked of it.
#[derive(Default)]
struct Ask<'a> {
    method: &'a str,
    target: &'a str,
    content_type: &'a str,
    accept: &'a str,
    body: Vec<u8>,
}

impl Ask<'_> {
    fn send(&self) -> Response<Bytes> {
        let request = Request::builder()
            .method(self.method)
            .uri(self.target)
            .header("content-type", self.content_type)
            .header(
                "accept",
                if self.accept.is_empty() {
                    "*/*"
                } else {
                    self.accept
                },
            )
            .body(self.body.clone().into())
            .unwrap();
        answered(&request)
    }
}

fn answered(request: &Request<Bytes>) -> Response<Bytes> {
    respond(
        Some(&mut pipeline()),
        Limits::default(),
        request,
        &mut |_| {},
    )
}

/// A white box of 6 × 4 at column 4, row 8 of a black square.
fn picture() -> Vec<u8> {
    picture_of(|x, y| (4..10).contains(&x) && (8..12).contains(&y))
}

fn picture_of(is_white: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        Rgb([if is_white(x, y) { 255 } else { 0 }; 3])
    });
    file(&image.into(), ImageFormat::Png)
}

fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn decoded(response: &Response<Bytes>) -> DynamicImage {
    assert_eq!(response.status(), 200, "{}", text(response));
    image::load_from_memory(response.body()).unwrap()
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

fn json(response: &Response<Bytes>) -> serde_json::Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|e| panic!("{e}: {}", text(response)))
}

fn alpha(image: &DynamicImage, x: u32, y: u32) -> u8 {
    image.get_pixel(x, y).0[3]
}

/// As curl writes it.
const MULTIPART: &str = "multipart/form-data; boundary=------------------------d74496d66958873e";
const EDGE: &str = "--------------------------d74496d66958873e";

/// A multipart form; files have a name.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let file = if value.len() > 40 {
            "; filename=\"a\""
        } else {
            ""
        };
        let head =
            format!("{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("{EDGE}--\r\n").as_bytes());
    body
}

#[test]
fn what_is_nowhere_or_of_another_method_is_refused_with_a_stable_code() {
    for (method, target, status, code) in [
        ("GET", "/v1/remove", 405, "method-not-allowed"),
        ("PUT", "/api/remove", 405, "method-not-allowed"),
        (
            "GET",
            "/api/remove?url=http://localhost/",
            501,
            "not-implemented",
        ),
        ("POST", "/v1.0/account", 405, "method_not_allowed"),
        ("GET", "/v1.0/removebg", 405, "method_not_allowed"),
        ("GET", "/v1.0/improve", 404, "not_found"),
        ("POST", "/elsewhere", 404, "not-found"),
    ] {
        let ask = Ask {
            method,
            target,
            ..Ask::default()
        };
        let response = ask.send();
        assert_eq!(response.status(), status, "{method} {target}");
        let body = json(&response);
        let found = body.pointer("/code").or(body.pointer("/errors/0/code"));
        assert_eq!(found.unwrap(), code, "{method} {target}");
    }
}

#[test]
fn without_a_model_the_answer_is_503() {
    let request = Request::post("/").body(Bytes::from(picture())).unwrap();
    let response = respond::<Bright>(None, Limits::default(), &request, &mut |_| {});
    assert_eq!(response.status(), 503);
}

#[test]
fn stages_become_server_timing() {
    let request = Request::post("/").body(Bytes::from(picture())).unwrap();
    let mut stages = Vec::new();
    let mut response = respond(
        Some(&mut pipeline()),
        Limits::default(),
        &request,
        &mut |stage| {
            stages.push((stage, std::time::Duration::from_micros(1500)));
        },
    );
    add_timing(&mut response, &stages);
    let timing = response.headers()["server-timing"].to_str().unwrap();
    assert_eq!(
        timing,
        "decode;dur=1.500, preprocess;dur=1.500, segment;dur=1.500, matte;dur=1.500, \
         colour;dur=1.500, encode;dur=1.500"
    );
}

proptest! {
    /// A form is cut, one of its bytes is changed: an answer comes that is no fault of ours.
    #[test]
    fn damaged_requests_are_never_our_fault(
        target in prop::sample::select(vec!["/v1/remove", "/v1/refine", "/api/remove", "/v1.0/removebg"]),
        content_type in prop::sample::select(vec![
            MULTIPART, "application/json", "application/x-www-form-urlencoded", "image/png",
            "multipart/form-data", "text/;;=",
        ]),
        at in 0_usize..2000, value: u8, cut in 0_usize..2000,
    ) {
        let name = match target { "/v1/remove" | "/v1/refine" => "image", "/api/remove" => "file", _ => "image_file" };
        let mut fields = vec![("crop", b"true".as_slice()), ("size", b"full"), ("om", b"1")];
        let picture = picture();
        if target == "/v1/refine" {
            fields = vec![("mask", &picture), ("keep", b"1,2,3,4"), ("erase", &picture)];
        }
        fields.insert(1, (name, &picture));
        let mut body = form(&fields);
        let length = body.len();
        body[at % length] = value;
        if cut % 3 == 0 {
            body.truncate(cut % length);
        }
        let ask = Ask { method: "POST", target, content_type, body, ..Ask::default() };
        prop_assert!(ask.send().status().as_u16() < 500);
    }
}
