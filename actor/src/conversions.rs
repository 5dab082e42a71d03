//! Between the types of `wit/` and the core's.

use std::time::Duration;

use cutout::{
    Area, Background, BoundingBox, Brush, Encoding, Format, Layout, Length, Margins, Mark,
    ModelSpec, OutputRule, PngEffort, Quality, Scaling, Size, WebpQuality,
};

use crate::bindings::exports::cutout::matting::types;
use crate::clock::StageClock;

pub(crate) fn options(options: types::Options) -> cutout::Options {
    cutout::Options {
        output: match options.output {
            types::OutputKind::Cutout => cutout::OutputKind::Cutout,
            types::OutputKind::Mask => cutout::OutputKind::Mask,
        },
        quality: quality(options.quality),
        encoding: encoding(options.encoding),
        size: Size {
            max_side: options.max_side,
            max_pixels: None,
        },
        layout: Layout {
            crop: options.crop.map(margins),
            ..Layout::default()
        },
        background: match options.background {
            types::Background::Transparent => Background::Transparent,
            types::Background::Colour((r, g, b, a)) => Background::Colour([r, g, b, a]),
            types::Background::Picture(file) => Background::Picture(file),
        },
        also_mask: options.also_mask,
        thumbnails: options.thumbnails,
        limits: limits(options.limits),
    }
}

pub(crate) fn output(output: cutout::Output, clock: &StageClock) -> types::Output {
    types::Output {
        bytes: output.bytes,
        width: output.width,
        height: output.height,
        foreground: output.foreground.map(bounding_box),
        uncertainty: output.uncertainty,
        mask: output.mask,
        thumbnails: output.thumbnails.map(|t| types::Thumbnails {
            width: t.width,
            height: t.height,
            before: t.before,
            after: t.after,
        }),
        stages: stages(clock),
    }
}

fn encoding(encoding: types::Encoding) -> Encoding {
    Encoding {
        format: match encoding.format {
            types::Format::Png => Format::Png,
            types::Format::Webp => Format::WebP,
            types::Format::Jpeg => Format::Jpeg,
            types::Format::Raw => Format::Raw,
        },
        png: match encoding.png {
            types::PngEffort::Fast => PngEffort::Fast,
            types::PngEffort::Small => PngEffort::Small,
        },
        webp: (encoding.webp).map_or(WebpQuality::Lossless, WebpQuality::Lossy),
        jpeg: encoding.jpeg,
    }
}

fn margins(margins: types::Margins) -> Margins {
    let length = |length| match length {
        types::Length::Pixels(pixels) => Length::Pixels(pixels),
        types::Length::Share(share) => Length::Share(share),
    };
    Margins {
        top: length(margins.top),
        right: length(margins.right),
        bottom: length(margins.bottom),
        left: length(margins.left),
    }
}

pub(crate) fn quality(quality: types::Quality) -> Quality {
    match quality {
        types::Quality::Fast => Quality::Fast,
        types::Quality::Good => Quality::Good,
        types::Quality::Best => Quality::Best,
        types::Quality::Rembg => Quality::Rembg,
    }
}

pub(crate) fn limits(limits: types::Limits) -> cutout::Limits {
    cutout::Limits {
        max_bytes: limits.max_bytes,
        max_side: limits.max_side,
        max_pixels: limits.max_pixels,
    }
}

pub(crate) fn bounding_box(b: cutout::BoundingBox) -> types::BoundingBox {
    types::BoundingBox {
        left: b.left,
        top: b.top,
        width: b.width,
        height: b.height,
    }
}

pub(crate) fn mark(mark: &types::Mark) -> Mark<'_> {
    Mark {
        brush: match mark.brush {
            types::Brush::Keep => Brush::Keep,
            types::Brush::Erase => Brush::Erase,
        },
        area: match &mark.area {
            types::Area::Rectangle(b) => Area::Rectangle(BoundingBox {
                left: b.left,
                top: b.top,
                width: b.width,
                height: b.height,
            }),
            types::Area::Painted(file) => Area::Painted(file),
        },
    }
}

pub(crate) fn stages(clock: &StageClock) -> Vec<types::StageTime> {
    let time = |&(stage, time): &(cutout::Stage, Duration)| types::StageTime {
        stage: stage_to(stage),
        nanoseconds: u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
    };
    clock.stages.iter().map(time).collect()
}

fn stage_to(stage: cutout::Stage) -> types::Stage {
    match stage {
        cutout::Stage::Decode => types::Stage::Decode,
        cutout::Stage::Preprocess => types::Stage::Preprocess,
        cutout::Stage::Segment => types::Stage::Segment,
        cutout::Stage::Matte => types::Stage::Matte,
        cutout::Stage::Colour => types::Stage::Colour,
        cutout::Stage::Encode => types::Stage::Encode,
    }
}

pub(crate) fn spec_from(spec: types::ModelSpec) -> ModelSpec {
    ModelSpec {
        name: spec.name,
        side: spec.side,
        mean: spec.mean.into(),
        std: spec.std.into(),
        scaling: match spec.scaling {
            types::Scaling::PictureMax => Scaling::PictureMax,
            types::Scaling::None => Scaling::None,
        },
        output: match spec.output {
            types::OutputRule::MinMax => OutputRule::MinMax,
            types::OutputRule::Probability => OutputRule::Probability,
        },
    }
}

pub(crate) fn spec_to(spec: &ModelSpec) -> types::ModelSpec {
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
