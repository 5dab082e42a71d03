//! A look at a JPEG's end before the decoder sees it.
//!
//! `zune-jpeg` fills what is missing with grey and says nothing, so that half a download would
//! become half a cut-out.

use super::{Format, damaged};
use crate::Error;

/// Walks the markers to the one that ends the picture. What follows it is ignored.
///
/// # Errors
/// Kind `undecodable` when the file ends before.
pub(super) fn check_end(bytes: &[u8]) -> Result<(), Error> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some(marker) = next_marker(&mut rest) {
        match marker {
            0xd9 => return Ok(()),
            // Restarts and TEM have no length.
            0xd0..=0xd7 | 0x01 => {}
            _ => {
                let length = rest
                    .first_chunk::<2>()
                    .map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
                rest = rest.get(length.max(2)..).unwrap_or_default();
            }
        }
    }
    Err(damaged(
        Format::Jpeg,
        "the file ends before the picture does",
    ))
}

/// Skips to the next marker, past compressed data, and takes it: 0xff and then neither 0 nor 0xff.
fn next_marker(rest: &mut &[u8]) -> Option<u8> {
    loop {
        let at = rest.iter().position(|&byte| byte == 0xff)?;
        let marker = *rest.get(at + 1)?;
        // Of several 0xff in a row the last one counts.
        *rest = &rest[at + if marker == 0xff { 1 } else { 2 }..];
        if !matches!(marker, 0 | 0xff) {
            return Some(marker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_whole_when_its_end_marker_is_there() {
        let cases: [(&[u8], bool); 9] = [
            (b"\xff\xd8\xff\xd9", true),
            (b"\xff\xd8\xff\xd9 and more", true),
            (b"\xff\xd8\xff\xda\0\x02ab\xff\0cd\xff\xd0ef\xff\xd9", true),
            (b"\xff\xd8\xff\xda\0\x02ab\xff\xff\xff\xd9", true),
            (b"\xff\xd8\xff\xda\0\x02ab\xff\0\xd9", false),
            (b"\xff\xd8\xff\xda\0\x02ab\xff", false),
            // The end marker of a thumbnail inside a segment is not the picture's.
            (
                b"\xff\xd8\xff\xe1\0\x06\xff\xd8\xff\xd9\xff\xda\0\x02ab",
                false,
            ),
            (b"\xff\xd8\xff\xe1\xff\xff\xff\xd9", false),
            (b"\xff\xd8\xff", false),
        ];
        for (bytes, whole) in cases {
            assert_eq!(check_end(bytes).is_ok(), whole, "{bytes:x?}");
        }
    }
}
