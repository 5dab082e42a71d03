//! The fields of a request, checked. An empty one is absent: the official clients send every field.

mod layout;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use cutout::{Background, BoundingBox, Colour, Format, Layout, Length};

use self::layout::layout;
use super::refusal::Refusal;
use super::{MAX_PIXELS, MAX_PNG};
use crate::fields::{self, Fields};

/// Clients leave the padding out, or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The parts of a result that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Rgba,
    Alpha,
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// PNG where something is transparent, else JPEG.
    Auto,
    One(Format),
    Zip,
}

enum Behind {
    Nothing,
    Colour([u8; 4]),
    File(Bytes),
}

/// A request.
pub(super) struct Ask {
    pub(super) picture: Bytes,
    /// Most pixels of the result.
    pub(super) size: u64,
    pub(super) format: Wanted,
    pub(super) channels: Channels,
    pub(super) layout: Layout,
    /// `type`, where it is not `auto`.
    pub(super) kind: Option<String>,
    /// First and last column and row.
    roi: Option<[Length; 4]>,
    behind: Behind,
}

impl Ask {
    pub(super) fn read(fields: &Fields) -> Result<Self, Refusal> {
        refuse_what_is_not_done(fields)?;
        Ok(Self {
            picture: source(fields)?,
            size: size(fields)?,
            format: format(fields)?,
            channels: match fields.text("channels") {
                None | Some("rgba") => Channels::Rgba,
                Some("alpha") => Channels::Alpha,
                Some(_) => return Err(invalid("invalid_channels", "rgba or alpha")),
            },
            layout: layout(fields)?,
            kind: kind(fields)?,
            roi: roi(fields)?,
            behind: behind(fields)?,
        })
    }

    /// Most pixels of a result in this format.
    pub(super) fn most_pixels(&self) -> u64 {
        let opaque = match self.behind {
            Behind::Nothing => false,
            Behind::Colour([.., alpha]) => alpha == 255,
            Behind::File(_) => true,
        };
        match self.format {
            Wanted::One(Format::Png) => MAX_PNG,
            Wanted::Auto if !opaque || self.channels == Channels::Alpha => MAX_PNG,
            _ => MAX_PIXELS,
        }
    }

    /// The region of interest in an image of `width` × `height`.
    pub(super) fn region(&self, width: u32, height: u32) -> Result<Option<BoundingBox>, Refusal> {
        let Some([x1, y1, x2, y2]) = self.roi else {
            return Ok(None);
        };
        let (x1, x2) = (x1.of(width), x2.of(width));
        let (y1, y2) = (y1.of(height), y2.of(height));
        let (left, right, top, bottom) = (x1.min(x2), x1.max(x2), y1.min(y2), y1.max(y2));
        let beyond = |length: &Length| matches!(length, Length::Share(share) if *share > 1.0);
        if right > width || bottom > height || self.roi.iter().flatten().any(beyond) {
            let text = format!("roi ends at {right}, {bottom}; the image is {width}×{height}");
            return Err(Refusal::new("roi_exceeds_bounds", &text));
        }
        if left == right || top == bottom {
            return Err(Refusal::new("roi_region_empty", "roi holds no pixel"));
        }
        Ok(Some(BoundingBox {
            left,
            top,
            width: right - left,
            height: bottom - top,
        }))
    }

    /// The background of a result.
    pub(super) fn background(&self) -> Background {
        match &self.behind {
            Behind::Nothing => Background::Transparent,
            Behind::Colour(colour) => Background::Colour(*colour),
            Behind::File(file) => Background::Picture(file.to_vec()),
        }
    }
}

/// A field that is there with two values.
pub(super) fn twice(name: &str) -> Refusal {
    let code = match name {
        "bg_color" | "bg_image_file" | "bg_image_url" => "multiple_bg_sources",
        "size" => "invalid_size",
        "type" => "invalid_type",
        "format" => "invalid_format",
        "channels" => "invalid_channels",
        "roi" => "invalid_roi",
        "crop" => "invalid_crop",
        "crop_margin" => "invalid_crop_margin",
        "scale" => "invalid_scale",
        "position" => "invalid_position",
        _ => "multiple_sources",
    };
    let name: String = name.chars().take(80).collect();
    Refusal::new(code, &format!("{name} is there with two values; send one"))
}

fn invalid(code: &'static str, wanted: &str) -> Refusal {
    let field = code.trim_start_matches("invalid_");
    Refusal::new(code, &format!("{field} takes {wanted}"))
}

/// Values that ask for something that is not done here, or for nothing that is known.
fn refuse_what_is_not_done(fields: &Fields) -> Result<(), Refusal> {
    let flag = |name: &str| fields.text(name).map(fields::flag);
    match flag("add_shadow") {
        None | Some(Some(false)) => {}
        _ => {
            let text = "shadows are not made here; leave add_shadow out";
            return Err(Refusal::new("invalid_add_shadow", text));
        }
    }
    if fields.text("shadow_type").is_some_and(|t| t != "none") {
        let text = "shadows are not made here; leave shadow_type out";
        return Err(Refusal::new("invalid_shadow_type", text));
    }
    if let Some(text) = fields.text("shadow_opacity")
        && !text.parse().is_ok_and(|percent: u8| percent <= 100)
    {
        return Err(invalid("invalid_shadow_opacity", "0 to 100"));
    }
    // Whatever is half transparent stays so: there is nothing to switch.
    if flag("semitransparency") == Some(None) {
        return Err(invalid("invalid_semitransparency", "true or false"));
    }
    match fields.text("type_level") {
        None | Some("none" | "1" | "2" | "latest") => Ok(()),
        Some(_) => Err(invalid("invalid_type_level", "none, 1, 2 or latest")),
    }
}

