//! The channels of a pixel as the lanes of a vector.

use wide::i32x4;

/// The first three channels, each where it stands in a word of 32 bits, and 0: cheaper than to move them apart. [`PLACES`] makes
/// them values.
pub(crate) fn of<const CHANNELS: usize>(pixel: &[u8; CHANNELS]) -> i32x4 {
    let word = u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]).cast_signed();
    i32x4::splat(word) & i32x4::new([0xff, 0xff00, 0xff_0000, 0])
}

/// What each lane of [`of`] is to be multiplied by for 0…255: exact.
pub(crate) const PLACES: [f32; 4] = [1.0, 1.0 / 256.0, 1.0 / 65_536.0, 1.0];

#[cfg(test)]
mod tests {
    use wide::f32x4;

    use super::*;

    #[test]
    fn each_value_of_each_channel_has_its_lane() {
        for value in 0..=255 {
            for pixel in [[value, 1, 2], [3, value, 4], [5, 6, value]] {
                let lanes = f32x4::from_i32x4(of(&pixel)) * f32x4::new(PLACES);
                let [r, g, b] = pixel.map(f32::from);
                assert_eq!(lanes.to_array(), [r, g, b, 0.0]);
            }
        }
    }
}
