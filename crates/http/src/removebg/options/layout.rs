//! The place and size of the subject in the result.

use cutout::{Layout, Length, Margins, parse};

use super::invalid;
use crate::fields::Fields;
use crate::removebg::refusal::Refusal;

pub(super) fn layout(fields: &Fields) -> Result<Layout, Refusal> {
    let crop = match fields.text("crop").map(parse::flag) {
        None | Some(Some(false)) => None,
        Some(Some(true)) => Some(Margins::all(Length::Pixels(0))),
        Some(None) => return Err(invalid("invalid_crop", "true or false")),
    };
    let margin = match fields.text("crop_margin") {
        None => None,
        Some(text) => {
            let wanted = "one, two or four lengths such as 10px or 5%, up to 500px or 50%";
            Some(parse::margins(text).ok_or_else(|| invalid("invalid_crop_margin", wanted))?)
        }
    };
    let scale = match fields.text("scale") {
        None | Some("original") => None,
        Some(text) => {
            let share = parse::percentage(text, 10.0);
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
            let one = |text| parse::percentage(text, 0.0);
            let shares: Option<Vec<_>> = text.split_ascii_whitespace().map(one).collect();
            match *shares.ok_or_else(wrong)?.as_slice() {
                [both] => Ok(Some([both; 2])),
                [x, y] => Ok(Some([x, y])),
                _ => Err(wrong()),
            }
        }
    }
}
