//! Which of a file's images is the image; cameras' raw files, which are TIFF too, are told apart.

use super::directory::{Directory, File};
use super::tag;
use crate::decode::{Format, damaged};
use crate::{Error, ErrorKind};

/// Photometric interpretations of what a sensor saw: a mosaic of colours (CFA), and linear raw (DNG 1.7).
const SENSOR: [u64; 2] = [32803, 34892];

/// The first page, unless it is a reduced one: then the largest of the full ones.
///
/// # Errors
/// Kind `unsupported-format` for a camera's raw file, kind `undecodable` for a file without pages.
pub(super) fn page(file: File<'_>) -> Result<Directory<'_>, Error> {
    let pages = file.directories();
    if let Some(kind) = raw(file, &pages) {
        return Err(Error::new(
            ErrorKind::UnsupportedFormat,
            format!(
                "this is a camera raw image ({kind}), which is not read here; export it as JPEG, PNG or TIFF with the program that develops it"
            ),
        ));
    }
    let mut best: Option<(u64, usize)> = None;
    for (index, page) in pages.iter().enumerate() {
        if !is_full(page) {
            continue;
        }
        let side = |tag| page.value(tag).unwrap_or_default();
        let area = side(tag::WIDTH).saturating_mul(side(tag::HEIGHT));
        if best.is_none_or(|(most, _)| area > most) {
            best = Some((area, index));
        }
        if index == 0 {
            break;
        }
    }
    // Without a full page the first is what there is.
    let index = best.map_or(0, |(_, index)| index);
    let page = pages.into_iter().nth(index);
    page.ok_or_else(|| damaged(Format::Tiff, "the file ends before its directory does"))
}

/// Neither reduced nor a mask: NewSubfileType says it in bits, of which the second is for a page of several; the older
/// SubfileType with 2 for a reduced one.
fn is_full(page: &Directory<'_>) -> bool {
    let stated = page.value(tag::NEW_SUBFILE_TYPE);
    match stated {
        Some(bits) => bits & !2 == 0,
        None => page.value(tag::SUBFILE_TYPE) != Some(2),
    }
}

/// The kind of a camera's raw file, and the camera.
fn raw(file: File<'_>, pages: &[Directory<'_>]) -> Option<String> {
    let first = pages.first()?;
    let text = |tag| first.bytes(tag).map(printable).unwrap_or_default();
    let (make, model) = (text(tag::MAKE), text(tag::MODEL));
    let is_sensor = |page: &Directory<'_>| {
        page.value(tag::PHOTOMETRIC)
            .is_some_and(|kind| SENSOR.contains(&kind))
    };
    let kind = if pages.iter().any(|page| page.has(tag::DNG_VERSION)) {
        "DNG"
    } else if file.bytes.get(8..10) == Some(b"CR") {
        "Canon CR2"
    } else if pages.iter().any(is_sensor) {
        let maker = make.to_ascii_lowercase();
        const KINDS: [(&str, &str); 5] = [
            ("nikon", "Nikon NEF"),
            ("sony", "Sony ARW"),
            ("pentax", "Pentax PEF"),
            ("ricoh", "Pentax PEF"),
            ("samsung", "Samsung SRW"),
        ];
        let known = KINDS.iter().find(|(name, _)| maker.starts_with(name));
        known.map_or("data of a sensor", |(_, kind)| kind)
    } else {
        return None;
    };
    let camera = if model.is_empty() { make } else { model };
    Some(if camera.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}, {camera}")
    })
}

/// A text up to its end, short, and without what a terminal would act on.
fn printable(text: &[u8]) -> String {
    let end = text.iter().position(|&byte| byte == 0);
    let text = &text[..end.unwrap_or(text.len()).min(40)];
    let kept = text.iter().filter(|byte| matches!(byte, b' '..=b'~'));
    let text: String = kept.map(|&byte| char::from(byte)).collect();
    text.trim().to_owned()
}
