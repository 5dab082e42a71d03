//! The place and size of the subject in the result.

use cutout::{Layout, Length, Margins};

use super::invalid;
use crate::fields::{Fields, flag};
use crate::removebg::refusal::Refusal;

pub(super) fn layout(fields: &Fields) -> Result<Layout, Refusal> {
    let crop = match fields.text("crop").map(flag) {
        None | Some(Some(false)) => None,
        Some(Some(true)) => Some(Margins::NONE),
        Some(None) => return Err(invalid("invalid_crop", "true or false")),
    };
    let margin = fields.text("crop_margin").map(str::parse::<Margins>);
    let margin = margin
        .transpose()
        .map_err(|e| invalid("invalid_crop_margin", &e.expected))?;
    let scale = match fields.text("scale") {
        None | Some("original") => None,
        Some(text) => {
            let share = share(text, 0.1);
            Some(share.ok_or_else(|| invalid("invalid_scale", "original, or 10% to 100%"))?)
        }
    };
    Ok(Layout {
        crop: crop.map(|none| margin.unwrap_or(none)),
        scale,
        position: position(fields, scale.is_some())?,
    })
}

/// `original` is what comes without scaling; a scaled subject that is to stand where it was stands in the middle.
fn position(fields: &Fields, is_scaled: bool) -> Result<Option<[f32; 2]>, Refusal> {
    let wrong = || {
        invalid(
            "invalid_position",
            "original, center, or one or two of 0% to 100%",
        )
    };
    let middle = is_scaled.then_some([0.5; 2]);
    match fields.text("position") {
        None | Some("original") => Ok(middle),
        Some("center" | "centre") => Ok(Some([0.5; 2])),
        Some(text) => {
            let one = |text| share(text, 0.0);
            let shares: Option<Vec<_>> = text.split_ascii_whitespace().map(one).collect();
            match *shares.ok_or_else(wrong)?.as_slice() {
                [both] => Ok(Some([both; 2])),
                [x, y] => Ok(Some([x, y])),
                _ => Err(wrong()),
            }
        }
    }
}

/// A share of `least` to 1, written as a percentage.
fn share(text: &str, least: f32) -> Option<f32> {
    match text.parse() {
        Ok(Length::Share(share)) if (least..=1.0).contains(&share) => Some(share),
        _ => None,
    }
}
