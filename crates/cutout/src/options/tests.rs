use std::fmt::Display;
use std::str::FromStr;

use super::*;
use crate::{Colour, Format, JpegQuality, Length, Margins, MaxSide, PngEffort, WebpQuality};

/// The value that `text` is, or the values that are expected in its place.
fn read<T: FromStr<Err = InvalidValue>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|e: InvalidValue| e.to_string())
}

/// Each of the texts is the value beside it, and no other text is any.
fn assert_reads<T>(cases: &[(&str, T)], others: &[&str], expected: &str)
where
    T: FromStr<Err = InvalidValue> + PartialEq + std::fmt::Debug + Copy,
{
    for (text, value) in cases {
        assert_eq!(read(text), Ok(*value), "{text:?}");
    }
    for text in others {
        assert_eq!(read::<T>(text), Err(expected.to_owned()), "{text:?}");
    }
}

#[test]
fn a_word_is_read_as_its_value_and_no_other_is() {
    assert_reads(
        &[("cutout", OutputKind::Cutout), ("mask", OutputKind::Mask)],
        &["", "Mask", "mask ", "matte"],
        "expected cutout or mask",
    );
    assert_reads(
        &[
            ("fast", Quality::Fast),
            ("good", Quality::Good),
            ("best", Quality::Best),
        ],
        &["rembg", "80", "GOOD"],
        "expected fast, good or best",
    );
    assert_reads(&[("rembg", Compat::Rembg)], &["good"], "expected rembg");
    assert_reads(
        &[
            ("png", Format::Png),
            ("webp", Format::WebP),
            ("jpg", Format::Jpeg),
            ("jpeg", Format::Jpeg),
        ],
        &["raw", "gif", "PNG", ".png"],
        "expected png, webp, jpg or jpeg",
    );
    assert_reads(
        &[("fast", PngEffort::Fast), ("small", PngEffort::Small)],
        &["9", "good"],
        "expected fast or small",
    );
}

#[test]
fn a_number_is_read_within_its_range() {
    let jpeg = |quality: u32| JpegQuality::try_from(quality).unwrap();
    assert_reads(
        &[("1", jpeg(1)), ("90", jpeg(90)), ("100", jpeg(100))],
        &["0", "101", "256", "1.5", "-1", "90%", "lossless", ""],
        "expected 1 to 100",
    );
    assert_reads(
        &[
            ("1", WebpQuality::Lossy(1)),
            ("100", WebpQuality::Lossy(100)),
            ("lossless", WebpQuality::Lossless),
        ],
        &["0", "101", "300", "Lossless", "lossy"],
        "expected 1 to 100, or lossless",
    );
    let side = |side: u32| MaxSide::try_from(side).unwrap();
    assert_reads(
        &[("1", side(1)), ("4294967295", side(u32::MAX))],
        &["0", "4294967296", "-1", "1px"],
        "expected 1 or more",
    );
    for quality in [0, 101, 256, 257] {
        JpegQuality::try_from(quality).unwrap_err();
        WebpQuality::try_from(quality).unwrap_err();
    }
    MaxSide::try_from(0).unwrap_err();
}

#[test]
fn margins_are_one_two_or_four_lengths_up_to_a_limit() {
    let (px, share) = (Length::Pixels, Length::Share);
    let margins = |top, right, bottom, left| Margins {
        top,
        right,
        bottom,
        left,
    };
    assert_reads(
        &[
            ("0", Margins::NONE),
            ("500px", Margins::all(px(500))),
            ("50%", Margins::all(share(0.5))),
            (" 1  2px ", margins(px(1), px(2), px(1), px(2))),
            (
                "1 2.5% 3 .5%",
                margins(px(1), share(0.025), px(3), share(0.005)),
            ),
        ],
        &[
            "",
            "501",
            "501px",
            "50.00001%",
            "51%",
            "1 2 3",
            "1 2 3 4 5",
            "-1",
            "1.5",
            "1em",
            "1e1%",
            "inf%",
            "NaN%",
            "%",
            "px",
            "true",
            "1 51%",
        ],
        "expected one, two or four lengths such as 10px or 5%, up to 500px or 50%",
    );
    assert_reads(
        &[("150%", share(1.5)), ("4000px", px(4000))],
        &["1 2", "-1%"],
        "expected a length such as 10px or 5%",
    );
}