fn source(fields: &Fields) -> Result<Bytes, Refusal> {
    let file = fields.bytes("image_file");
    let base64 = fields.text("image_file_b64");
    let url = fields.text("image_url");
    let count = [file.is_some(), base64.is_some(), url.is_some()];
    match (count.iter().filter(|there| **there).count(), file, base64) {
        (0, ..) => {
            let text = "send the image as image_file or image_file_b64";
            Err(Refusal::new("missing_source", text))
        }
        (1, Some(file), _) => Ok(file.clone()),
        (1, _, Some(text)) => {
            let text = match text.split_once(";base64,") {
                Some((head, rest)) if head.starts_with("data:") => rest,
                _ => text,
            };
            let clean: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
            let decoded = BASE64.decode(clean);
            decoded
                .map(Bytes::from)
                .map_err(|e| Refusal::new("failed_to_read_image", &format!("image_file_b64: {e}")))
        }
        (1, ..) => Err(no_download("image_url", "image_file")),
        _ => {
            let text = "send one of image_file, image_file_b64 and image_url";
            Err(Refusal::new("multiple_sources", text))
        }
    }
}

fn no_download(field: &str, instead: &str) -> Refusal {
    let text = format!("nothing is fetched from addresses here ({field}); send {instead}");
    Refusal::new("failed_image_download", &text)
}

fn size(fields: &Fields) -> Result<u64, Refusal> {
    Ok(match fields.text("size") {
        None | Some("preview" | "small" | "regular") => 250_000,
        Some("medium") => 1_500_000,
        Some("hd") => 4_000_000,
        Some("full" | "4k") => 25_000_000,
        Some("50MP") => MAX_PIXELS,
        Some("auto") => MAX_PIXELS,
        Some(_) => {
            let wanted = "preview, medium, hd, full, 50MP, auto, small, regular or 4k";
            return Err(invalid("invalid_size", wanted));
        }
    })
}

fn format(fields: &Fields) -> Result<Wanted, Refusal> {
    Ok(match fields.text("format") {
        None | Some("auto") => Wanted::Auto,
        Some("png") => Wanted::One(Format::Png),
        Some("jpg" | "jpeg") => Wanted::One(Format::Jpeg),
        Some("webp") => Wanted::One(Format::WebP),
        Some("zip") => Wanted::Zip,
        Some(_) => return Err(invalid("invalid_format", "auto, png, jpg, webp or zip")),
    })
}

fn kind(fields: &Fields) -> Result<Option<String>, Refusal> {
    const KINDS: [&str; 6] = [
        "person",
        "product",
        "car",
        "animal",
        "graphic",
        "transportation",
    ];
    match fields.text("type") {
        None | Some("auto" | "other") => Ok(None),
        Some(kind) if KINDS.contains(&kind) => Ok(Some(kind.to_owned())),
        Some(_) => {
            let wanted = "auto, person, product, car, animal, graphic or transportation";
            Err(invalid("invalid_type", wanted))
        }
    }
}

fn roi(fields: &Fields) -> Result<Option<[Length; 4]>, Refusal> {
    let Some(text) = fields.text("roi") else {
        return Ok(None);
    };
    let lengths: Result<Vec<Length>, _> = text.split_ascii_whitespace().map(str::parse).collect();
    let lengths = lengths
        .ok()
        .and_then(|lengths| <[Length; 4]>::try_from(lengths).ok());
    let wanted = "four lengths, x1 y1 x2 y2, in px or %";
    lengths
        .map(Some)
        .ok_or_else(|| invalid("invalid_roi", wanted))
}

fn behind(fields: &Fields) -> Result<Behind, Refusal> {
    let colour = fields.text("bg_color");
    let file = fields.bytes("bg_image_file");
    let url = fields.text("bg_image_url");
    match (colour, file, url) {
        (None, None, None) => Ok(Behind::Nothing),
        (Some(text), None, None) => {
            let wanted = "3, 4, 6 or 8 hexadecimal digits or a colour's name";
            let colour = text.parse();
            let Colour(colour) = colour.map_err(|_| invalid("invalid_bg_color", wanted))?;
            Ok(Behind::Colour(colour))
        }
        (None, Some(file), None) => Ok(Behind::File(file.clone())),
        (None, None, Some(_)) => Err(no_download("bg_image_url", "bg_image_file")),
        _ => {
            let text = "send one of bg_color, bg_image_file and bg_image_url";
            Err(Refusal::new("multiple_bg_sources", text))
        }
    }
}
