//! The whole job; the methods are the stages, in order.

use crate::compose::Behind;
use crate::transparency::{self, Seen};
use crate::{
    Background, BoundingBox, Canvas, Cutout, Encoding, Error, Format, Layout, Limits, Map, Mask,
    Matte, ModelSpec, Options, Output, OutputKind, Picture, PngEffort, Quality, Segmenter, budget,
    compose, decode, encode, looks, matte, preprocess, thumbnail,
};

/// A stage of one image's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Encoded bytes to an upright [`Picture`].
    Decode,
    /// Image to the network's input.
    Preprocess,
    /// Input to a map of probabilities.
    Segment,
    /// Map to a full-size [`Mask`].
    Matte,
    /// Image and mask to straight-alpha pixels.
    Colour,
    /// Pixels to encoded bytes.
    Encode,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 6] = [
        Self::Decode,
        Self::Preprocess,
        Self::Segment,
        Self::Matte,
        Self::Colour,
        Self::Encode,
    ];

    /// The stage's name in columns and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Preprocess => "preprocess",
            Self::Segment => "segment",
            Self::Matte => "matte",
            Self::Colour => "colour",
            Self::Encode => "encode",
        }
    }
}

/// A model and what runs it: everything that one image's way needs.
#[derive(Clone, Debug)]
pub struct Pipeline<S> {
    spec: ModelSpec,
    segmenter: S,
}

impl<S: Segmenter> Pipeline<S> {
    /// Joins a model's interface and what computes the model.
    pub fn new(spec: ModelSpec, segmenter: S) -> Self {
        Self { spec, segmenter }
    }

