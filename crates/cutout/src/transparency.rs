//! Transparency that an image comes with: what lies under it is not to be seen, and decides nothing.

use crate::colour::product;
use crate::{BoundingBox, Mask, Matte, Picture};

/// Of the border, the share that is transparent where an image stands free.
const FREE: f32 = 0.98;

/// An image with less than this share of its area transparent is a photo with a corner or a pixel missing.
const CLEARED: f64 = 0.05;

/// A network that keeps more than the larger share of the visible part has nothing to remove; one that keeps less than the
/// smaller has not understood the image.
const TRUSTED: std::ops::Range<f32> = 0.02..0.9;

/// An image as people see it.
pub(crate) enum Seen {
    /// All of it.
    All,
    /// Nothing.
    Nothing,
    /// A logo, a signature or a sticker: nearly all of its border is transparent.
    Free,
    /// Another image with transparent pixels: here before black or white, whichever its visible part is further from, and
    /// without alpha.
    Before(Picture),
}

impl Seen {
    pub(crate) fn of(picture: &Picture) -> Self {
        let Some(pixels) = alpha(picture) else {
            return Self::All;
        };
        let (mut weight, mut brightness) = (0, 0);
        for [r, g, b, a] in pixels.iter().map(|pixel| pixel.map(u64::from)) {
            weight += a;
            // Luma of BT.601, in thousandths.
            brightness += a * (299 * r + 587 * g + 114 * b);
        }
        if weight == 255 * pixels.len() as u64 {
            return Self::All;
        }
        if weight == 0 {
            return Self::Nothing;
        }
        if stands_free(pixels, picture.width as usize) {
            return Self::Free;
        }
        let ground = if brightness < weight * 127_500 {
            255
        } else {
            0
        };
        let before = |[r, g, b, a]: &[u8; 4]| [r, g, b].map(|value| mixed(*value, ground, *a));
        Self::Before(Picture {
            channels: 3,
            data: pixels.iter().flat_map(before).collect(),
            ..picture.without_data()
        })
    }
}

/// A network's `matte` of an image that has transparent pixels: only what is visible is foreground, and where the network would
/// take next to nothing or nearly all, all of it is.
pub(crate) fn trusted(matte: Matte, picture: &Picture) -> Matte {
    let Some(pixels) = alpha(picture) else {
        return matte;
    };
    let (mut kept, mut visible) = (0, 0);
    for (value, [.., alpha]) in matte.mask.data.iter().zip(pixels) {
        kept += u64::from(*value) * u64::from(*alpha);
        visible += 255 * u64::from(*alpha);
    }
    let share = kept as f32 / visible.max(1) as f32;
    let cleared = 1.0 - visible as f64 / (255.0 * 255.0 * pixels.len().max(1) as f64);
    if visible > 0 && cleared >= CLEARED && !TRUSTED.contains(&share) {
        return visible_part(picture);
    }
    let mut matte = matte;
    for (index, value) in matte.mask.data.iter_mut().enumerate() {
        if is_transparent(picture, index) {
            *value = 0;
        }
    }
    matte
}

/// The matte of an image that is cut out already: its cut-out is the image itself.
pub(crate) fn visible_part(picture: &Picture) -> Matte {
    let count = alpha(picture).unwrap_or_default().len();
    let value = |index: usize| match is_transparent(picture, index) {
        true => 0,
        false => 255,
    };
    let data = (0..count).map(value);
    Matte {
        mask: Mask {
            width: picture.width,
            height: picture.height,
            data: data.collect(),
        },
        uncertainty: 0.0,
    }
}

/// The box around what the cut-out of `picture` by `mask` shows.
pub(crate) fn foreground(picture: &Picture, mask: &Mask) -> Option<BoundingBox> {
    alpha(picture).map_or_else(
        || mask.foreground(),
        |pixels| joined(pixels, mask).foreground(),
    )
}

