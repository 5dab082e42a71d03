//! Whether a frame will be done, told by a few pieces of it.
//!
//! The encoder cannot be interrupted, takes several microseconds for each pixel of a noisy image, and says only at its end that
//! its first partition, which holds the modes, has no room in the format. So 1/64 of a large frame is encoded before.

use oxideav_vp8::{I420Frame, KeyframeParams, encode_keyframe};

use super::{too_large, unwritable};
use crate::{Error, budget};

/// Sides of a piece in pixels, in whole macroblocks of 16.
const PIECE: (u32, u32) = (256, 16);

/// Pieces of a frame for each that is encoded.
const SHARE: u32 = 64;

/// Pieces that are encoded at least: fewer say nothing of a frame, which is small then.
const LEAST: u32 = 16;

/// Largest first partition in bytes (RFC 6386, 9.1).
const MOST_MODES: f64 = 0x7_ffff as f64;

/// How much larger than that a forecast is of what is not tried: pieces by themselves say too much rather than too little.
const MARGIN: f64 = 1.25;

/// Checks that `frame` will be encoded within the budget, and that its first partition has room.
///
/// # Errors
/// The budget's; kind `too-many-pixels` for modes that have no room, `encode` for what the encoder refuses.
pub(super) fn check(frame: &I420Frame<'_>, settings: &KeyframeParams) -> Result<(), Error> {
    let (across, down) = (frame.width / PIECE.0, frame.height / PIECE.1);
    let pieces = across * down / SHARE;
    if pieces < LEAST {
        return Ok(());
    }
    let area = |(width, height)| f64::from(width) * f64::from(height);
    let times = area((frame.width, frame.height)) / (area(PIECE) * f64::from(pieces));
    let (before, mut left, mut modes) = (budget::ask(0, 0.0)?, 0.0, 0);
    for index in 0..pieces {
        // A step that has no divisor in common with most widths, so that pieces are spread over both sides.
        let place = index * SHARE + index * 7 % SHARE;
        let piece = piece(frame, place % across, place / across);
        let encoded = encode_keyframe(&piece, settings).map_err(|cause| unwritable(&cause))?;
        modes += first_partition(&encoded);
        left = budget::ask(0, 0.0)?;
    }
    if f64::from(modes) * times > MOST_MODES * MARGIN {
        return Err(too_large(frame.width, frame.height));
    }
    budget::ask(0, (before - left) * times).map(drop)
}

/// The piece in column `x` and row `y` of the pieces of `frame`.
fn piece<'a>(frame: &I420Frame<'a>, x: u32, y: u32) -> I420Frame<'a> {
    let (left, top) = ((x * PIECE.0) as usize, (y * PIECE.1) as usize);
    let chroma = top / 2 * frame.uv_stride + left / 2;
    I420Frame {
        width: PIECE.0,
        height: PIECE.1,
        y: &frame.y[top * frame.y_stride + left..],
        u: &frame.u[chroma..],
        v: &frame.v[chroma..],
        ..*frame
    }
}

/// Bytes of the first partition, of which a frame's first three bytes tell (RFC 6386, 9.1).
fn first_partition(encoded: &[u8]) -> u32 {
    match *encoded {
        [a, b, c, ..] => u32::from_le_bytes([a, b, c, 0]) >> 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with noise of `levels` levels at each pixel.
    fn checked((width, height): (u32, u32), levels: u32, qi: u8) -> Result<(), Error> {
        let mut state = 9_u32;
        let mut noise = |length: u32| {
            let next = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (100 + (state >> 16) % levels) as u8
            };
            (0..length).map(next).collect::<Vec<u8>>()
        };
        let chroma = width.div_ceil(2) * height.div_ceil(2);
        let (y, u, v) = (noise(width * height), noise(chroma), noise(chroma));
        let settings = KeyframeParams {
            y_ac_qi: qi,
            ..KeyframeParams::default()
        };
        check(&I420Frame::packed(width, height, &y, &u, &v), &settings)
    }

    #[test]
    fn modes_that_have_no_room_are_told_before_the_frame_is_encoded() {
        let large = (8_192, 8_192);
        assert!(checked(large, 1, 40).is_ok());
        let error = checked(large, 150, 0).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::TooManyPixels, "{error}");
        // Noise that has room.
        assert!(checked((16_000, 500), 150, 0).is_ok());
        // Small enough that it always has room.
        assert!(checked((1_023, 1_025), 150, 0).is_ok());
    }
}
