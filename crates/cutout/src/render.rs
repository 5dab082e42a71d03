//! Stages `colour` and `encode`: image and mask to a result.

use crate::compose::{Behind, compose};
use crate::{
    Background, Canvas, Cutout, Error, Format, Layout, Mask, Matte, Options, Output, OutputKind,
    Picture, Quality, Stage, Thumbnails, budget, encode, thumbnail, transparency,
};

/// The result of [`Pipeline::render`](crate::Pipeline::render).
pub(crate) fn render(
    picture: Picture,
    matte: Matte,
    options: &Options,
    observe: &mut dyn FnMut(Stage),
) -> Result<Output, Error> {
    let Matte { mask, uncertainty } = matte;
    let (width, height, encoding) = (picture.width, picture.height, options.encoding);
    let foreground = transparency::foreground(&picture, &mask);
    let thumbnails = thumbnails(&picture, &mask, options)?;
    let also = also_mask(&picture, &mask, options)?;
    let made = |bytes, width, height, foreground| Output {
        bytes,
        width,
        height,
        foreground,
        uncertainty,
        mask: also,
        thumbnails,
    };
    let in_place = is_in_place(&picture, options);
    // A mask that stays as it is needs no image, whose memory the encoder can have.
    if in_place && options.output == OutputKind::Mask {
        drop(picture);
        observe(Stage::Colour);
        let bytes = mask.encoded(encoding)?;
        observe(Stage::Encode);
        return Ok(made(bytes, width, height, foreground));
    }
    // A PNG of the cut-out alone is written row by row: there is no canvas beside image and mask.
    let is_plain = options.background == Background::Transparent && encoding.format == Format::Png;
    if in_place && is_plain {
        let cutout = budget::kept(Cutout::new(&picture, &mask, options.quality))?;
        observe(Stage::Colour);
        let bytes = budget::kept(encode::cutout(&cutout, encoding.png))?;
        observe(Stage::Encode);
        return Ok(made(bytes, width, height, foreground));
    }
    // Everything else is drawn first; the encoder can have the memory of image and mask then.
    let canvas = draw(&picture, &mask, options)?;
    drop((picture, mask));
    observe(Stage::Colour);
    let bytes = match options.output {
        OutputKind::Cutout => canvas.encoded(encoding)?,
        OutputKind::Mask => canvas.alpha().encoded(encoding)?,
    };
    observe(Stage::Encode);
    let foreground = foreground.map(|_| canvas.foreground);
    Ok(made(bytes, canvas.width, canvas.height, foreground))
}

/// The image and its cut-out, small, where that is wanted.
fn thumbnails(
    picture: &Picture,
    mask: &Mask,
    options: &Options,
) -> Result<Option<Thumbnails>, Error> {
    let pair = |side| thumbnail::pair(&thumbnail::small(picture, side), mask);
    options.thumbnails.map(pair).transpose()
}

/// The canvas of [`Pipeline::draw`](crate::Pipeline::draw). A mask has no background.
pub(crate) fn draw(picture: &Picture, mask: &Mask, options: &Options) -> Result<Canvas, Error> {
    let (behind, quality) = match options.output {
        OutputKind::Cutout => {
            let behind = Behind::of(&options.background, &options.limits)?;
            (behind, options.quality)
        }
        // Whose colours nobody sees.
        OutputKind::Mask => (Behind::Transparent, Quality::Fast),
    };
    budget::kept(compose(
        picture,
        mask,
        &options.layout,
        options.size,
        quality,
        &behind,
        &options.limits,
    ))
}

/// The mask that is asked for beside a cut-out, laid out like it, as PNG.
fn also_mask(picture: &Picture, mask: &Mask, options: &Options) -> Result<Option<Vec<u8>>, Error> {
    if !options.also_mask {
        return Ok(None);
    }
    let encoding = options.encoding.of(Format::Png);
    if is_in_place(picture, options) {
        return match options.output {
            OutputKind::Cutout => mask.encoded(encoding).map(Some),
            // It is the result itself.
            OutputKind::Mask => Ok(None),
        };
    }
    let options = Options {
        output: OutputKind::Mask,
        background: Background::Transparent,
        limits: options.limits,
        ..*options
    };
    let canvas = draw(picture, mask, &options)?;
    canvas.alpha().encoded(encoding).map(Some)
}

/// Whether the result is as large as the image, and everything stays where it is.
fn is_in_place(picture: &Picture, options: &Options) -> bool {
    let size = (picture.width, picture.height);
    options.layout == Layout::default() && options.size.of(size.0, size.1) == size
}
