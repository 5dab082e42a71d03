//! JPEG (ITU-T T.81): the header and the codes are read here, the pixels by one of two decoders.

mod block;
mod blocks;
mod fault;
mod header;
mod huffman;
mod mjpeg;
mod scan;
mod split;
mod zune;

use std::borrow::Cow;

use image::ImageDecoder;

use super::{Format, damaged, refusal};
use crate::{Error, ErrorKind, Limits, budget};
use blocks::Scans;
use fault::Fault;
use header::{Coding, Frame, Segment, marker};
use mjpeg::{MAX_SAMPLES, Mjpeg};
use zune::Zune;

/// A decoder of grey, RGB, or of four inks (CMYK or YCCK), which come out as RGB: by their profile, or else by the
/// simplest rule.
///
/// Every block of the image is there, whether an end marker follows or anything else.
///
/// # Errors
/// Kinds `unsupported-format`, `undecodable` and `too-many-pixels`.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, Error> {
    let Some(frame) = Frame::read(bytes) else {
        return Err(damaged(Format::Jpeg, "its header is incomplete"));
    };
    if let Some(name) = unread(&frame) {
        return Err(unsupported(name));
    }
    limits.check_size(frame.width.into(), frame.height.into())?;
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    if frame.is_progressive() {
        // All coefficients of 16 bits, and the image.
        budget::room(pixels * frame.components.len() as u64 * 3)?;
    }
    let scans = blocks::walk(bytes, &frame).map_err(fault)?;
    // Redefined tables are one thing to one decoder, and another to the next.
    if scans.requantise {
        return Err(unsupported(
            "a JPEG that changes its quantisation between scans",
        ));
    }
    let opened = if suits_zune(&frame, &scans) {
        Zune::new(ended(bytes, scans.end)).map(|decoder| Box::new(decoder) as _)
    } else {
        check_mjpeg(bytes, &frame, &scans)?;
        let data = match &scans.split[..] {
            [] => &bytes[..scans.end],
            split => split,
        };
        Mjpeg::new(data, frame).map(|decoder| Box::new(decoder) as _)
    };
    opened.map_err(|cause| refusal(Format::Jpeg, &cause))
}

/// The name of a kind of JPEG that neither decoder reads rightly.
fn unread(frame: &Frame) -> Option<&'static str> {
    use Coding::{Arithmetic, ArithmeticLossless, Hierarchical, Lossless, Progressive, Sequential};
    let is_subsampled = frame.sampling() != (1, 1);
    let transform = frame.adobe.unwrap_or(frame.has_jfif.into());
    Some(
        match (frame.coding, frame.components.len(), frame.precision) {
            (Hierarchical, ..) => "a hierarchical JPEG",
            (ArithmeticLossless, ..) => "a lossless JPEG in arithmetic codes",
            _ if frame.height == 0 => "a JPEG that tells its height after its first scan",
            (_, 2 | 5.., _) => "a JPEG of neither one, three nor four components",
            (Arithmetic, 4, _) if !frame.is_progressive() => {
                "a sequential JPEG of four inks in arithmetic codes"
            }
            (Lossless, 3, _) if transform != 0 && !is_subsampled => "a lossless JPEG of YCbCr",
            (Lossless, 1, 2..=16) | (Lossless, 3 | 4, 8) => return None,
            (Lossless, 3, 2..=16) if !is_subsampled => return None,
            (Sequential | Progressive | Arithmetic, _, 8) => return None,
            (Sequential | Progressive, 1 | 3, 12) => return None,
            _ => "a JPEG with samples of such bits",
        },
    )
}

/// Whether `zune-jpeg` 0.5.15 decodes this rightly. It goes wrong, and says nothing, with several sequential scans, and
/// where the first component is not the finest.
fn suits_zune(frame: &Frame, scans: &Scans) -> bool {
    let (across, down) = frame.sampling();
    let is_finest = |first: &header::Component| (first.across, first.down) == (across, down);
    let is_ordinary = frame.precision == 8
        && frame
            .components
            .iter()
            .all(|component| component.across != 3)
        && frame.components.first().is_some_and(is_finest);
    is_ordinary
        && match frame.coding {
            Coding::Sequential => !scans.are_several,
            Coding::Progressive => !scans.are_mixed,
            _ => false,
        }
}

/// Checks that `oxideav-mjpeg` 0.1.14 decodes this rightly.
///
/// # Errors
/// Kinds `unsupported-format`, `too-many-pixels`, and `undecodable` where arithmetic codes lack an end marker.
fn check_mjpeg(bytes: &[u8], frame: &Frame, scans: &Scans) -> Result<(), Error> {
    if scans.are_mixed && !frame.is_progressive() {
        return Err(unsupported(
            "a JPEG with some of its components in one scan and some in another",
        ));
    }
    if scans.are_several && frame.coding == Coding::Lossless {
        return Err(unsupported("a lossless JPEG in several scans"));
    }
    // The end of arithmetic codes cannot be told from what follows.
    let mut at = scans.end;
    let next = Segment::take(bytes, &mut at);
    if frame.coding == Coding::Arithmetic && next.is_none_or(|next| next.marker != marker::EOI) {
        return Err(fault(Fault::Short));
    }
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    if pixels * frame.components.len() as u64 <= MAX_SAMPLES {
        return budget::room(pixels * mjpeg::WORKING_BYTES);
    }
    let most = MAX_SAMPLES / frame.components.len() as u64;
    Err(Error::new(
        ErrorKind::TooManyPixels,
        format!(
            "the image has {pixels} pixels, more than the {most} that are read of a JPEG of this kind; make it smaller, or save it as a baseline JPEG"
        ),
    ))
}

/// `bytes` with an end marker behind the data of the last scan, which end at `end`.
fn ended(bytes: &[u8], end: usize) -> Cow<'_, [u8]> {
    let mut at = end;
    match Segment::take(bytes, &mut at) {
        Some(segment) if segment.marker == marker::EOI => bytes.into(),
        _ => [&bytes[..end], &[0xff, marker::EOI]].concat().into(),
    }
}

fn unsupported(name: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedFormat,
        format!("this is {name}, which is not read here; save it as a baseline JPEG, or as PNG"),
    )
}

fn fault(fault: Fault) -> Error {
    match fault {
        Fault::Short => damaged(Format::Jpeg, "the file ends before the image does"),
        Fault::Broken => damaged(Format::Jpeg, "its coded data do not fit its header"),
        Fault::Scans => unsupported("a JPEG of more scans than encoders write"),
        Fault::Memory => Error::new(
            ErrorKind::TooManyPixels,
            "there is no memory for the JPEG's coefficients; make the image smaller or give more memory",
        ),
    }
}