#[test]
fn a_colour_is_that_of_css_with_or_without_its_sign() {
    assert_reads(
        &[
            ("white", Colour([255; 4])),
            ("#81d4fa", Colour([0x81, 0xd4, 0xfa, 255])),
            ("81d4fa", Colour([0x81, 0xd4, 0xfa, 255])),
            ("f008", Colour([255, 0, 0, 0x88])),
            ("rgb(1, 2, 3)", Colour([1, 2, 3, 255])),
            ("transparent", Colour([0; 4])),
        ],
        &["", "mauve-ish", "#12345", "photo.png"],
        "expected a colour such as white or 81d4fa",
    );
}

#[test]
fn a_value_is_read_as_it_is_written() {
    fn assert_written<T>(values: &[T])
    where
        T: FromStr<Err = InvalidValue> + PartialEq + std::fmt::Debug + Copy + Display,
    {
        for value in values {
            assert_eq!(read(&value.to_string()), Ok(*value));
        }
    }
    assert_written(&[OutputKind::Cutout, OutputKind::Mask]);
    assert_written(&[Quality::Fast, Quality::Good, Quality::Best]);
    assert_written(&[Compat::Rembg]);
    assert_written(&[Format::Png, Format::WebP, Format::Jpeg]);
    assert_written(&[PngEffort::Fast, PngEffort::Small]);
    assert_written(&[WebpQuality::Lossless, WebpQuality::Lossy(7)]);
    assert_written(&[Colour([1, 2, 3, 4]), Colour([255; 4])]);
    let margins = ["0", "500px", "1 2px 3% 50%"].map(|text| read::<Margins>(text).unwrap());
    assert_written(&margins);
}

#[test]
fn a_default_is_read_as_the_value_of_an_absent_option() {
    fn default<T: OptionValue>() -> T {
        let text = T::OPTION.default.unwrap_or_default();
        read(text).unwrap_or_else(|e| panic!("{} is {text:?}: {e}", T::OPTION.name))
    }
    let options = Options::default();
    let encoding = options.encoding;
    assert_eq!(default::<OutputKind>(), options.output);
    assert_eq!(default::<Quality>(), options.quality);
    assert_eq!(default::<Format>(), encoding.format);
    assert_eq!(default::<PngEffort>(), encoding.png);
    assert_eq!(default::<WebpQuality>(), encoding.webp);
    assert_eq!(default::<JpegQuality>().get(), encoding.jpeg);
    let without = OPTIONS.iter().filter(|option| option.default.is_none());
    let without: Vec<_> = without.map(|option| option.name).collect();
    assert_eq!(without, ["compat", "background", "crop", "max-side"]);
    assert_eq!(options.background, Background::Transparent);
    assert_eq!((options.layout.crop, options.size.max_side), (None, None));
}

#[test]
fn an_invalid_value_is_told_with_its_option_and_cut_short() {
    let error = read_error::<Margins>("abc").or("true or false");
    assert_eq!(
        error.message("crop", "abc"),
        "invalid value \"abc\" for crop; expected one, two or four lengths such as 10px or 5%, up to 500px or 50%, \
         or true or false"
    );
    let long = error.message("crop", &"9".repeat(1000));
    assert!(long.contains(&format!("\"{}\" for crop", "9".repeat(80))));
}

fn read_error<T: FromStr<Err = InvalidValue>>(text: &str) -> InvalidValue {
    match text.parse::<T>() {
        Ok(_) => panic!("{text:?} is read"),
        Err(error) => error,
    }
}
