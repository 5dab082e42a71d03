//! remove.bg's face: `POST /v1.0/removebg` and `GET /v1.0/account`, as its API documentation describes them.
//!
//! A type is never detected, credits are never charged, and nothing is ever fetched from an address.

mod options;
mod refusal;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cutout::{
    BoundingBox, Canvas, Encoding, Format, Limits, Matte, Options, Picture, Quality, Segmenter,
    Size, Stage,
};
use http::{Request, Response};
use serde_json::json;

use self::options::{Ask, Channels, Wanted};
use self::refusal::Refusal;
pub(crate) use self::refusal::{errors, translated};
use crate::Job;
use crate::accept;
use crate::answer::{add, add_findings, answer};
use crate::fields::{BadBody, Fields};

/// Encoded size of an image, in bytes.
const MAX_BYTES: u64 = 22 << 20;
/// Decoded size of an image, in pixels.
const MAX_PIXELS: u64 = 50_000_000;
/// A PNG has at most so many pixels.
const MAX_PNG: u64 = 10_000_000;

pub(crate) fn respond<S: Segmenter>(
    job: &mut Job<'_, S>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Box<Response<Bytes>>> {
    removed(job, request).map_err(|refusal| Box::new(refusal.response()))
}

/// Credits without end, in the documented shape.
pub(crate) fn account() -> Response<Bytes> {
    let body = json!({ "data": { "attributes": {
        "credits": { "total": 0, "subscription": 0, "payg": 0, "enterprise": 0 },
        "api": { "free_calls": 0, "sizes": "all" },
    } } });
    answer(200, "application/json", body.to_string())
}

/// A result before it is encoded.
struct Made {
    canvas: Canvas,
    /// The largest size that could have been asked for.
    full: (u32, u32),
    foreground: BoundingBox,
    uncertainty: f32,
}

fn removed<S: Segmenter>(
    job: &mut Job<'_, S>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let mut fields = Fields::default();
    let bad_body = |BadBody(why)| Refusal::new("missing_source", &why);
    fields.add_body(request).map_err(bad_body)?;
    if let Some(name) = fields.contradicted() {
        return Err(options::twice(name));
    }
    let ask = Ask::read(&fields)?;
    let made = made(job, &ask)?;
    let (bytes, media_type) = encoded(&ask, &made.canvas)?;
    (job.observe)(Stage::Encode);
    let mut response = if accept::prefers_json(&accept::accepted(request.headers())) {
        let body = json!({ "data": {
            "result_b64": STANDARD.encode(&bytes),
            "foreground_top": made.foreground.top,
            "foreground_left": made.foreground.left,
            "foreground_width": made.foreground.width,
            "foreground_height": made.foreground.height,
        } });
        answer(200, "application/json", body.to_string())
    } else {
        answer(200, media_type, bytes)
    };
    let headers = &mut response;
    add(headers, "x-width", &made.canvas.width);
    add(headers, "x-height", &made.canvas.height);
    add(headers, "x-max-width", &made.full.0);
    add(headers, "x-max-height", &made.full.1);
    add(headers, "x-type", &ask.kind.as_deref().unwrap_or("other"));
    add(headers, "x-credits-charged", &0);
    add_findings(headers, Some(made.foreground), made.uncertainty);
    add(headers, "x-model", &job.pipeline.spec().name);
    Ok(response)
}

fn made<S: Segmenter>(job: &mut Job<'_, S>, ask: &Ask) -> Result<Made, Refusal> {
    let limits = Limits {
        max_bytes: job.limits.max_bytes.min(MAX_BYTES),
        max_pixels: job.limits.max_pixels.min(MAX_PIXELS),
        ..job.limits
    };
    let picture = job.pipeline.open(&ask.picture, &limits, job.observe)?;
    let region = ask.region(picture.width, picture.height)?;
    let most = ask.most_pixels();
    let size = |max_pixels| Size {
        max_pixels: Some(max_pixels),
        max_side: None,
    };
    let full = size(most).of(picture.width, picture.height);
    let (width, height) = (picture.width, picture.height);
    let picture = picture.fitted(size(most.min(ask.size)));
    let region = region.map(|region| scaled(region, (width, height), &picture));
    let quality = Quality::default();
    let Matte { mask, uncertainty } =
        (job.pipeline).matte(&picture, region, quality, job.observe)?;
    if mask.foreground().is_none() {
        let text = "nothing in the image could be told from its background";
        return Err(Refusal::new(Matte::NO_SUBJECT, text));
    }
    let options = Options {
        layout: ask.layout,
        size: size(most),
        background: ask.background(),
        limits,
        ..Options::default()
    };
    let canvas = (job.pipeline).draw(&picture, &mask, &options, job.observe)?;
    Ok(Made {
        foreground: canvas.foreground,
        canvas,
        full,
        uncertainty,
    })
}

/// `region` of an image of the size `of`, in the pixels of the same image made smaller.
fn scaled(region: BoundingBox, of: (u32, u32), to: &Picture) -> BoundingBox {
    let part =
        |at: u32, of: u32, to: u32| (f64::from(at) * f64::from(to) / f64::from(of)).round() as u32;
    let left = part(region.left, of.0, to.width).min(to.width - 1);
    let top = part(region.top, of.1, to.height).min(to.height - 1);
    let right = part(region.left + region.width, of.0, to.width);
    let bottom = part(region.top + region.height, of.1, to.height);
    BoundingBox {
        left,
        top,
        width: right.saturating_sub(left).max(1),
        height: bottom.saturating_sub(top).max(1),
    }
}

/// The file that was asked for, and its media type.
fn encoded(ask: &Ask, canvas: &Canvas) -> Result<(Vec<u8>, &'static str), Refusal> {
    let encoding = Encoding::default();
    let alpha = |format| canvas.alpha().encoded(encoding.of(format));
    let format = match ask.format {
        Wanted::Zip => {
            let colour = canvas.encoded_colours(encoding.jpeg)?;
            return Ok((zip(&colour, &alpha(Format::Png)?)?, "application/zip"));
        }
        Wanted::One(format) => format,
        Wanted::Auto if canvas.opaque && ask.channels == Channels::Rgba => Format::Jpeg,
        Wanted::Auto => Format::Png,
    };
    let bytes = match ask.channels {
        Channels::Alpha => alpha(format)?,
        Channels::Rgba => canvas.encoded(encoding.of(format))?,
    };
    Ok((bytes, format.media_type()))
}

/// `color.jpg` and `alpha.png`, stored as they are.
fn zip(colour: &[u8], alpha: &[u8]) -> Result<Vec<u8>, Refusal> {
    use std::io::{Cursor, Write};
    use zip::write::{SimpleFileOptions, ZipWriter};

    let pack = || -> zip::result::ZipResult<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in [("color.jpg", colour), ("alpha.png", alpha)] {
            archive.start_file(name, stored)?;
            archive.write_all(bytes)?;
        }
        Ok(archive.finish()?.into_inner())
    };
    pack().map_err(|e| Refusal::ours(&format!("the archive cannot be written: {e}")))
}
