//! Our own face: `POST /v1/remove`.
//!
//! The body is the image itself, or a multipart form with `image` (or `image[]`, or `file`). Options ([`OPTIONS`]) stand in
//! the query or in the form; `background` may be an image in the form, `crop` may be `true`. `Accept` chooses the format
//! where `format` does not, and JSON where it is preferred to every image format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cutout::{
    Background, Colour, Compat, Encoding, Error, ErrorKind, Format, InvalidValue, JpegQuality,
    Layout, Margins, Matte, MaxSide, OPTIONS, OptionValue, Options, Output, Quality, Segmenter,
};
use http::{Request, Response};
use serde_json::json;

use crate::Job;
use crate::accept;
use crate::answer::{Refusal, add, add_findings, answer, failure, problem, refuse_contradictions};
use crate::fields::{Body, Fields, flag};

/// The form fields that may hold the image: the first is ours, the others are common among clients.
const IMAGE: [&str; 3] = ["image", "image[]", "file"];

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
    let mut response = shape.response(output);
    add(&mut response, "x-model", &job.pipeline.spec().name);
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
    let is_option = |name: &str| OPTIONS.iter().any(|option| option.name == name);
    let is_known = |name: &str| IMAGE.contains(&name) || is_option(name);
    if let Some(name) = fields.names().find(|name| !is_known(name)) {
        let image = if is_form { "image, " } else { "" };
        let known: Vec<_> = OPTIONS.iter().map(|option| option.name).collect();
        let known = known.join(", ");
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
pub(crate) struct Shape {
    pub(crate) format: Format,
    json: bool,
}

impl Shape {
    /// By `format`, or else the image format that `Accept` likes best, the earlier in its order where it likes several
    /// alike. JSON, which holds the image, only where `Accept` prefers it.
    pub(crate) fn wanted(request: &Request<Bytes>, fields: &Fields) -> Result<Self, Refusal> {
        let accept = accept::accepted(request.headers());
        let json = accept::prefers_json(&accept);
        let format = value(fields)?
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

    /// `output` in this shape.
    pub(crate) fn response(&self, output: Output) -> Response<Bytes> {
        let (foreground, uncertainty) = (output.foreground, output.uncertainty);
        let mut response = match self.json {
            true => as_json(&output, self.format),
            false => answer(200, self.format.media_type(), output.bytes),
        };
        add_findings(&mut response, foreground, uncertainty);
        response
    }
}

/// The options of a result; those that are absent have their defaults.
pub(crate) fn options<S: Segmenter>(
    job: &Job<'_, S>,
    fields: &Fields,
    format: Format,
) -> Result<Options, Refusal> {
    let mut options = Options {
        output: value(fields)?.unwrap_or_default(),
        quality: quality(fields)?,
        encoding: encoding(fields, format)?,
        layout: Layout {
            crop: crop(fields)?,
            ..Layout::default()
        },
        background: background(fields)?,
        limits: job.limits,
        ..Options::default()
    };
    options.size.max_side = value(fields)?.map(MaxSide::get);
    Ok(options)
}

/// The value of an option, where it is given.
fn value<T: OptionValue>(fields: &Fields) -> Result<Option<T>, Refusal> {
    let value = fields.text(T::OPTION.name).map(|text| {
        let value = text.parse();
        value.map_err(|e| bad(T::OPTION.name, text, &e))
    });
    value.transpose()
}

fn encoding(fields: &Fields, format: Format) -> Result<Encoding, Refusal> {
    let default = Encoding::default();
    Ok(Encoding {
        format,
        png: value(fields)?.unwrap_or(default.png),
        webp: value(fields)?.unwrap_or(default.webp),
        jpeg: value(fields)?.map_or(default.jpeg, JpegQuality::get),
    })
}

/// By `quality`, or by `compat` in its place.
fn quality(fields: &Fields) -> Result<Quality, Refusal> {
    let name = Quality::OPTION.name;
    let compat: Option<Compat> = value(fields)?;
    match (fields.text(name), compat) {
        (None, None) => Ok(Quality::default()),
        (None, Some(compat)) => Ok(compat.into()),
        (Some(text), None) => text.parse().map_err(|e: InvalidValue| {
            let expected = format!("{}; numbers go to jpeg-quality or webp-quality", e.expected);
            bad(name, text, &InvalidValue { expected })
        }),
        (Some(_), Some(_)) => {
            let text = "compat takes the place of quality; send one of them";
            Err(Box::new(problem(400, "bad-option", text)))
        }
    }
}

fn crop(fields: &Fields) -> Result<Option<Margins>, Refusal> {
    let name = Margins::OPTION.name;
    let Some(text) = fields.text(name) else {
        return Ok(None);
    };
    match flag(text) {
        // A lone 0 or 1 is a margin in pixels, too small to matter, or the flag: the flag.
        Some(is_cropped) => Ok(is_cropped.then_some(Margins::NONE)),
        None => {
            let margins = text.parse::<Margins>().map(Some);
            margins.map_err(|e| bad(name, text, &e.or("true or false")))
        }
    }
}

fn background(fields: &Fields) -> Result<Background, Refusal> {
    let name = Colour::OPTION.name;
    match (fields.text(name), fields.bytes(name)) {
        (Some(text), _) => match text.parse() {
            Ok(Colour(colour)) => Ok(Background::Colour(colour)),
            Err(e) => Err(bad(name, text, &e.or("in a form an image"))),
        },
        (None, Some(bytes)) => Ok(Background::Picture(bytes.to_vec())),
        (None, None) => Ok(Background::Transparent),
    }
}

#[cold]
pub(crate) fn bad(name: &str, value: &str, error: &InvalidValue) -> Refusal {
    Box::new(problem(400, "bad-option", &error.message(name, value)))
}