/// `picture` and `mask` resampled to `width` × `height`. Alpha and mask are resampled as one and divided again: the product of two
/// that are resampled apart is too thin at the edges that they share.
pub(crate) fn stretched(
    picture: &Picture,
    mask: &Mask,
    width: u32,
    height: u32,
) -> (Picture, Mask) {
    let small = picture.stretched(width, height);
    let is_same = (width, height) == (picture.width, picture.height);
    let (Some(pixels), false) = (alpha(picture), is_same) else {
        return (small, mask.stretched(width, height));
    };
    let mut mask = joined(pixels, mask).stretched(width, height);
    for (value, [.., alpha]) in mask.data.iter_mut().zip(small.data.as_chunks::<4>().0) {
        *value = divided((*value).into(), (*alpha).into(), 255) as u8;
    }
    (small, mask)
}

/// Mask times alpha.
fn joined(pixels: &[[u8; 4]], mask: &Mask) -> Mask {
    let values = mask.data.iter().zip(pixels);
    Mask {
        data: values
            .map(|(value, [.., alpha])| product(*value, *alpha))
            .collect(),
        ..*mask
    }
}

/// `value`, which was multiplied by `alpha`, as it was before, rounded; all of 0…`most`, and 0 where `alpha` is.
pub(crate) fn divided(value: u32, alpha: u32, most: u32) -> u32 {
    let whole = (value * most + alpha / 2).checked_div(alpha);
    whole.unwrap_or(0).min(most)
}

/// Whether pixel `index` has an alpha of 0, with all of its bits.
fn is_transparent(picture: &Picture, index: usize) -> bool {
    let at = index * picture.channels + 3;
    let fine = picture.fine.as_ref();
    picture.data[at] == 0 && fine.is_none_or(|fine| fine[at] == 0)
}

/// The pixels of an image that has alpha.
fn alpha(picture: &Picture) -> Option<&[[u8; 4]]> {
    (picture.channels == 4).then(|| picture.data.as_chunks().0)
}

/// `value` with `alpha` before `ground`, rounded.
fn mixed(value: u8, ground: u8, alpha: u8) -> u8 {
    let (a, b) = (u32::from(alpha), 255 - u32::from(alpha));
    ((u32::from(value) * a + u32::from(ground) * b + 127) / 255) as u8
}

