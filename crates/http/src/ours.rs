//! Our own face: `POST /v1/remove`.
//!
//! The body is the image itself, or a multipart form with `image` (or `image[]`, or `file`). Options stand in the query or
//! in the form, named as the program's flags: `output`, `quality`, `compat`, `format`, `png`, `webp-quality`,
//! `jpeg-quality`, `background` (a colour, or an image in the form), `crop` (`true`, or margins), `max-side`. `Accept`
//! chooses the format where `format` does not, and JSON where it is preferred to every image format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cutout::{
    Background, Encoding, Error, ErrorKind, Format, Layout, Length, Margins, Matte, Options,
    Output, OutputKind, Quality, Segmenter, parse,
};
use http::{Request, Response};
use serde_json::json;

use crate::Job;
use crate::accept;
use crate::answer::{Refusal, add, add_findings, answer, failure, problem, refuse_contradictions};
use crate::fields::{Body, Fields};

/// The form fields that may hold the image: the first is ours, the others are common among clients.
const IMAGE: [&str; 3] = ["image", "image[]", "file"];

const OPTIONS: [&str; 10] = [
    "output",
    "quality",
    "compat",
    "format",
    "png",
    "webp-quality",
    "jpeg-quality",
    "background",
    "crop",
    "max-side",
];

pub(crate) fn respond<S: Segmenter>(
    job: &mut Job<'_, S>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let (picture, fields) = read(request)?;
    let shape = Shape::wanted(request, &fields)?;
    let options = options(job, &fields, shape.format)?;
    let output = job
        .pipeline
        .remove(&picture, &options, job.observe)
        .map_err(|e| Box::new(refused(&e, Body::of(request))))?;
    let format = shape.format;
    let mut response = match shape.json {
        true => as_json(&output, format),
        false => answer(200, format.media_type(), output.bytes),
    };
    add(&mut response, "x-model", &job.pipeline.spec().name);
    add_findings(&mut response, output.foreground, output.uncertainty);
    Ok(response)
}

/// The encoded image of a request, and its options.
fn read(request: &Request<Bytes>) -> Result<(Bytes, Fields), Refusal> {
    let refused = |code, text: &str| Box::new(problem(400, code, text));
    let mut fields = Fields::of_query(request);
    if let Some(name) = fields.names().find(|name| IMAGE.contains(name)) {
        let text = format!("{name} is not an option: the image is the body, or stands in a form");
        return Err(refused("bad-option", &text));
    }
    // Whatever else a body says that it is, it is the image: curl calls all that it posts urlencoded.
    let is_form = Body::of(request) == Body::Multipart;
    if is_form {
        fields.add_body(request)?;
    }
    if fields.names().filter(|name| IMAGE.contains(name)).count() > 1 {
        let text = "the form has more than one image; send a request for each";
        return Err(refused("bad-option", text));
    }
    refuse_contradictions(&fields)?;
    let is_known = |name: &str| IMAGE.contains(&name) || OPTIONS.contains(&name);
    if let Some(name) = fields.names().find(|name| !is_known(name)) {
        let image = if is_form { "image, " } else { "" };
        let known = OPTIONS.join(", ");
        let text = format!("{name:?} is not an option; known are {image}{known}");
        return Err(refused("bad-option", &text));
    }
    if !is_form {
        return Ok((request.body().clone(), fields));
    }
    let image = IMAGE.iter().find_map(|name| fields.bytes(name)).cloned();
    let image = image.ok_or_else(|| {
        let text =
            "the form has no image; put the image into the field `image`, or make it the body";
        refused("missing-image", text)
    })?;
    Ok((image, fields))
}

/// A core's error as a response. curl posts as urlencoded what it takes line ends out of, and images with them.
fn refused(error: &Error, body: Body) -> Response<Bytes> {
    let is_image = !matches!(
        error.kind(),
        ErrorKind::UnsupportedFormat | ErrorKind::Undecodable
    );
    if is_image || body != Body::Urlencoded {
        return failure(error);
    }
    let hint = "if curl sent it with -d, use --data-binary @FILE, since -d alters images";
    failure(&Error::new(error.kind(), format!("{error}; {hint}")))
}

fn as_json(output: &Output, format: Format) -> Response<Bytes> {
    let foreground = output
        .foreground
        .map(|b| json!({ "left": b.left, "top": b.top, "width": b.width, "height": b.height }));
    let body = json!({
        "width": output.width,
        "height": output.height,
        "media_type": format.media_type(),
        "foreground": foreground,
        "uncertainty": output.uncertainty,
        "warning": output.foreground.is_none().then_some(Matte::NO_SUBJECT),
        "image_b64": STANDARD.encode(&output.bytes),
    });
    answer(200, "application/json", body.to_string())
}

