//! One image's way: open, matte, render.

use crate::render::{draw, render};
use crate::transparency::{self, Seen};
use crate::{
    BoundingBox, Canvas, Error, Layout, Limits, Mark, Mask, Matte, ModelSpec, Options, Output,
    Picture, Quality, Segmenter, brush, budget, decode, looks, matte, preprocess,
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
        let mut picture = self.open(bytes, &options.limits, observe)?;
        // A smaller result at its place in the image is made of a smaller image, which takes less time from here on.
        if options.layout == Layout::default() {
            picture = picture.fitted(options.size);
        }
        let matte = self.matte(&picture, None, options.quality, observe)?;
        self.render(picture, matte, options, observe)
    }

    /// Encoded image and mask in, corrected and encoded image out: the mask that belongs to the image, or else the one that
    /// the network finds, corrected by `marks`. Without any this is the result of [`Self::remove`] for that mask. `observe`
    /// is called as each stage ends; with a mask these are `decode`, `matte`, `colour` and `encode`.
    ///
    /// # Errors
    /// The first error of a stage; kind `correction` when mask or marks do not fit the image, or there are too many marks.
    pub fn refine(
        &mut self,
        bytes: &[u8],
        mask: Option<&[u8]>,
        marks: &[Mark<'_>],
        options: &Options,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Output, Error> {
        let limits = &options.limits;
        let picture = decode(bytes, limits)?;
        let mut matte = match mask {
            Some(mask) => {
                let mask = budget::kept(brush::mask_of(mask, &picture, limits))?;
                observe(Stage::Decode);
                Matte {
                    mask,
                    uncertainty: 0.0,
                }
            }
            None => {
                observe(Stage::Decode);
                self.matte(&picture, None, options.quality, &mut |stage| {
                    // It ends with the correction.
                    if stage != Stage::Matte {
                        observe(stage);
                    }
                })?
            }
        };
        budget::kept(brush::correct(&picture, &mut matte.mask, marks, limits))?;
        if mask.is_some() || !marks.is_empty() {
            matte.uncertainty = matte::uncertainty(&matte.mask);
        }
        observe(Stage::Matte);
        self.render(picture, matte, options, observe)
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
        let picture = self.open(bytes, limits, observe)?;
        self.matte(&picture, None, quality, observe)
    }

    /// Stage `decode`: see [`crate::decode`].
    ///
    /// # Errors
    /// Kinds `unsupported-format`, `undecodable`, `too-many-bytes` and `too-many-pixels`.
    pub fn open(
        &self,
        bytes: &[u8],
        limits: &Limits,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Picture, Error> {
        let picture = decode(bytes, limits)?;
        observe(Stage::Decode);
        Ok(picture)
    }

    /// Stages `preprocess`, `segment` and `matte` of a decoded image. With a `region`, only what is in it can be
    /// foreground: the network sees nothing else, and the mask is empty outside. `observe` is called as each stage
    /// ends.
    ///
    /// # Errors
    /// Kind `model` when the model's interface cannot be computed with, or the network fails, or its answer has another
    /// size or a value that is not finite.
    pub fn matte(
        &mut self,
        picture: &Picture,
        region: Option<BoundingBox>,
        quality: Quality,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Matte, Error> {
        let Some(region) = region else {
            return self.whole_matte(picture, quality, observe);
        };
        let part = picture.part(region);
        let matte = self.whole_matte(&part, quality, observe)?;
        let (left, top) = (region.left, region.top);
        Ok(Matte {
            mask: (matte.mask).placed(left, top, picture.width, picture.height),
            ..matte
        })
    }

    /// Stages `colour` and `encode`: the result that `options` ask for, of an image and its mask. `observe` is called as
    /// each stage ends.
    ///
    /// # Errors
    /// Kind `too-many-pixels` when the canvas is above the limits or what the format can hold, `encode` when image and
    /// mask do not fit, and those of [`Self::open`] for the background.
    pub fn render(
        &self,
        picture: Picture,
        matte: Matte,
        options: &Options,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Output, Error> {
        render(picture, matte, options, observe)
    }

    /// Stage `colour` alone: the pixels of the result that `options` ask for, which [`Canvas::encoded`] makes a file of.
    /// `observe` is called as the stage ends.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn draw(
        &self,
        picture: &Picture,
        mask: &Mask,
        options: &Options,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Canvas, Error> {
        let canvas = draw(picture, mask, options)?;
        observe(Stage::Colour);
        Ok(canvas)
    }

    /// The mask of all of `picture`. Where it has transparent pixels, the network sees what people see, and an image that
    /// is cut out already stays as it is; rembg's recipe takes the colours that are hidden.
    fn whole_matte(
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

    /// The mask that the network finds.
    fn network_matte(
        &mut self,
        picture: &Picture,
        quality: Quality,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Matte, Error> {
        let empty = || Matte::empty(picture.width, picture.height);
        // An image of one colour shows nothing to cut out, and has no input.
        let input = budget::kept(preprocess::preprocess(picture, &self.spec))?;
        observe(Stage::Preprocess);
        let looked = input.map(|input| {
            let map = looks::look(picture, input, &self.spec, &mut self.segmenter, quality);
            self.segmenter.rest();
            budget::kept(map)
        });
        let map = looked.transpose()?.flatten();
        observe(Stage::Segment);
        let matte = map.map(|map| budget::kept(matte::matte(&map, &self.spec, picture, quality)));
        // Also where nothing was left of a faint subject.
        let matte = (matte.transpose()?)
            .filter(|matte| quality == Quality::Rembg || matte.mask.has_foreground())
            .unwrap_or_else(empty);
        observe(Stage::Matte);
        Ok(matte)
    }
}