    /// The model's interface.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// Encoded image in, encoded image out. `observe` is called as each stage ends, so that a
    /// caller with a clock can time them: all six of them in order, also those that had nothing to do.
    ///
    /// # Errors
    /// The first error of a stage.
    pub fn remove(
        &mut self,
        bytes: &[u8],
        options: &Options,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Output, Error> {
        let mut picture = self.decode(bytes, &options.limits)?;
        let in_place = options.layout == Layout::default();
        if in_place {
            picture = picture.fitted(options.size);
        }
        observe(Stage::Decode);
        let (width, height) = (picture.width, picture.height);
        let Matte { mask, uncertainty } =
            self.matte_in(&picture, None, options.quality, observe)?;
        let small = options
            .thumbnails
            .map(|side| thumbnail::small(&picture, side));
        let foreground = transparency::foreground(&picture, &mask);
        let picture = (!in_place || options.output == OutputKind::Cutout).then_some(picture);
        let thumbnails = small
            .map(|small| thumbnail::pair(&small, &mask))
            .transpose()?;
        let also = self.also_mask(picture.as_ref(), &mask, options)?;
        let made = |bytes, width, height, foreground| Output {
            bytes,
            width,
            height,
            foreground,
            uncertainty,
            mask: also,
            thumbnails,
        };
        let Some(picture) = picture else {
            observe(Stage::Colour);
            let bytes = self.encode_mask(&mask, options.encoding)?;
            observe(Stage::Encode);
            return Ok(made(bytes, width, height, foreground));
        };
        let encoding = options.encoding;
        let plain = options.background == Background::Transparent && encoding.format == Format::Png;
        if in_place && plain {
            let cutout = self.colour(&picture, &mask, options.quality)?;
            observe(Stage::Colour);
            let bytes = self.encode_cutout(&cutout, encoding.png)?;
            observe(Stage::Encode);
            return Ok(made(bytes, width, height, foreground));
        }
        let canvas = self.compose(&picture, &mask, options)?;
        drop((picture, mask));
        observe(Stage::Colour);
        let bytes = match options.output {
            OutputKind::Cutout => self.encode_canvas(&canvas, encoding)?,
            OutputKind::Mask => self.encode_mask(&canvas.alpha(), encoding)?,
        };
        observe(Stage::Encode);
        let foreground = foreground.map(|_| canvas.foreground);
        Ok(made(bytes, canvas.width, canvas.height, foreground))
    }

    /// The mask that is asked for beside a cut-out, laid out like it, as PNG.
    fn also_mask(
        &self,
        picture: Option<&Picture>,
        mask: &Mask,
        options: &Options,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(picture) = picture.filter(|_| options.also_mask) else {
            return Ok(None);
        };
        let encoding = options.encoding.of(Format::Png);
        if options.layout == Layout::default() {
            return self.encode_mask(mask, encoding).map(Some);
        }
        let options = Options {
            output: OutputKind::Mask,
            background: Background::Transparent,
            limits: options.limits,
            ..*options
        };
        let canvas = self.compose(picture, mask, &options)?;
        self.encode_mask(&canvas.alpha(), encoding).map(Some)
    }

    /// Encoded image in, mask out. `observe` is called as each of the first four stages ends.
    ///
    /// # Errors
    /// The first error of a stage.
    pub fn mask(
        &mut self,
        bytes: &[u8],
        quality: Quality,
        limits: &Limits,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Matte, Error> {
        let picture = self.decode(bytes, limits)?;
        observe(Stage::Decode);
        self.matte_in(&picture, None, quality, observe)
    }

    /// Stage `decode`: see [`crate::decode`].
    ///
    /// # Errors
    /// Kinds `unsupported-format`, `undecodable`, `too-many-bytes` and `too-many-pixels`.
    pub fn decode(&self, bytes: &[u8], limits: &Limits) -> Result<Picture, Error> {
        budget::kept(decode::decode(bytes, limits))
    }

    /// Stage `preprocess`: the image stretched to the model's square and normalised, side × side ×
    /// 3 values, row-major, channel-last. `None` when the stretched image has one colour only: it
    /// shows nothing to cut out, and its mask is [`Mask::empty`].
    ///
    /// # Errors
    /// Kind `model` when the model's interface cannot be computed with.
    pub fn preprocess(&self, picture: &Picture) -> Result<Option<Vec<f32>>, Error> {
        budget::kept(preprocess::preprocess(picture, &self.spec))
    }

    /// Stage `segment`: what the network finds in `picture`, of which `input` was made, in as many looks as `quality`
    /// says; `None` when there is no subject.
    ///
    /// # Errors
    /// Kind `model` when the network fails, or its answer has another size or a value that is not finite.
    pub fn segment(
        &mut self,
        picture: &Picture,
        input: Vec<f32>,
        quality: Quality,
    ) -> Result<Option<Map>, Error> {
        let map = looks::look(picture, input, &self.spec, &mut self.segmenter, quality);
        self.segmenter.rest();
        budget::kept(map)
    }

    /// Stage `matte`: the mask of `picture` from what the network found.
    ///
    /// # Errors
    /// Kind `model` when the map has another size than side × side.
    pub fn matte(&self, map: &Map, picture: &Picture, quality: Quality) -> Result<Matte, Error> {
        budget::kept(matte::matte(map, &self.spec, picture, quality))
    }

    /// Stage `colour`: image and mask joined; see [`Cutout`].
    ///
    /// # Errors
    /// Kind `encode` when their sizes differ.
    pub fn colour<'a>(
        &self,
        picture: &'a Picture,
        mask: &'a Mask,
        quality: Quality,
    ) -> Result<Cutout<'a>, Error> {
        budget::kept(Cutout::new(picture, mask, quality))
    }

    /// Stage `encode` of a cut-out: PNG, RGBA with straight alpha and as many bits as the image has, a row at a time.
    ///
    /// # Errors
    /// Kind `encode`.
    pub fn encode_cutout(&self, cutout: &Cutout<'_>, effort: PngEffort) -> Result<Vec<u8>, Error> {
        budget::kept(encode::cutout(cutout, effort))
    }

