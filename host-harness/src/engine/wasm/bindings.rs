//! Generated from `wit/`, and the conversions between its types and the core's.

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
mod generated {
    wasmtime::component::bindgen!({ path: "../wit", world: "embedded" });
}

use std::time::Duration;

use cutout::{
    Area, Background, BoundingBox, Brush, Encoding, Format, Length, Limits, Margins, Mark,
    ModelSpec, Options, Output, OutputKind, OutputRule, PngEffort, Quality, Scaling, Stage,
    Thumbnails, WebpQuality,
};

use crate::engine::interface::Timed;
use crate::{Error, Kind};
pub(super) use generated::exports::cutout::matting::types;

pub(super) use generated::{Embedded as ActorExports, EmbeddedIndices as ActorIndices};

pub(super) fn options(options: &Options) -> types::Options {
    types::Options {
        output: match options.output {
            OutputKind::Cutout => types::OutputKind::Cutout,
            OutputKind::Mask => types::OutputKind::Mask,
        },
        quality: quality(options.quality),
        encoding: encoding(options.encoding),
        max_side: options.size.max_side,
        crop: options.layout.crop.map(margins),
        background: match &options.background {
            Background::Transparent => types::Background::Transparent,
            Background::Colour([r, g, b, a]) => types::Background::Colour((*r, *g, *b, *a)),
            Background::Picture(file) => types::Background::Picture(file.clone()),
        },
        also_mask: options.also_mask,
        thumbnails: options.thumbnails,
        limits: limits(&options.limits),
    }
}

pub(super) fn quality(quality: Quality) -> types::Quality {
    match quality {
        Quality::Fast => types::Quality::Fast,
        Quality::Good => types::Quality::Good,
        Quality::Best => types::Quality::Best,
        Quality::Rembg => types::Quality::Rembg,
    }
}

pub(super) fn output(output: types::Output) -> Timed<Output> {
    let foreground = output.foreground.map(bounding_box);
    Timed {
        stages: stages(&output.stages),
        foreground,
        value: Output {
            bytes: output.bytes,
            width: output.width,
            height: output.height,
            foreground,
            uncertainty: output.uncertainty,
            mask: output.mask,
            thumbnails: output.thumbnails.map(|t| Thumbnails {
                width: t.width,
                height: t.height,
                before: t.before,
                after: t.after,
            }),
        },
    }
}

fn encoding(encoding: Encoding) -> types::Encoding {
    types::Encoding {
        format: match encoding.format {
            Format::Png => types::Format::Png,
            Format::WebP => types::Format::Webp,
            Format::Jpeg => types::Format::Jpeg,
            Format::Raw => types::Format::Raw,
        },
        png: match encoding.png {
            PngEffort::Fast => types::PngEffort::Fast,
            PngEffort::Small => types::PngEffort::Small,
        },
        webp: match encoding.webp {
            WebpQuality::Lossless => None,
            WebpQuality::Lossy(quality) => Some(quality),
        },
        jpeg: encoding.jpeg,
    }
}

fn margins(margins: Margins) -> types::Margins {
    let length = |length| match length {
        Length::Pixels(pixels) => types::Length::Pixels(pixels),
        Length::Share(share) => types::Length::Share(share),
    };
    types::Margins {
        top: length(margins.top),
        right: length(margins.right),
        bottom: length(margins.bottom),
        left: length(margins.left),
    }
}

pub(super) fn limits(limits: &Limits) -> types::Limits {
    types::Limits {
        max_bytes: limits.max_bytes,
        max_side: limits.max_side,
        max_pixels: limits.max_pixels,
    }
}

pub(super) fn spec(spec: &ModelSpec) -> types::ModelSpec {
    types::ModelSpec {
        name: spec.name.clone(),
        side: spec.side,
        mean: spec.mean.into(),
        std: spec.std.into(),
        scaling: match spec.scaling {
            Scaling::PictureMax => types::Scaling::PictureMax,
            Scaling::None => types::Scaling::None,
        },
        output: match spec.output {
            OutputRule::MinMax => types::OutputRule::MinMax,
            OutputRule::Probability => types::OutputRule::Probability,
        },
    }
}

pub(super) fn stages(stages: &[types::StageTime]) -> Vec<(Stage, Duration)> {
    let stage = |stage| match stage {
        types::Stage::Decode => Stage::Decode,
        types::Stage::Preprocess => Stage::Preprocess,
        types::Stage::Segment => Stage::Segment,
        types::Stage::Matte => Stage::Matte,
        types::Stage::Colour => Stage::Colour,
        types::Stage::Encode => Stage::Encode,
    };
    stages
        .iter()
        .map(|s| (stage(s.stage), Duration::from_nanos(s.nanoseconds)))
        .collect()
}

pub(super) fn bounding_box(b: types::BoundingBox) -> BoundingBox {
    BoundingBox {
        left: b.left,
        top: b.top,
        width: b.width,
        height: b.height,
    }
}

pub(super) fn mark(mark: &Mark<'_>) -> types::Mark {
    types::Mark {
        brush: match mark.brush {
            Brush::Keep => types::Brush::Keep,
            Brush::Erase => types::Brush::Erase,
        },
        area: match mark.area {
            Area::Rectangle(b) => types::Area::Rectangle(types::BoundingBox {
                left: b.left,
                top: b.top,
                width: b.width,
                height: b.height,
            }),
            Area::Painted(file) => types::Area::Painted(file.to_vec()),
        },
    }
}

pub(super) fn error(error: types::Error) -> Error {
    use cutout::ErrorKind as Core;
    let (kind, text) = match error {
        types::Error::UnsupportedFormat(text) => (Core::UnsupportedFormat, text),
        types::Error::Undecodable(text) => (Core::Undecodable, text),
        types::Error::TooManyBytes(text) => (Core::TooManyBytes, text),
        types::Error::TooManyPixels(text) => (Core::TooManyPixels, text),
        types::Error::Correction(text) => (Core::Correction, text),
        types::Error::Model(text) => (Core::Model, text),
        types::Error::Encode(text) => (Core::Encode, text),
    };
    Error::new(Kind::Core(kind), text)
}
