//! rembg's face: `POST /api/remove`, a multipart form with `file` and rembg's options in the form or the query.

use bytes::Bytes;
use cutout::{Background, Options, Output, OutputKind, Segmenter};
use http::{Request, Response};

use crate::Job;
use crate::answer::{Refusal, add, add_findings, answer, failure, problem, refuse_contradictions};
use crate::fields::{self, Fields};

/// Fields of rembg that are not supported here; `false` asks for nothing.
const NOT_DONE: [(&str, &str); 2] = [
    ("a", "alpha matting"),
    ("vm", "refining edges with ViTMatte"),
];

/// `GET /api/remove?url=` would fetch an image.
pub(crate) fn no_fetching() -> Response<Bytes> {
    let text = "images are not fetched from addresses; POST the image as `file`";
    problem(501, "not-implemented", text)
}

pub(crate) fn respond<S: Segmenter>(
    job: &mut Job<'_, S>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let mut fields = Fields::of_query(request);
    fields.add_body(request)?;
    refuse_contradictions(&fields)?;
    let file = fields.bytes("file").ok_or_else(|| {
        let text = "the form has no file; put the image into the field `file` of a multipart form";
        Box::new(problem(400, "missing-image", text))
    })?;
    let (options, smooth) = options(job, &fields)?;
    let output = removed(job, file, &options, smooth).map_err(|e| Box::new(failure(&e)))?;
    let mut response = answer(200, options.encoding.format.media_type(), output.bytes);
    add(&mut response, "x-model", &job.pipeline.spec().name);
    add_findings(&mut response, output.foreground, output.uncertainty);
    Ok(response)
}

fn removed<S: Segmenter>(
    job: &mut Job<'_, S>,
    file: &[u8],
    options: &Options,
    smooth: bool,
) -> Result<Output, cutout::Error> {
    let picture = job.pipeline.open(file, &options.limits, job.observe)?;
    let mut matte = (job.pipeline).matte(&picture, None, options.quality, job.observe)?;
    if smooth {
        matte.mask = matte.mask.smoothed();
    }
    (job.pipeline).render(picture, matte, options, job.observe)
}

/// The options of a request, and whether the mask is to be smoothed.
fn options<S>(job: &Job<'_, S>, fields: &Fields) -> Result<(Options, bool), Refusal>
where
    S: Segmenter,
{
    let flag = |name: &str| match fields.text(name) {
        None => Ok(false),
        Some(text) => {
            fields::flag(text).ok_or_else(|| refused(&format!("{name} is neither true nor false")))
        }
    };
    for (name, what) in NOT_DONE {
        if flag(name)? {
            return Err(refused(&format!(
                "{what} ({name}) is not done here; leave it out"
            )));
        }
    }
    if fields.text("extras").is_some_and(|text| text != "{}") {
        return Err(refused("extras are not known here; leave them out"));
    }
    let ours = &job.pipeline.spec().name;
    if let Some(model) = fields.text("model").filter(|model| model != ours) {
        let model: String = model.chars().take(80).collect();
        let text = format!("the model here is {ours}, not {model}; leave `model` out to take it");
        return Err(refused(&text));
    }
    let mut options = Options {
        limits: job.limits,
        ..Options::default()
    };
    // Always done, but not asked for by just anything.
    flag("dc")?;
    if flag("om")? {
        options.output = OutputKind::Mask;
    }
    if let Some(text) = fields.text("bgc") {
        let values: Result<Vec<u8>, _> =
            text.split(',').map(|value| value.trim().parse()).collect();
        let colour = values
            .ok()
            .and_then(|values| <[u8; 4]>::try_from(values).ok());
        let colour =
            colour.ok_or_else(|| refused("bgc takes four numbers of 0 to 255: R,G,B,A"))?;
        options.background = Background::Colour(colour);
    }
    Ok((options, flag("ppm")?))
}

fn refused(text: &str) -> Refusal {
    Box::new(problem(400, "bad-option", text))
}