    /// Stage `colour`, when the result is not simply the cut-out at the image's size: what [`Options::layout`]
    /// and [`Options::background`] say, a mask without background.
    ///
    /// # Errors
    /// Kind `too-many-pixels` when the canvas is above the limits, `encode` when image and mask do not fit, and those
    /// of [`Self::decode`] for the background.
    pub fn compose(
        &self,
        picture: &Picture,
        mask: &Mask,
        options: &Options,
    ) -> Result<Canvas, Error> {
        let (behind, quality) = match options.output {
            OutputKind::Cutout => {
                let behind = Behind::of(&options.background, &options.limits)?;
                (behind, options.quality)
            }
            // Whose colours nobody sees.
            OutputKind::Mask => (Behind::Transparent, Quality::Fast),
        };
        budget::kept(compose::compose(
            picture,
            mask,
            &options.layout,
            options.size,
            quality,
            &behind,
            &options.limits,
        ))
    }

    /// Stage `encode` of a canvas.
    ///
    /// # Errors
    /// Kind `too-many-pixels` for a canvas that the format cannot hold, else `encode`.
    pub fn encode_canvas(&self, canvas: &Canvas, encoding: Encoding) -> Result<Vec<u8>, Error> {
        budget::kept(encode::canvas(canvas, encoding))
    }

    /// Stage `encode` of a canvas's colours as JPEG, for clients that take alpha apart; `quality` is 1…100.
    ///
    /// # Errors
    /// As [`Self::encode_canvas`].
    pub fn encode_colours(&self, canvas: &Canvas, quality: u8) -> Result<Vec<u8>, Error> {
        budget::kept(encode::colours(canvas, quality))
    }

    /// Stage `encode` of a mask: grey with 8 bits.
    ///
    /// # Errors
    /// As [`Self::encode_canvas`].
    pub fn encode_mask(&self, mask: &Mask, encoding: Encoding) -> Result<Vec<u8>, Error> {
        budget::kept(encode::grey(mask, encoding))
    }

    /// Stages `preprocess`, `segment` and `matte` of a decoded image. With a `region`, only what is in it can be
    /// foreground: the network sees nothing else, and the mask is empty outside. `observe` is called as each stage
    /// ends.
    ///
    /// # Errors
    /// Kind `model`.
    pub fn matte_in(
        &mut self,
        picture: &Picture,
        region: Option<BoundingBox>,
        quality: Quality,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Matte, Error> {
        let Some(region) = region else {
            return self.matte_of(picture, quality, observe);
        };
        let part = picture.part(region);
        let matte = self.matte_of(&part, quality, observe)?;
        let (left, top) = (region.left, region.top);
        Ok(Matte {
            mask: (matte.mask).placed(left, top, picture.width, picture.height),
            ..matte
        })
    }

    /// The mask of all of `picture`. Where it has transparent pixels, the network sees what people see, and an image that
    /// is cut out already stays as it is; rembg's recipe takes the colours that are hidden.
    fn matte_of(
        &mut self,
        picture: &Picture,
        quality: Quality,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Matte, Error> {
        let seen = match quality {
            Quality::Rembg => Seen::All,
            _ => Seen::of(picture),
        };
        let known = match seen {
            Seen::All => return self.network_matte(picture, quality, observe),
            Seen::Before(plain) => {
                let matte = self.network_matte(&plain, quality, observe)?;
                return Ok(transparency::trusted(matte, picture));
            }
            Seen::Free => transparency::visible_part(picture),
            Seen::Nothing => Matte::empty(picture.width, picture.height),
        };
        for stage in [Stage::Preprocess, Stage::Segment, Stage::Matte] {
            observe(stage);
        }
        budget::kept(Ok(known))
    }

    /// Stages `preprocess`, `segment` and `matte`.
    fn network_matte(
        &mut self,
        picture: &Picture,
        quality: Quality,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Matte, Error> {
        let input = self.preprocess(picture)?;
        observe(Stage::Preprocess);
        let map = input.map(|input| self.segment(picture, input, quality));
        let map = map.transpose()?.flatten();
        observe(Stage::Segment);
        let matte = map.map(|map| self.matte(&map, picture, quality));
        // Also where nothing was left of a faint subject.
        let matte = matte
            .transpose()?
            .filter(|matte| quality == Quality::Rembg || matte.mask.has_foreground())
            .unwrap_or_else(|| Matte::empty(picture.width, picture.height));
        observe(Stage::Matte);
        Ok(matte)
    }
}