fn stands_free(pixels: &[[u8; 4]], width: usize) -> bool {
    let rows = || pixels.chunks_exact(width.max(1));
    let ends = rows().flat_map(|row| row.first().into_iter().chain(row.last()));
    let border = rows().next().into_iter().chain(rows().next_back());
    let border = border.flatten().chain(ends);
    let (mut clear, mut count) = (0, 0);
    for [.., alpha] in border {
        count += 1;
        clear += u32::from(*alpha <= Mask::FOREGROUND_LEVEL);
    }
    clear as f32 >= FREE * count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 × 10 pixels.
    fn picture(pixel: impl Fn(u32, u32) -> [u8; 4]) -> Picture {
        let places = (0..10).flat_map(|y| (0..20).map(move |x| (x, y)));
        Picture::new(20, 10, 4, places.flat_map(|(x, y)| pixel(x, y)).collect())
    }

    fn inside(x: u32, y: u32) -> bool {
        (5..15).contains(&x) && (2..8).contains(&y)
    }

    #[test]
    fn hidden_colours_are_not_seen_and_the_ground_is_far_from_what_is() {
        for (colour, ground) in [(0, 255), (255, 0), (100, 255), (160, 0)] {
            for hidden in [0, 90, 255] {
                let seen = Seen::of(&picture(|x, _| match x < 5 {
                    true => [colour, colour, colour, 255],
                    false => [hidden, hidden, hidden, 0],
                }));
                let Seen::Before(plain) = seen else {
                    panic!("{colour} over {hidden} is not seen before a ground");
                };
                assert_eq!(plain.channels, 3);
                assert_eq!(plain.data[0], colour, "{colour} over {hidden}");
                assert_eq!(plain.data[19 * 3], ground, "{colour} over {hidden}");
            }
        }
    }

    #[test]
    fn alpha_says_how_much_is_seen() {
        let opaque = |x: u32, y: u32| if inside(x, y) { 255 } else { 0 };
        let seen =
            |alpha: &dyn Fn(u32, u32) -> u8| Seen::of(&picture(|x, y| [1, 2, 3, alpha(x, y)]));
        assert!(matches!(seen(&|_, _| 255), Seen::All));
        assert!(matches!(seen(&|_, _| 0), Seen::Nothing));
        assert!(matches!(seen(&opaque), Seen::Free));
        // A haze that nobody sees.
        assert!(matches!(seen(&|x, y| opaque(x, y).max(10)), Seen::Free));
        let touching = |x: u32, _: u32| if x < 9 { 255 } else { 0 };
        assert!(matches!(seen(&touching), Seen::Before(_)));
        let without = Picture::new(1, 1, 3, vec![1, 2, 3]);
        assert!(matches!(Seen::of(&without), Seen::All));
    }

    /// Two of 200 pixels are clear: a photo, whatever little its subject is.
    #[test]
    fn a_photo_with_a_clear_corner_is_cut_out_as_any_other() {
        let picture = picture(|x, y| [9, 9, 9, if x < 2 && y < 1 { 0 } else { 255 }]);
        let mut mask = Mask::empty(20, 10);
        mask.data[..3].fill(255);
        let matte = trusted(
            Matte {
                mask,
                uncertainty: 0.3,
            },
            &picture,
        );
        let found: Vec<usize> = (0..200).filter(|i| matte.mask.data[*i] > 0).collect();
        assert_eq!((found, matte.uncertainty), (vec![2], 0.3));
    }

    #[test]
    fn edges_that_mask_and_alpha_share_are_resampled_once() {
        // A line of one pixel; the mask is what is visible.
        let picture = picture(|x, _| [200, 200, 200, if x == 9 { 255 } else { 0 }]);
        let mask = visible_part(&picture).mask;
        let alone = picture.stretched(10, 5);
        let (small, mask) = stretched(&picture, &mask, 10, 5);
        let pixels = small.data.as_chunks::<4>().0.iter().zip(&mask.data);
        let found: Vec<u8> = pixels.map(|(p, m)| product(p[3], *m)).collect();
        let expected = alone.data.as_chunks::<4>().0.iter().map(|pixel| pixel[3]);
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                found.abs_diff(expected) <= 1,
                "{found} instead of {expected}"
            );
        }
    }

    #[test]
    fn a_haze_that_nobody_sees_is_outside_of_the_box() {
        let picture = picture(|x, y| [9, 9, 9, if inside(x, y) { 255 } else { 7 }]);
        let found = foreground(&picture, &visible_part(&picture).mask).unwrap();
        let expected = BoundingBox {
            left: 5,
            top: 2,
            width: 10,
            height: 6,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_network_that_takes_next_to_nothing_or_nearly_all_leaves_the_image_as_it_is() {
        let picture = picture(|x, y| [9, 9, 9, if inside(x, y) { 200 } else { 0 }]);
        let kept = |columns: u32| {
            let value = |i: u32| if i % 20 < 5 + columns { 255 } else { 0 };
            let matte = Matte {
                mask: Mask {
                    width: 20,
                    height: 10,
                    data: (0..200).map(value).collect(),
                },
                uncertainty: 0.3,
            };
            trusted(matte, &picture)
        };
        let count = |matte: &Matte| {
            matte
                .mask
                .data
                .iter()
                .filter(|value| **value == 255)
                .count()
        };
        // Of ten columns: none and all are no answer, half of them is one.
        for (columns, expected) in [(0, 60), (10, 60), (5, 30)] {
            let matte = kept(columns);
            assert_eq!(count(&matte), expected, "{columns} columns");
            assert_eq!(matte.uncertainty == 0.0, columns != 5);
        }
    }
}