/// In which shape the result is wanted.
struct Shape {
    format: Format,
    json: bool,
}

impl Shape {
    /// By `format`, or else the image format that `Accept` likes best, the earlier in its order where it likes several
    /// alike. JSON, which holds the image, only where `Accept` prefers it.
    fn wanted(request: &Request<Bytes>, fields: &Fields) -> Result<Self, Refusal> {
        let accept = accept::accepted(request.headers());
        let json = accept::prefers_json(&accept);
        let asked = fields.text("format").map(|text| match text {
            "png" => Ok(Format::Png),
            "webp" => Ok(Format::WebP),
            "jpeg" | "jpg" => Ok(Format::Jpeg),
            _ => Err(bad("format", text, "png, webp or jpeg")),
        });
        let format = asked
            .transpose()?
            .or_else(|| accept::best_image(&accept))
            .or(json.then_some(Format::Png));
        let format = format.ok_or_else(|| {
            let text = format!(
                "Accept: {accept} has none of image/png, image/webp, image/jpeg and application/json"
            );
            Box::new(problem(406, "not-acceptable", &text))
        })?;
        Ok(Self { format, json })
    }
}

fn options<S: Segmenter>(
    job: &Job<'_, S>,
    fields: &Fields,
    format: Format,
) -> Result<Options, Refusal> {
    let mut options = Options {
        encoding: encoding(fields, format)?,
        limits: job.limits,
        ..Options::default()
    };
    if let Some(text) = fields.text("output") {
        options.output = match text {
            "cutout" => OutputKind::Cutout,
            "mask" => OutputKind::Mask,
            _ => return Err(bad("output", text, "cutout or mask")),
        };
    }
    options.quality = quality(fields)?;
    if let Some(text) = fields.text("max-side") {
        let side = text.parse().ok().filter(|side| *side > 0);
        options.size.max_side = Some(side.ok_or_else(|| bad("max-side", text, "pixels above 0"))?);
    }
    if let Some(text) = fields.text("crop") {
        let margins = match parse::flag(text) {
            // A lone 0 or 1 is a margin in pixels, too small to matter, or the flag: the flag.
            Some(true) => Some(Margins::all(Length::Pixels(0))),
            Some(false) => None,
            None => {
                let wanted = "true, false, or margins such as 10px or 5%";
                Some(parse::margins(text).ok_or_else(|| bad("crop", text, wanted))?)
            }
        };
        options.layout = Layout {
            crop: margins,
            ..Layout::default()
        };
    }
    if let Some(bytes) = fields.bytes("background") {
        options.background = match fields.text("background") {
            Some(text) => {
                let wanted = "a colour, or in a form an image";
                let colour = parse::colour(text).ok_or_else(|| bad("background", text, wanted))?;
                Background::Colour(colour)
            }
            None => Background::Picture(bytes.to_vec()),
        };
    }
    Ok(options)
}

fn encoding(fields: &Fields, format: Format) -> Result<Encoding, Refusal> {
    let mut encoding = Encoding::default().of(format);
    if let Some(text) = fields.text("png") {
        encoding.png = parse::png_effort(text).ok_or_else(|| bad("png", text, "fast or small"))?;
    }
    if let Some(text) = fields.text("webp-quality") {
        let wanted = "1 to 100, or lossless";
        encoding.webp =
            parse::webp_quality(text).ok_or_else(|| bad("webp-quality", text, wanted))?;
    }
    if let Some(text) = fields.text("jpeg-quality") {
        encoding.jpeg =
            parse::jpeg_quality(text).ok_or_else(|| bad("jpeg-quality", text, "1 to 100"))?;
    }
    Ok(encoding)
}

/// By `quality`, or by `compat` in its place.
fn quality(fields: &Fields) -> Result<Quality, Refusal> {
    match (fields.text("quality"), fields.text("compat")) {
        (None, None) => Ok(Quality::default()),
        (Some(text), None) => {
            let wanted = "fast, good or best; numbers go to jpeg-quality or webp-quality";
            parse::quality(text).ok_or_else(|| bad("quality", text, wanted))
        }
        (None, Some("rembg")) => Ok(Quality::Rembg),
        (None, Some(text)) => Err(bad("compat", text, "rembg")),
        (Some(_), Some(_)) => {
            let text = "compat takes the place of quality; send one of them";
            Err(Box::new(problem(400, "bad-option", text)))
        }
    }
}

fn bad(name: &str, value: &str, wanted: &str) -> Refusal {
    let value: String = value.chars().take(80).collect();
    let text = format!("{name}={value} cannot be; it takes {wanted}");
    Box::new(problem(400, "bad-option", &text))
}
