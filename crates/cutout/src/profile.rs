//! Colour profiles (ICC.1:2022), and the way from them to sRGB.

use std::fmt;
use std::sync::Arc;

use moxcms::{
    CicpProfile, ColorProfile, DataColorSpace, Layout, ParsingOptions, Transform8BitExecutor,
    TransformOptions,
};

use crate::budget;

/// Largest profile that is read, in bytes. Those of printing presses have about two million.
const MAX_BYTES: usize = 4 << 20;

/// Pixels that are converted at a time.
const PIECE: usize = 1 << 10;

/// A colour profile (ICC) of an image: an RGB profile that can be converted to sRGB.
#[derive(Clone)]
pub struct Profile {
    bytes: Arc<[u8]>,
    /// Not there when it would change nothing.
    to_srgb: Option<Arc<Transform8BitExecutor>>,
}

impl Profile {
    /// `None` for bytes that are no profile of RGB colours, for a damaged profile, and above 4 MiB.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let to_srgb = to_srgb(bytes, DataColorSpace::Rgb, Layout::Rgb)?;
        Some(Self {
            bytes: bytes.into(),
            to_srgb: (!changes_nothing(&*to_srgb)).then_some(to_srgb),
        })
    }

    /// The profile as it was in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Converts pixels of 3 or 4 `channels`, the fourth of which stays as it is.
    pub(crate) fn to_srgb(&self, data: &mut [u8], channels: usize) {
        let Some(transform) = &self.to_srgb else {
            return;
        };
        let mut from = Vec::with_capacity(PIECE * 3);
        let mut to = vec![0; PIECE * 3];
        for piece in data.chunks_mut(PIECE * channels.max(3)) {
            if budget::is_spent() {
                return;
            }
            let pixels = piece.chunks_exact_mut(channels.max(3));
            from.clear();
            from.extend(pixels.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
            let to = &mut to[..from.len()];
            // It fails for buffers of different lengths only.
            if transform.transform(&from, to).is_err() {
                return;
            }
            let pixels = piece.chunks_exact_mut(channels.max(3));
            for (pixel, colour) in pixels.zip(to.as_chunks::<3>().0) {
                pixel[..3].copy_from_slice(colour);
            }
        }
    }
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Profile {}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({} bytes)", self.bytes.len())
    }
}

/// The way from four inks to sRGB, by their profile.
pub(crate) struct Inks {
    to_srgb: Arc<Transform8BitExecutor>,
    /// A level after black point compensation, so that all inks together are black. Paper never is: without this, dark images look
    /// washed out (black point compensation, ISO 18619).
    levels: Vec<u8>,
}

impl Inks {
    /// `None` for bytes that are no profile of such inks, for a damaged profile, and above 4 MiB.
    pub(crate) fn new(profile: &[u8]) -> Option<Self> {
        let to_srgb = to_srgb(profile, DataColorSpace::Cmyk, Layout::Rgba)?;
        let curve = ColorProfile::new_srgb().red_trc?;
        let light = curve.make_linear_evaluator().ok()?;
        let level = curve.make_gamma_evaluator().ok()?;
        let mut darkest = [0; 3];
        to_srgb.transform(&[255; 4], &mut darkest).ok()?;
        let darkest = darkest.map(|value| light.evaluate_value(f32::from(value) / 255.0));
        let luminance = 0.2126 * darkest[0] + 0.7152 * darkest[1] + 0.0722 * darkest[2];
        // What is lighter than a lightness of 50 % is no black.
        let black = luminance.min(0.184);
        let levels = (0..=255_u8).map(|value| {
            let light = (light.evaluate_value(f32::from(value) / 255.0) - black) / (1.0 - black);
            (level.evaluate_value(light.max(0.0)) * 255.0).round() as u8
        });
        Some(Self {
            to_srgb,
            levels: levels.collect(),
        })
    }

    /// Converts pixels of four inks, 0 none and 255 full, to as many of red, green and blue. False when they are not as
    /// many.
    pub(crate) fn to_srgb(&self, inks: &[u8], rgb: &mut [u8]) -> bool {
        let done = self.to_srgb.transform(inks, rgb).is_ok();
        for value in rgb {
            *value = self.levels[usize::from(*value)];
        }
        done
    }
}

/// Each of `levels` levels of grey in sRGB, 0…1; `None` when the profile is none of grey, or is damaged.
pub(crate) fn grey_to_srgb(profile: &[u8], levels: usize) -> Option<Vec<f32>> {
    let profile = parsed(profile, DataColorSpace::Gray)?;
    let curve = profile.gray_trc?.make_linear_evaluator().ok()?;
    // With the connection space L*a*b* the curve gives lightness, not light.
    let light = |value| match (profile.pcs, curve.evaluate_value(value)) {
        (DataColorSpace::Lab, lightness @ 0.08..) => ((lightness + 0.16) / 1.16).powi(3),
        (DataColorSpace::Lab, lightness) => lightness / 9.033,
        (_, light) => light,
    };
    let srgb = ColorProfile::new_srgb()
        .red_trc?
        .make_gamma_evaluator()
        .ok()?;
    let most = levels.saturating_sub(1).max(1) as f32;
    let level = |level| srgb.evaluate_value(light(level as f32 / most));
    Some((0..levels).map(|i| level(i).clamp(0.0, 1.0)).collect())
}

/// The code points that a profile has; `None` where it has none, or is damaged.
pub(crate) fn code_points(profile: &[u8]) -> Option<CicpProfile> {
    parsed(profile, DataColorSpace::Rgb)?.cicp
}

fn parsed(bytes: &[u8], space: DataColorSpace) -> Option<ColorProfile> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let limits = ParsingOptions {
        max_profile_size: MAX_BYTES + 1,
        max_allowed_clut_size: MAX_BYTES,
        ..ParsingOptions::default()
    };
    let profile = ColorProfile::new_from_slice_with_options(bytes, limits).ok()?;
    (profile.color_space == space).then_some(profile)
}

fn to_srgb(
    bytes: &[u8],
    space: DataColorSpace,
    layout: Layout,
) -> Option<Arc<Transform8BitExecutor>> {
    let profile = parsed(bytes, space)?;
    let srgb = ColorProfile::new_srgb();
    // Whole numbers would differ by some levels between processors.
    let options = TransformOptions {
        prefer_fixed_point: false,
        ..TransformOptions::default()
    };
    profile
        .create_transform_8bit(layout, &srgb, Layout::Rgb, options)
        .ok()
}

/// Whether colours from all of the cube stay where they are, to a level.
fn changes_nothing(transform: &Transform8BitExecutor) -> bool {
    const LEVELS: [u8; 9] = [0, 16, 48, 80, 112, 144, 176, 208, 255];
    let colours = LEVELS.iter().flat_map(|&r| {
        let blue = move |g| LEVELS.iter().flat_map(move |&b| [r, g, b]);
        LEVELS.iter().flat_map(move |&g| blue(g))
    });
    let from: Vec<u8> = colours.collect();
    let mut to = vec![0; from.len()];
    let close = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
    transform.transform(&from, &mut to).is_ok() && from.iter().zip(&to).all(close)
}
