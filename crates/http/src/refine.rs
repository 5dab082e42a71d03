//! Our own face for corrections by hand: `POST /v1/refine`.
//!
//! The body is a multipart form with `image`, its `mask`, and any number of `keep` and `erase` ([`MARKS`]): each a
//! rectangle as text, or an image. Of those that overlap the later one wins. Options are those of `/v1/remove`, of
//! which `quality` and `compat` choose the colours of soft edges alone. No network runs.

use bytes::Bytes;
use cutout::{Area, Brush, MARKS, Mark, OPTIONS, Segmenter};
use http::{Request, Response};

use crate::Job;
use crate::answer::{Refusal, failure, problem, refuse_contradictions};
use crate::fields::{Body, Fields};
use crate::ours::{Shape, bad, options};

const IMAGE: &str = "image";
const MASK: &str = "mask";

pub(crate) fn respond<S: Segmenter>(
    job: &mut Job<'_, S>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let mut fields = read(request)?;
    let painted = fields.take(|name| brush(name).is_some());
    let marks: Vec<_> = painted.iter().filter_map(mark).collect::<Result<_, _>>()?;
    check(&fields)?;
    let [image, mask] = [needed(&fields, IMAGE)?, needed(&fields, MASK)?];
    let shape = Shape::wanted(request, &fields)?;
    let options = options(job, &fields, shape.format)?;
    let output = job
        .pipeline
        .refine(image, Some(mask), &marks, &options, job.observe)
        .map_err(|e| Box::new(failure(&e)))?;
    Ok(shape.response(output))
}

/// The fields of query and form.
fn read(request: &Request<Bytes>) -> Result<Fields, Refusal> {
    let mut fields = Fields::of_query(request);
    if let Some(name) = fields.names().find(|name| [IMAGE, MASK].contains(name)) {
        let text = format!("{name} is not an option: it stands in a form, as a file");
        return Err(refused("bad-option", &text));
    }
    if Body::of(request) != Body::Multipart {
        let text =
            "the body is no form; send multipart/form-data with the files `image` and `mask`";
        return Err(refused("bad-body", text));
    }
    fields.add_body(request)?;
    Ok(fields)
}

fn check(fields: &Fields) -> Result<(), Refusal> {
    refuse_contradictions(fields)?;
    let marks = MARKS.iter().map(|option| option.name);
    let options = OPTIONS.iter().map(|option| option.name);
    let known: Vec<_> = [IMAGE, MASK]
        .into_iter()
        .chain(marks)
        .chain(options)
        .collect();
    let Some(name) = fields.names().find(|name| !known.contains(name)) else {
        return Ok(());
    };
    let known = known.join(", ");
    let text = format!("{name:?} is not an option; known are {known}");
    Err(refused("bad-option", &text))
}

/// The file of that name.
fn needed<'a>(fields: &'a Fields, name: &str) -> Result<&'a Bytes, Refusal> {
    let files = fields.names().filter(|found| *found == name).count();
    if files > 1 {
        let text = format!("the form has more than one {name}; send a request for each");
        return Err(refused("bad-option", &text));
    }
    fields.bytes(name).ok_or_else(|| {
        let text = format!("the form has no {name}; put the file into the field `{name}`");
        refused("missing-image", &text)
    })
}

fn brush(name: &str) -> Option<Brush> {
    Brush::ALL.into_iter().find(|brush| brush.as_str() == name)
}

/// The mark of a field; `None` where it has no value.
fn mark((name, value): &(String, Bytes)) -> Option<Result<Mark<'_>, Refusal>> {
    let brush = brush(name).filter(|_| !value.is_empty())?;
    let area = match rectangle(value) {
        Some(text) => match text.parse() {
            Ok(part) => Area::Rectangle(part),
            Err(e) => return Some(Err(bad(name, text, &e.or("an image")))),
        },
        None => Area::Painted(value),
    };
    Some(Ok(Mark { brush, area }))
}

/// The value as text. A file of an image has bytes that no text has.
fn rectangle(value: &Bytes) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?.trim();
    (!text.contains(char::is_control)).then_some(text)
}

fn refused(code: &str, text: &str) -> Refusal {
    Box::new(problem(400, code, text))
}
